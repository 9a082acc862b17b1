"""An export: asked for, written, fetched by the person who asked, gone after a day."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, OutboxMessage, User
from pipeline import runs
from pipeline.models import ExportRun
from pipeline.runs import exports, storage
from tests import factories
from tests.api.conftest import client_of

pytestmark = pytest.mark.django_db
State = ExportRun.State


@pytest.fixture
def client(company, signed_in):
    factories.opportunity(company.rep, "Airport line")
    return signed_in(company.admin)


def exported(client):
    assert client.post("/settings/workspace/exports/new/").status_code == 302
    runs.run_due()
    return ExportRun.objects.latest("id")


def fetch(client, run):
    return client.get(f"/settings/workspace/exports/{run.key}/")


def test_it_is_written_and_fetched(client, company):
    run = exported(client)
    assert (run.state, run.counts["opportunities.csv"]) == (State.FINISHED, 1)
    assert timedelta(hours=23) < run.expires_at - timezone.now() <= timedelta(hours=24)
    answer = fetch(client, run)
    content = b"".join(answer.streaming_content)
    assert len(content) == run.size
    assert "Airport line" in zipfile.ZipFile(io.BytesIO(content)).read("opportunities.csv").decode()
    assert answer["Content-Disposition"].startswith('attachment; filename="ascent-20')
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    trail = AuditEntry.objects.order_by("id").filter(action__in=["request", "export", "download"])
    assert [(row.action, row.actor) for row in trail] == [(a, company.admin) for a in ("request", "export", "download")]
    assert [message.params for message in OutboxMessage.objects.filter(kind="import_ended")] == [
        {"state": "finished"}
    ] * 2


def test_only_the_person_who_asked_fetches_it(client, company, signed_in):
    run = exported(client)
    other = factories.person("second", role=User.Role.ADMIN)
    assert fetch(signed_in(other), run).status_code == 404
    assert f"/exports/{run.key}/" not in signed_in(other).get("/settings/workspace/").content.decode()
    assert client_of(other).get(f"exports/{run.pk}/download/").status_code == 404
    company.admin.role = User.Role.EXECUTIVE
    company.admin.save(update_fields=["role"])
    assert fetch(client, run).status_code == 403


def test_it_expires(client):
    run = exported(client)
    ExportRun.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert fetch(client, run).status_code == 404
    runs.run_due()
    run.refresh_from_db()
    assert run.state == State.EXPIRED
    assert not storage.folder_of(run).exists()


def test_no_address_serves_the_file(client):
    run = exported(client)
    for path in (f"/media/exports/{run.key}/workspace.zip", f"/static/exports/{run.key}/workspace.zip"):
        assert client.get(path).status_code == 404


def test_asking_twice_makes_one(client):
    client.post("/settings/workspace/exports/new/")
    client.post("/settings/workspace/exports/new/")
    assert ExportRun.objects.count() == 1


def test_one_that_was_killed_begins_anew(client):
    run = exported(client)
    past = timezone.now() - timedelta(seconds=1)
    ExportRun.objects.update(state=State.RUNNING, claim="somebody", leased_until=past)
    (storage.folder_of(run) / ".workspace.zip.1.part").write_text("half")
    runs.run_due()
    run.refresh_from_db()
    assert run.state == State.FINISHED
    assert [path.name for path in storage.folder_of(run).iterdir()] == ["workspace.zip"]


def test_one_that_fails_says_why(client, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exports, "export_workspace", full)
    run = exported(client)
    assert run.state == State.FAILED
    assert "No space left" in client.get("/settings/workspace/").content.decode()
    assert not storage.folder_of(run).exists()


def test_one_that_fails_in_other_hands_leaves_their_file_alone(company, monkeypatch):
    """Its lease ended while it ran: another worker writes the same folder now."""
    exports.request_export(actor=company.admin)
    run = exports.take(ExportRun, exports.STEPS)

    def fail(_run):
        ExportRun.objects.filter(pk=run.pk).update(claim="another")
        storage.folder_of(run).mkdir(parents=True)
        (storage.folder_of(run) / storage.ZIP).write_bytes(b"theirs")
        raise ValueError

    monkeypatch.setattr(exports, "_export", fail)
    exports.carry_out(run)
    assert (storage.folder_of(run) / storage.ZIP).read_bytes() == b"theirs"
    assert ExportRun.objects.get().state == ExportRun.State.RUNNING
