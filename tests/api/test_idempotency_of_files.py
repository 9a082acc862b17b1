"""A form with files under a key: its bytes differ with every sending, what it says does not."""

import itertools

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import encode_multipart

from accounts.models import IdempotencyRecord
from opportunities.models import Attachment, Checkpoint, PlaybookEntry
from pipeline import runs
from pipeline.models import ImportRun
from pipeline.runs import storage
from tests import factories
from tests.pipeline.runs.doors import FILES, packed

pytestmark = pytest.mark.django_db
boundaries = (f"boundary{number}" for number in itertools.count())


def send(client, path, body, key="k"):
    """As an HTTP library does: every time with another boundary between the parts."""
    boundary = next(boundaries)
    return client.generic(
        "POST", path, encode_multipart(boundary, body), content_type=f"multipart/form-data; boundary={boundary}",
        headers={"Idempotency-Key": key},
    )  # fmt: skip


def form(name="a.txt", content=b"Minutes", **fields):
    return {"file": SimpleUploadedFile(name, content), **fields}


def outcome(answer):
    return answer.status_code, answer.headers.get("Idempotent-Replayed")


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep)


@pytest.mark.parametrize("other", [form(content=b"minutes"), form("b.txt"), form(content=b"Minutes", note="x")])
def test_a_file_is_kept_once(company, api, deal, other):
    client, path = api(company.rep), f"opportunities/{deal.pk}/files/"
    answers = [send(client, path, form()) for _n in range(2)]
    assert [outcome(answer) for answer in answers] == [(201, None), (201, "true")]
    assert answers[0].json() == answers[1].json()
    assert outcome(send(client, path, other)) == (422, None)
    [kept] = Attachment.objects.all()
    with kept.stored.open() as stream:
        assert stream.read() == b"Minutes"


def test_a_refused_file_leaves_its_key_free(company, api, deal):
    client, path = api(company.rep), f"opportunities/{deal.pk}/files/"
    assert send(client, path, form("a.svg", b"<svg/>")).status_code == 400
    assert send(client, path, {}).status_code == 400
    assert IdempotencyRecord.objects.count() == 0
    assert outcome(send(client, path, form())) == (201, None)


def test_a_file_of_the_playbook_is_kept_once(company, api):
    path = f"playbook/{PlaybookEntry.objects.first().pk}/files/"
    assert [outcome(send(api(company.admin), path, form()))[1] for _n in range(2)] == [None, "true"]
    assert Attachment.objects.count() == 1


def test_a_record_with_its_file_is_made_once(company, api, deal):
    client, path = api(company.rep), f"opportunities/{deal.pk}/checkpoints/"
    said = {"factor": "power", "level": "1", "grade": "E0", "evidence": "They said so"}
    assert [outcome(send(client, path, form(**said))) for _n in range(2)] == [(201, None), (201, "true")]
    assert send(client, path, form(**said | {"level": "2"})).status_code == 422
    assert (Checkpoint.objects.count(), Attachment.objects.count()) == (1, 1)


def test_an_import_is_uploaded_once(company, api):
    client, content = api(company.admin), packed()
    for _n in range(2):
        answer = send(client, "imports/", {"files": SimpleUploadedFile("company.zip", content)})
    assert outcome(answer) == (201, "true")
    run = ImportRun.objects.get()
    assert answer.json()["id"] == run.pk
    assert send(client, "imports/", {"files": SimpleUploadedFile("company.zip", content), "keep_edits": "true"}
                ).status_code == 422  # fmt: skip
    other = packed({"customers.csv": FILES["customers.csv"] + "more,More\n"})
    assert send(client, "imports/", {"files": SimpleUploadedFile("company.zip", other)}).status_code == 422
    runs.run_due()
    confirmed = [client.post(f"imports/{run.pk}/confirm/", headers={"Idempotency-Key": "c"}) for _n in range(2)]
    assert [outcome(answer) for answer in confirmed] == [(200, None), (200, "true")]


def test_several_files_are_uploaded_once(company, api):
    client = api(company.admin)
    for names in (list(FILES), list(FILES)):
        files = [SimpleUploadedFile(name, FILES[name].encode()) for name in names]
        answer = send(client, "imports/", {"files": files})
    assert outcome(answer) == (201, "true")
    fewer = [SimpleUploadedFile(name, FILES[name].encode()) for name in list(FILES)[1:]]
    assert send(client, "imports/", {"files": fewer}).status_code == 422
    assert ImportRun.objects.count() == 1


def test_a_zip_as_the_body_is_uploaded_once(company, api):
    def sent(content, query=""):
        headers = {"Idempotency-Key": "k"}
        path = f"imports/{query}"
        return client.generic("POST", path, content, content_type="application/zip", headers=headers)

    client, content = api(company.admin), packed()
    assert [outcome(sent(content)) for _n in range(2)] == [(201, None), (201, "true")]
    assert outcome(sent(content, "?keep_edits=true")) == (422, None)
    assert outcome(sent(packed({"orders.csv": None}))) == (422, None)
    run = ImportRun.objects.get()
    assert storage.has_upload(run)
    runs.run_due()
    run.refresh_from_db()
    assert run.state == "checked"
