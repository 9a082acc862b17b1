"""What is kept for how long: a row on either side of each limit, through the very tasks that beat sends."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, IdempotencyRecord, Invitation, Kind, Notification, OutboxMessage
from accounts.selectors import today
from accounts.tasks import forget_old
from config.web import retention
from opportunities.models import Opportunity, OpportunityVersion
from pipeline import nightly
from pipeline.models import DailyTotal, ExportRun, ImportRun, NightlyRun
from pipeline.runs import storage
from pipeline.scopes import scope_for
from pipeline.selectors.history import history
from pipeline.tasks import forget_old_runs
from tests import factories


def ago(**length):
    return timezone.now() - timedelta(**length)


def left(model) -> list[str]:
    """What was said of the rows that are left: each test writes `keep` or `gone` somewhere."""
    return sorted({"gone" if "gone" in str(vars(row)) else "keep" for row in model.objects.all()})


def test_messages_go_when_they_are_done_and_old(company):
    def message(word, **fields):
        fields = {"channel": "bell", "kind": Kind.OVERDUE, "recipient": company.rep, "due_at": ago(days=31)} | fields
        OutboxMessage.objects.create(error=word, **fields)

    for end in ("sent_at", "dropped_at", "failed_at"):
        message("gone", created_at=ago(days=31), **{end: ago(days=31)})
        message("keep", created_at=ago(days=29), **{end: ago(days=29)})
    message("keep", created_at=ago(days=400))
    forget_old()
    assert (left(OutboxMessage), OutboxMessage.objects.count()) == (["keep"], 4)


def test_notifications_go_after_they_were_read_or_after_a_year(company):
    def note(word, **fields):
        Notification.objects.create(recipient=company.rep, kind=Kind.OVERDUE, params={"word": word}, **fields)

    note("gone", created_at=ago(days=100), read_at=ago(days=91))
    note("keep", created_at=ago(days=100), read_at=ago(days=89))
    note("gone", created_at=ago(days=366))
    note("keep", created_at=ago(days=364))
    forget_old()
    assert (left(Notification), Notification.objects.count()) == (["keep"], 2)


def test_invitations_go_when_they_have_long_been_of_no_use(company):
    def invitation(word, **fields):
        Invitation.objects.create(user=company.rep, nonce=word, **{"expires_at": ago(days=-1), **fields})

    for end in ("used_at", "revoked_at", "expires_at"):
        invitation("gone", **{end: ago(days=91)})
        invitation("keep", **{end: ago(days=89)})
    invitation("keep")
    forget_old()
    assert (left(Invitation), Invitation.objects.count()) == (["keep"], 4)


def test_repeatable_answers_go_after_a_day_and_sessions_when_they_have_expired(company):
    for word, hours in (("gone", 25), ("keep", 23)):
        IdempotencyRecord.objects.create(user=company.rep, key=word, request_digest="", created_at=ago(hours=hours))
        Session.objects.create(session_key=word, session_data="", expire_date=ago(hours=hours - 24))
    forget_old()
    assert left(IdempotencyRecord) == left(Session) == ["keep"]


def test_ended_runs_go_with_their_files_and_others_stay(company):
    def run(model, word, state, days):
        row = model.objects.create(requested_by=company.admin, step=word, state=state, created_at=ago(days=days))
        storage.folder_of(row).mkdir(parents=True)
        (storage.folder_of(row) / "workspace.zip").write_text("PK")
        return storage.folder_of(row)

    gone, kept = [], []
    for model in (ImportRun, ExportRun):
        for state in model.State.values:
            ended = state in ("finished", "failed", "refused", "cancelled", "expired")
            (gone if ended else kept).append(run(model, "gone" if ended else "keep", state, 181))
            kept.append(run(model, "keep", state, 179))
    forget_old_runs()
    assert left(ImportRun) == left(ExportRun) == ["keep"]
    assert not any(folder.exists() for folder in gone)
    assert all(folder.exists() for folder in kept)


def test_nights_go_with_their_totals_and_their_days_are_not_due_again(company, settings):
    settings.KEEP_NIGHTS_DAYS = 3
    factories.opportunity(company.rep)
    Opportunity.objects.update(created_on=today() - timedelta(days=9), created_at=ago(days=9), entered_at=ago(days=9))
    OpportunityVersion.objects.update(valid_from=ago(days=9))
    for back in range(1, 8):
        nightly.run_day(today() - timedelta(days=back))
    assert DailyTotal.objects.count() == 7
    before = history(scope_for(company.rep))
    forget_old_runs()
    days = [today() - timedelta(days=back) for back in (3, 2, 1)]
    for model in (NightlyRun, DailyTotal):
        assert list(model.objects.order_by("day").values_list("day", flat=True)) == days
    assert nightly.due_days() == []
    assert history(scope_for(company.rep)) == before
    nightly.forget_from(today() - timedelta(days=9))
    assert sorted(nightly.due_days()) == days


def test_the_audit_trail_stays(company):
    AuditEntry.objects.create(at=ago(days=5000), door="command", action="x", model="user")
    count = AuditEntry.objects.count()
    forget_old()
    forget_old_runs()
    assert AuditEntry.objects.count() == count


def test_the_days_are_settings(company, settings):
    Notification.objects.create(recipient=company.rep, kind=Kind.OVERDUE, created_at=ago(days=3))
    settings.KEEP_NOTIFICATIONS_DAYS = 2
    forget_old()
    assert not Notification.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_it_deletes_in_batches_of_their_own_transactions(company, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 10)
    old = {"recipient": company.rep, "kind": Kind.OVERDUE, "created_at": ago(days=400)}
    Notification.objects.bulk_create(Notification(**old) for _n in range(25))
    with CaptureQueriesContext(connection) as queries:
        assert retention.delete_in_batches(Notification.objects.filter(created_at__lt=ago(days=1))) == 25
    assert len([query for query in queries if query["sql"].startswith("DELETE")]) == 3
    assert not connection.in_atomic_block


def test_beat_sends_both_once_a_day():
    daily = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    for task in (forget_old, forget_old_runs):
        schedule = daily[task.name]
        assert (len(schedule.hour), len(schedule.minute)) == (1, 1)


def test_what_told_of_a_run_goes_with_it(company):
    """Nothing is left to open, so an unread note would never be read."""
    run = ImportRun.objects.create(requested_by=company.admin, state="finished", created_at=ago(days=181))
    kept = ImportRun.objects.create(requested_by=company.admin, state="finished", created_at=ago(days=1))
    for about in (run, kept):
        Notification.objects.create(
            recipient=company.admin, kind=Kind.IMPORT_ENDED, model="importrun", object_id=about.pk
        )
    forget_old_runs()
    assert Notification.objects.get().object_id == kept.pk
