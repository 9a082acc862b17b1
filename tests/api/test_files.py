"""Files through the API: the same checks and the same visibility as in the browser."""

import tracemalloc

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from config.web.uploads import MEGABYTE
from opportunities import actions
from opportunities.models import Attachment
from tests import factories
from tests.api.test_schema_and_counts import queries
from tests.web import uploads
from tests.web.test_uploads import declared

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep)


def send(client, deal, name="a.txt", content=b"Minutes"):
    body = {"file": SimpleUploadedFile(name, content, content_type="image/png")}
    return client.post(f"opportunities/{deal.pk}/files/", body, format="multipart")


def test_upload_list_fetch_remove(company, api, deal):
    client = api(company.rep)
    made = send(client, deal, "../合同.txt")
    assert made.status_code == 201
    row = made.json()
    assert row.items() >= {
        "name": "合同.txt", "content_type": "text/plain", "size": 7, "opportunity": deal.key, "playbook_entry": None,
        "uploaded_by": "rep",
    }.items()  # fmt: skip
    assert client.get(f"opportunities/{deal.pk}/files/").json()["results"] == [row]
    assert client.get(f"files/{row['id']}/").json() == row
    fetched = client.get(f"files/{row['id']}/download/")
    assert b"".join(fetched.streaming_content) == b"Minutes"
    assert fetched["Content-Disposition"].startswith("attachment") and fetched["X-Content-Type-Options"] == "nosniff"
    assert client.delete(f"files/{row['id']}/").status_code == 204
    assert client.get(f"files/{row['id']}/download/").status_code == 404
    assert client.get(f"opportunities/{deal.pk}/files/").json()["count"] == 0


def test_what_is_refused(company, api, deal):
    client = api(company.rep)
    answer = send(client, deal, "photo.png", b"<html><script>")
    assert answer.status_code == 400 and "Accepted are PDF" in answer.json()["file"][0]
    path = f"opportunities/{deal.pk}/files/"
    assert client.post(path, {}, format="multipart").json() == {"file": ["Choose a file."]}
    assert client.post(path, {"file": "text"}, format="multipart").json() == {"file": ["Choose a file."]}
    assert client.post(path, {"file": "text"}, format="json").status_code == 415
    assert not Attachment.objects.exists()


def test_evidence_holds_its_file(company, api, deal):
    client = api(company.rep)
    row = Attachment.objects.get(pk=send(client, deal).json()["id"])
    record = actions.Evidence(factor="demand", level=1, grade="E0", file=row)
    actions.add_checkpoints(opportunity=deal, records=[record], actor=company.rep)
    answer = client.delete(f"files/{row.pk}/")
    assert answer.status_code == 400 and "Evidence rests on this file" in answer.json()["non_field_errors"][0]


def test_who_may(company, api, deal):
    row = factories.attachment(deal)
    for person, status in ((company.stranger, 404), (company.executive, 403), (company.admin, 403)):
        assert send(api(person), deal).status_code == status
        assert api(person).delete(f"files/{row.pk}/").status_code == status
    assert api(company.rep, scope="read").delete(f"files/{row.pk}/").status_code == 403
    assert api(company.stranger).get("files/").json()["count"] == 0
    assert api(company.stranger).get(f"files/{row.pk}/download/").status_code == 404


def test_a_hundred_megabytes_are_refused_before_they_are_read(company, signed_in, deal):
    answer = declared(signed_in(company.rep), f"/api/v1/opportunities/{deal.pk}/files/", 100 * MEGABYTE)
    assert answer.status_code == 413


def test_a_photo_is_drawn_anew_with_little_memory(company, api, deal):
    photo = uploads.photo(size=(3000, 2000))
    tracemalloc.start()
    row = send(api(company.rep), deal, "IMG.jpg", photo).json()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * MEGABYTE  # of Python; the points themselves are Pillow's
    assert b"PHONEMAKER" not in Attachment.objects.get(pk=row["id"]).stored.read()


def test_the_list_asks_no_more_for_more_files(company, api, deal):
    client = api(company.rep)
    client.get("me/")

    def asked():
        return len(queries(lambda: client.get(f"opportunities/{deal.pk}/files/")))

    factories.attachment(deal)
    few = asked()
    for number in range(20):
        factories.attachment(deal, f"{number}.txt")
    assert asked() == few <= 8
