"""A run is in one worker's hands at a time, is taken up again when these are gone, and ends once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry, OutboxMessage
from opportunities.models import Opportunity
from pipeline import runs
from pipeline.models import ImportRun
from pipeline.runs import imports, leases
from pipeline.runs.leases import MOST_ATTEMPTS, Heartbeat, LostClaim, settle, take
from tests.pipeline.runs.doors import checked, step, uploaded

State = ImportRun.State


@pytest.fixture
def client(company, signed_in):
    return signed_in(company.admin)


def in_hand(run, state, ends_in):
    """The run as a worker has left it that holds, or held, a lease."""
    ImportRun.objects.filter(pk=run.pk).update(
        state=state, claim="somebody", leased_until=timezone.now() + timedelta(seconds=ends_in), attempts=1
    )


@pytest.mark.django_db
def test_one_import_at_a_time(client):
    first, second = uploaded(client), uploaded(client)
    in_hand(first, State.CHECKING, 60)
    runs.run_due()
    second.refresh_from_db()
    assert second.state == State.UPLOADED
    assert take(ImportRun, imports.STEPS) is None


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "end"), [(State.CHECKING, State.CHECKED), (State.WRITING, State.FINISHED)])
def test_a_run_whose_worker_was_killed_is_taken_up_when_its_lease_has_ended(client, state, end):
    run = checked(client)
    in_hand(run, state, 30)
    runs.run_due()
    run.refresh_from_db()
    assert run.state == state
    in_hand(run, state, -1)
    waiting = uploaded(client)
    taken = take(ImportRun, imports.STEPS)
    assert (taken.pk, taken.state, taken.attempts) == (run.pk, state, 2)
    in_hand(run, state, -1)
    runs.run_due()
    run.refresh_from_db()
    waiting.refresh_from_db()
    assert (run.state, waiting.state) == (end, State.CHECKED)


@pytest.mark.django_db
def test_a_run_that_kills_its_worker_each_time_is_given_up(client):
    run = uploaded(client)
    in_hand(run, State.CHECKING, -1)
    ImportRun.objects.filter(pk=run.pk).update(attempts=MOST_ATTEMPTS)
    runs.run_due()
    run.refresh_from_db()
    assert run.state == State.FAILED


@pytest.mark.django_db
def test_who_has_lost_the_claim_writes_nothing(client, monkeypatch):
    """The lease ended while it was written and somebody else took the run: all that was written is undone."""
    run = checked(client)
    real = imports._finish

    def too_late(own, report):
        assert Opportunity.objects.exists()
        ImportRun.objects.filter(pk=run.pk).update(claim="somebody else")
        real(own, report)

    monkeypatch.setattr(imports, "_finish", too_late)
    step(client, run, "confirm")
    assert not Opportunity.objects.exists()
    assert not AuditEntry.objects.filter(action="import").exists()
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_end_of_a_run_is_written_with_the_data_or_not_at_all(client, monkeypatch):
    run = checked(client)

    def killed(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(imports.outbox, "announce", killed)
        with pytest.raises(KeyboardInterrupt):
            step(client, run, "confirm")
    run.refresh_from_db()
    assert run.state == State.WRITING
    assert not Opportunity.objects.exists()
    in_hand(run, State.WRITING, -1)
    runs.run_due()
    run.refresh_from_db()
    assert run.state == State.FINISHED
    assert Opportunity.objects.count() == 1
    assert AuditEntry.objects.filter(action="import", label="opportunities.csv").count() == 1
    assert OutboxMessage.objects.count() == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_signs_of_life_renew_the_lease_and_say_how_far_it_is(client, monkeypatch):
    monkeypatch.setattr(leases, "BEAT", 0.05)
    run = uploaded(client)
    taken = take(ImportRun, imports.STEPS)
    in_hand_until = timezone.now() + timedelta(seconds=1)
    ImportRun.objects.filter(pk=run.pk).update(leased_until=in_hand_until)
    with Heartbeat(taken) as alive:
        alive.progress("users.csv", 7)
        wait_for(lambda: ImportRun.objects.get(pk=run.pk).rows == 7)
        run.refresh_from_db()
        assert (run.step, run.leased_until > in_hand_until) == ("users.csv", True)
        shown = client.get(f"/settings/workspace/imports/{run.key}/", headers={"HX-Request": "true"})
        assert "Reading users.csv: 7 rows" in shown.content.decode()
        assert "<html" not in shown.content.decode()
        ImportRun.objects.filter(pk=run.pk).update(claim="", state=State.CANCELLED)
        wait_for(lambda: alive.lost)
        with pytest.raises(LostClaim):
            alive.progress("users.csv", 8)
    with pytest.raises(LostClaim):
        settle(taken, state=State.CHECKED)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_signs_of_life_do_not_disturb_the_writing(client, monkeypatch):
    """On SQLite they cannot be given while it writes; the import does not mind, and ends."""
    monkeypatch.setattr(leases, "BEAT", 0.02)
    run = checked(client)
    real = imports._finish

    def slowly(*args):
        threading.Event().wait(0.5)
        real(*args)

    monkeypatch.setattr(imports, "_finish", slowly)
    assert step(client, run, "confirm").state == State.FINISHED


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_that_it_writes_is_noted_before_the_transaction_in_which_sqlite_lets_nobody_say_so(client, monkeypatch):
    run, real, noted = checked(client), Heartbeat._note, []

    def note(alive):
        real(alive)
        noted.append((ImportRun.objects.get(pk=run.pk).step, connection.in_atomic_block))

    monkeypatch.setattr(Heartbeat, "_note", note)
    monkeypatch.setattr(leases, "BEAT", 60)
    assert step(client, run, "confirm").state == State.FINISHED
    assert noted == [("writing", False)]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_who_is_about_to_write_and_has_lost_it_writes_nothing(client):
    uploaded(client)
    with Heartbeat(take(ImportRun, imports.STEPS)) as alive:
        ImportRun.objects.update(claim="", state=State.CANCELLED)
        with pytest.raises(LostClaim):
            alive.progress("writing", 0)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_many_workers_one_takes_it(client):
    run = uploaded(client)
    start, taken = threading.Barrier(4), []

    def work():
        start.wait()
        taken.append(take(ImportRun, imports.STEPS))
        connection.close()

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found.pk for found in taken if found] == [run.pk]


def wait_for(condition):
    for _turn in range(200):
        if condition():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not come")
