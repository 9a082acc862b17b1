"""Imports and exports through the API: the same steps as in the browser."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEntry
from opportunities.models import Opportunity
from pipeline import runs
from pipeline.api import workspace
from pipeline.models import ImportRun
from pipeline.runs import storage
from tests.pipeline.runs.doors import FILES, packed

pytestmark = pytest.mark.django_db
BAD = {"customers.csv": "key,name,tier\nacme,Acme,=9A\n"}


@pytest.fixture
def client(company, api):
    return api(company.admin)


def send(client, content=None, **more):
    return client.post(
        "imports/", {"files": SimpleUploadedFile("company.zip", content or packed()), **more}, format="multipart"
    )


def raw(client, content, query=""):
    return client.generic("POST", f"imports/{query}", content, content_type="application/zip")


def test_from_upload_to_end(client):
    answer = send(client, keep_edits="true")
    assert answer.status_code == 201
    made = answer.json()
    assert (made["state"], made["requested_by"], made["keep_edits"], made["report"]) == (
        "uploaded",
        "admin",
        True,
        None,
    )
    path = f"imports/{made['id']}/"
    runs.run_due()
    found = client.get(path).json()
    assert (found["state"], found["created"], found["report"]["kept"]) == ("checked", 16, True)
    counts = {"rows": 1, "bad": 0, "created": 1, "updated": 0, "unchanged": 0}
    assert {"name": "orders.csv", **counts} in found["report"]["files"]
    assert client.post(f"{path}check/", {"keep_edits": False}).json()["state"] == "uploaded"
    runs.run_due()
    assert client.post(f"{path}confirm/").json()["state"] == "confirmed"
    runs.run_due()
    found = client.get(path).json()
    assert (found["state"], found["confirmed_by"]) == ("finished", "admin")
    assert Opportunity.objects.exists()
    assert client.post(f"{path}confirm/").status_code == 400
    assert client.post(f"{path}cancel/").status_code == 400
    trail = AuditEntry.objects.filter(model="importrun").order_by("id")
    assert [(row.action, row.door) for row in trail] == [(a, "api") for a in ("upload", "check_again", "confirm")]


def test_a_zip_as_the_body(client):
    answer = raw(client, packed(), "?keep_edits=true")
    assert answer.status_code == 201, answer.content
    assert (answer.json()["keep_edits"], answer.json()["files"][0]["name"]) == (True, "workspace.zip")
    runs.run_due()
    assert client.get(f"imports/{answer.json()['id']}/").json()["state"] == "checked"


def test_csv_files(client):
    files = [SimpleUploadedFile(name, content.encode()) for name, content in FILES.items()]
    assert client.post("imports/", {"files": files}, format="multipart").status_code == 201
    runs.run_due()
    assert ImportRun.objects.get().state == "checked"


def test_bad_rows(client):
    pk = send(client, packed(BAD)).json()["id"]
    runs.run_due()
    found = client.get(f"imports/{pk}/").json()
    assert (found["state"], found["bad_count"]) == ("refused", 1)
    assert found["report"]["bad_rows"] == [
        {"file": "customers.csv", "line": 2, "column": "tier", "value": "=9A",
         "wrong": "This word is not known here.", "accepted": "5A, 4A, 3A, 2A, 1A"}
    ]  # fmt: skip
    answer = client.get(f"imports/{pk}/bad-rows/", HTTP_ACCEPT="text/csv")
    assert answer.status_code == 200
    assert "'=9A" in b"".join(answer).decode()
    assert "report" not in client.get("imports/").json()["results"][0]


def test_it_is_cancelled(client):
    pk = send(client).json()["id"]
    assert client.post(f"imports/{pk}/cancel/").json()["state"] == "cancelled"
    assert not storage.folder_of(ImportRun.objects.get()).exists()


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("application/zip", b"", 400),
        ("text/csv", b"key,name\n", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=B", b"--B--\r\n", 400),
        ("multipart/form-data; boundary=B", b"\xff\xfe\x00", 400),
        ("application/x-www-form-urlencoded", b"files=x", 415),
    ],
)
def test_what_is_no_upload(client, content_type, body, status):
    answer = client.generic("POST", "imports/", body, content_type=content_type)
    assert answer.status_code == status, answer.content
    assert not ImportRun.objects.exists()


def test_a_choice_that_is_none(client):
    assert send(client, keep_edits="perhaps").json() == {"keep_edits": ["Must be a valid boolean."]}
    assert raw(client, packed(), "?keep_edits=perhaps").status_code == 400


def test_other_doors_take_no_files(client, company):
    file = SimpleUploadedFile("a.zip", b"x")
    assert client.post("customers/", {"name": file}, format="multipart").status_code == 415
    pk = send(client).json()["id"]
    assert client.post(f"imports/{pk}/check/", {"files": file}, format="multipart").status_code == 415


def test_a_body_is_cut_at_its_limit(client, settings, monkeypatch):
    monkeypatch.setattr(workspace, "CHUNK", 10)
    monkeypatch.setattr(workspace.Imports, "largest_upload", staticmethod(lambda _request: 50))
    assert raw(client, packed()).status_code == 413
    monkeypatch.setattr("config.web.uploads.declared_length", lambda _request: 0)  # a length that lies
    assert raw(client, packed()).status_code == 413
    assert not ImportRun.objects.exists()


def test_an_export(client, company):
    pk = client.post("exports/").json()["id"]
    assert client.get(f"exports/{pk}/download/").status_code == 404
    runs.run_due()
    found = client.get(f"exports/{pk}/").json()
    assert (found["state"], found["requested_by"], found["counts"]["teams.csv"]) == ("finished", "admin", 3)
    answer = client.get(f"exports/{pk}/download/", HTTP_ACCEPT="application/zip")
    content = b"".join(answer.streaming_content)
    assert "users.csv" in zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_a_token_that_reads_asks_for_nothing(company, api):
    client = api(company.admin, scope="read")
    assert client.get("imports/").status_code == 200
    assert send(client).status_code == 403
    assert client.post("exports/").status_code == 403
    assert not ImportRun.objects.exists()
