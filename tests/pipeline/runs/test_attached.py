"""Attached files through the doors of imports and exports: fetched with the zip, brought back with it or its folder."""

import io
import zipfile
from pathlib import Path

import pytest
from django.conf import settings as conf

from accounts.models import AuditEntry
from opportunities.models import Attachment
from opportunities.models.files import attachment_storage
from pipeline import runs
from pipeline.models import ExportRun, ImportRun
from pipeline.runs import imports
from tests import factories
from tests.pipeline.runs.doors import FILES, packed, send, send_folder, step

pytestmark = pytest.mark.django_db
State = ImportRun.State
HEAD = "key,opportunity,name,content\n"
ROWS = HEAD + "f1,o1,a.csv,attachments/000001.csv\nf2,o1,b.txt,attachments/000002.txt\n"
CONTENTS = {"000001.csv": b"a,b\n1,2\n", "000002.txt": b"Words"}


@pytest.fixture
def client(company, signed_in):
    return signed_in(company.admin)


def stored():
    return {path for path in (Path(conf.MEDIA_ROOT) / "attachments").rglob("*") if path.is_file()}


def by_zip(client, rows=ROWS, contents=CONTENTS):
    files = {"attachments.csv": rows, **{f"attachments/{name}": content for name, content in contents.items()}}
    assert send(client, packed(files)).status_code == 302


def by_folder(client, rows=ROWS, contents=CONTENTS):
    assert send_folder(client, {**FILES, "attachments.csv": rows, **contents}).status_code == 302


def checked(client, door=by_zip, **given):
    door(client, **given)
    runs.run_due()
    return ImportRun.objects.latest("id")


def page(client, run):
    return client.get(f"/settings/workspace/imports/{run.key}/").content.decode()


@pytest.mark.parametrize("door", [by_zip, by_folder])
def test_they_come_with_a_zip_or_a_folder(client, door):
    before = stored()
    run = checked(client, door)
    assert (run.state, run.report["not_read"]) == (State.CHECKED, [])
    assert stored() == before and not Attachment.objects.exists()
    assert step(client, run, "confirm").state == State.FINISHED
    rows = Attachment.objects.order_by("key")
    assert [(row.name, row.content_type, row.stored.read()) for row in rows] == [
        ("a.csv", "text/csv", CONTENTS["000001.csv"]), ("b.txt", "text/plain", b"Words"),
    ]  # fmt: skip
    assert len(stored() - before) == 2
    line = AuditEntry.objects.get(door="import", label="attachments.csv")
    assert line.changes == {"created": [None, 2], "updated": [None, 0]}


@pytest.mark.parametrize("door", [by_zip, by_folder])
def test_a_bad_one_is_a_bad_row_in_the_readers_language(client, company, door):
    before = stored()
    run = checked(client, door, contents={**CONTENTS, "000002.txt": b"<html><script>"})
    assert run.state == State.REFUSED and stored() == before
    shown = page(client, run)
    assert "attachments/000002.txt" in shown and "This kind of file is not accepted. Accepted are PDF" in shown
    company.admin.language = "zh-hans"
    company.admin.save(update_fields=["language"])
    assert "不接受这种文件" in page(client, run)


def test_an_import_that_loses_its_claim_leaves_no_file(client, monkeypatch):
    before, run = stored(), checked(client)

    def lost(*_args, **_options):
        assert len(stored() - before) == 2
        raise imports.LostClaim

    monkeypatch.setattr(imports, "_finish", lost)
    step(client, run, "confirm")
    assert stored() == before and not Attachment.objects.exists()


def test_a_full_disk_is_said_on_the_page(client, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    run = checked(client)
    monkeypatch.setattr(attachment_storage(), "save", full)
    run = step(client, run, "confirm")
    assert run.state == State.FAILED and "No space left on device" in page(client, run)


def test_what_came_without_contents_is_said(client):
    run = checked(client, rows=HEAD + "f1,o1,a.csv,\n", contents={})
    assert (run.state, run.report["without_contents"]) == (State.CHECKED, 1)
    assert "attachments.csv: 1 file came without its contents and is left out." in page(client, run)


def test_the_export_holds_them_and_says_what_is_lost(client, company):
    deal = factories.opportunity(company.rep)
    here, gone = factories.attachment(deal, content=b"Kept words"), factories.attachment(deal, content=b"Lost words")
    attachment_storage().delete(gone.stored.name)
    client.post("/settings/workspace/exports/new/")
    runs.run_due()
    run = ExportRun.objects.get()
    assert (run.counts["attachments.csv"], run.counts["attachments"]) == (2, 1)
    content = b"".join(client.get(f"/settings/workspace/exports/{run.key}/").streaming_content)
    archive = zipfile.ZipFile(io.BytesIO(content))
    [name] = [name for name in archive.namelist() if name.startswith("attachments/")]
    assert archive.read(name) == b"Kept words" and name in archive.read("attachments.csv").decode()
    assert here.key in archive.read("attachments.csv").decode()
    shown = client.get("/settings/workspace/").content.decode()
    assert "without the contents of 1 attached file that the storage has lost" in shown


def test_nobody_but_administrators_gets_one(company, signed_in):
    factories.attachment(factories.opportunity(company.rep), content=b"Kept words")
    for person in (company.rep, company.manager, company.executive):
        assert signed_in(person).post("/settings/workspace/exports/new/").status_code == 403
    assert not ExportRun.objects.exists()
