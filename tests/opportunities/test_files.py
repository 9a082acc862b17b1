"""Files of opportunities: what is kept, who gets it, and as what it is handed out."""

import io
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.urls import reverse
from PIL import Image

from accounts.models import AuditEntry
from config.web.uploads import DiskFull
from opportunities import actions
from opportunities.models import Attachment, Checkpoint
from opportunities.models.files import attachment_storage
from opportunities.strays import remove_strays
from tests import factories
from tests.web import uploads
from tests.web.test_uploads import declared

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep)


def upload(name="note.txt", content=b"Minutes"):
    return SimpleUploadedFile(name, content, content_type="text/html")  # what a browser says does not count


def store(deal, *given, actor=None):
    return actions.store_attachment(opportunity=deal, upload=upload(*given), actor=actor or deal.owner)


def url(row, name="file"):
    return reverse(name, args=[row.key])


def on_the_disk():
    return {path for path in (Path(settings.MEDIA_ROOT) / "attachments").rglob("*") if path.is_file()}


def body(answer):
    return b"".join(answer.streaming_content)


# --- What is kept -----------------------------------------------------------------------------


def test_a_file_is_kept_under_a_random_name(deal):
    row = store(deal, "../纪要.txt")
    assert (row.name, row.content_type, row.size, row.uploaded_by) == ("纪要.txt", "text/plain", 7, deal.owner)
    path = Path(row.stored.path)
    assert path.is_relative_to(Path(settings.MEDIA_ROOT) / "attachments")
    assert path.name.isalnum() and len(path.name) == 32 and path.stat().st_mode & 0o077 == 0
    assert path.read_bytes() == b"Minutes"


def test_the_trail_names_it(deal):
    store(deal)
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.changes) == ("add_file", {"file": [None, "note.txt"]})


def test_a_photo_loses_its_place(deal):
    row = store(deal, "IMG_0001.HEIC", uploads.photo())  # phones name them so, whatever they are
    content = row.stored.read()
    assert row.name == "IMG_0001.HEIC.jpg" and row.size == len(content)
    assert b"PHONEMAKER" not in content and not Image.open(io.BytesIO(content)).getexif()


def test_a_photo_of_an_iphone_is_kept_as_a_jpeg_which_every_browser_shows(deal):
    row = store(deal, "IMG_0002.HEIC", uploads.heic())
    assert (row.name, row.content_type) == ("IMG_0002.HEIC.jpg", "image/jpeg")
    assert Image.open(io.BytesIO(row.stored.read())).format == "JPEG"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("photo.png", b"<html><script>alert(1)</script>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("drawing.txt", b"<svg onload=alert(1)>"),
        ("run.exe", b"MZ\x90\x00"),
        ("run.sh", b"rm -rf /"),
        ("page.txt", b"<!doctype html>"),
    ],
)
def test_what_is_refused_is_said_with_what_is_accepted(deal, name, content):
    before = on_the_disk()
    with pytest.raises(ValidationError) as error:
        store(deal, name, content)
    assert "Accepted are PDF" in error.value.message_dict["file"][0]
    assert not Attachment.objects.exists() and on_the_disk() == before


def test_pictures_that_cannot_be_drawn_and_empty_files(deal):
    for content, words in ((b"\x89PNG\r\n\x1a\nxx", "cannot be read"), (b"", "empty")):
        with pytest.raises(ValidationError, match=words):
            store(deal, "photo.png", content)


def test_a_file_that_is_too_large(deal, settings):
    settings.ATTACHMENT_MEGABYTES = 1
    with pytest.raises(ValidationError, match="larger than 1 MB"):
        store(deal, "a.txt", b"x" * (1024 * 1024 + 1))


def test_nothing_stays_on_the_disk_of_what_was_refused(company, deal):
    before = on_the_disk()
    for person, refusal in ((company.stranger, Http404), (company.executive, PermissionDenied)):
        with pytest.raises(refusal):
            store(deal, actor=person)
    actions.archive_opportunity(opportunity=deal, seen=1, actor=deal.owner)
    with pytest.raises(ValidationError, match="archived"):
        store(deal)
    assert on_the_disk() == before


def test_a_full_disk_is_said(deal, monkeypatch):
    def full(*_args, **_named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Attachment._meta.get_field("stored").storage, "save", full)
    with pytest.raises(DiskFull):
        store(deal)


def test_memory_does_not_grow_with_the_file(deal):
    tracemalloc.start()
    store(deal, "big.txt", b"x" * 20 * 1024 * 1024)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 46 * 1024 * 1024  # the test's own copies are 40 MB of it


# --- Who gets it, and as what -----------------------------------------------------------------


def test_it_is_handed_out_to_be_saved_and_nothing_else(deal, signed_in):
    row = store(deal, "合同 v2.txt")
    answer = signed_in(deal.owner).get(url(row))
    assert body(answer) == b"Minutes" and answer.streaming
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''%E5%90%88%E5%90%8C%20v2.txt"
    assert answer["Content-Type"] == "text/plain" and answer["Content-Length"] == "7"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"] == "private, no-store"


def test_only_pictures_are_previewed(deal, signed_in):
    client = signed_in(deal.owner)
    picture, note = store(deal, "a.png", uploads.picture("PNG")), store(deal)
    answer = client.get(url(picture, "file_preview"))
    assert answer["Content-Type"] == "image/png" and answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert client.get(url(note, "file_preview")).status_code == 404


def test_a_stranger_gets_nothing(company, deal, signed_in):
    row = store(deal)
    assert signed_in(company.stranger).get(url(row)).status_code == 404
    assert signed_in(company.mate).get(url(row)).status_code == 404
    assert signed_in(company.manager).get(url(row)).status_code == 200
    assert signed_in(company.executive).get(url(row)).status_code == 200


def test_the_old_link_of_a_removed_collaborator(company, deal, signed_in):
    row, client = store(deal, "a.png", uploads.picture("PNG")), signed_in(company.mate)
    actions.add_collaborator(opportunity=deal, user=company.mate, actor=deal.owner)
    assert client.get(url(row)).status_code == 200
    actions.remove_collaborator(opportunity=deal, user=company.mate, actor=deal.owner)
    assert client.get(url(row)).status_code == 404
    assert client.get(url(row, "file_preview")).status_code == 404


def test_a_file_that_the_storage_has_lost(deal, signed_in):
    row = store(deal)
    Path(row.stored.path).unlink()
    assert signed_in(deal.owner).get(url(row)).status_code == 404


def test_one_query_more_than_the_session(deal, signed_in, django_assert_max_num_queries):
    row, client = store(deal), signed_in(deal.owner)
    with django_assert_max_num_queries(4):
        client.get(url(row))


# --- Removing ---------------------------------------------------------------------------------


def test_a_removed_file_is_gone_for_all(company, deal, signed_in):
    row = store(deal)
    actions.remove_attachment(attachment=row, actor=company.manager)
    assert signed_in(deal.owner).get(url(row)).status_code == 404
    assert signed_in(company.admin).get(url(row)).status_code == 404
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.changes) == ("remove_file", {"file": ["note.txt", None]})
    actions.remove_attachment(attachment=row, actor=deal.owner)
    assert AuditEntry.objects.latest("id") == entry


def test_not_while_evidence_rests_on_it(deal):
    row = store(deal)
    record = actions.Evidence(factor="demand", level=1, grade="E0", file=row)
    actions.add_checkpoints(opportunity=deal, records=[record], actor=deal.owner)
    with pytest.raises(ValidationError, match="Evidence rests on this file"):
        actions.remove_attachment(attachment=row, actor=deal.owner)
    actions.withdraw_checkpoint(checkpoint=Checkpoint.objects.get(), reason="Wrong", actor=deal.owner)
    assert actions.remove_attachment(attachment=row, actor=deal.owner).removed_at


def test_who_may_remove(company, deal):
    row = store(deal)
    for person, refusal in ((company.stranger, Http404), (company.admin, PermissionDenied)):
        with pytest.raises(refusal):
            actions.remove_attachment(attachment=row, actor=person)


# --- Where they are kept ----------------------------------------------------------------------


def test_what_no_row_names_goes_after_a_day(deal):
    row = store(deal)
    storage = attachment_storage()
    names = (f"ab/ab{'0' * 30}", f"ab/ab{'1' * 30}", "backups/monday.dump")
    old, new, foreign = (storage.save(name, ContentFile(b"x")) for name in names)
    for name in (old, foreign, row.stored.name):
        os.utime(storage.path(name), (0, 0))
    assert remove_strays() == 1
    left = [storage.exists(name) for name in (old, new, foreign, row.stored.name)]
    assert left == [False, True, True, True], "what is not named as ours is somebody else's"
    storage.delete(new)
    storage.delete(foreign)


def test_a_bucket_is_used_when_there_is_one(tmp_path):
    code = "from django.conf import settings as s; import json; print(json.dumps(s.STORAGES['attachments']))"
    given = {"S3_BUCKET": "ascent-files", "S3_ENDPOINT": "https://s3.example.com", "S3_ACCESS_KEY": "k"}
    own = {"DJANGO_SETTINGS_MODULE": "config.settings", "VAR_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
    said = subprocess.run([sys.executable, "-c", code], env=own | given, capture_output=True, text=True, check=True)
    storage = json.loads(said.stdout)
    assert storage["BACKEND"] == "storages.backends.s3.S3Storage"
    assert storage["OPTIONS"].items() >= {"bucket_name": "ascent-files", "default_acl": None}.items()


DOORS = [
    "/opportunities/{deal}/files/", "/opportunities/{deal}/evidence/add/", "/activities/new/",
    "/activities/{visit}/debrief/", "/api/v1/opportunities/{deal}/files/", "/api/v1/opportunities/{deal}/checkpoints/",
]  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_a_hundred_megabytes_are_refused_before_they_are_read(deal, signed_in, door):
    visit = factories.activity(deal.owner, opportunity=deal)
    path = door.format(deal=deal.pk, visit=visit.pk)
    assert declared(signed_in(deal.owner), path, 100 * 1024 * 1024).status_code == 413


def test_files_are_added_and_removed_in_the_browser(company, deal, signed_in):
    client, address = signed_in(deal.owner), f"/opportunities/{deal.pk}/files/"
    assert "multipart/form-data" in client.get(address, headers={"HX-Request": "true"}).content.decode()
    refused = client.post(address, {"file": upload("a.png", b"<html>")})
    assert refused.status_code == 422 and "Accepted are PDF" in refused.content.decode()
    assert client.post(address, {"file": upload("会议.txt")}).status_code == 302
    assert "会议.txt" in client.get(f"/opportunities/{deal.pk}/").content.decode()
    row = Attachment.objects.get()
    assert signed_in(company.stranger).post(url(row, "file_remove")).status_code == 404
    assert signed_in(company.admin).post(url(row, "file_remove")).status_code == 403
    assert client.post(url(row, "file_remove")).status_code == 302
    assert (
        "会议.txt" not in client.get(f"/opportunities/{deal.pk}/?part=x").content.decode().split('id="files"')[1][:2000]
    )
