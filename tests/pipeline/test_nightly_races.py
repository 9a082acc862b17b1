"""A night and an import at once, in two connections: no day is left finished with figures of before the import."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from accounts.selectors import today
from pipeline import nightly
from pipeline.models import DailyTotal
from tests.pipeline.chronicle import opportunity

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def day(company) -> date:
    day = today() - timedelta(days=3)
    opportunity((f"{day} 10:00", {"stage": "lock", "owner": company.rep, "amount": "5"}))
    return day


def in_another_connection(work) -> threading.Thread:
    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def rewrite(company, day: date) -> None:
    opportunity((f"{day} 11:00", {"stage": "lock", "owner": company.rep, "amount": "7"}))
    nightly.forget_from(day)


def check_right_in_the_end(day: date) -> None:
    assert day in nightly.due_days()
    nightly.run_due()
    assert nightly.due_days() == []
    assert DailyTotal.objects.get(day=day).count == 2


def test_an_import_commits_while_a_night_is_being_computed(company, day, monkeypatch):
    computed, rewritten, original = threading.Event(), threading.Event(), nightly._store_totals

    def slowly(of):
        rows = original(of)
        computed.set()
        rewritten.wait(1)  # SQLite has one writer: there the import waits for the night instead
        return rows

    monkeypatch.setattr(nightly, "_store_totals", slowly)
    night = in_another_connection(lambda: nightly.run_day(day))
    computed.wait(10)
    with transaction.atomic():
        rewrite(company, day)
    rewritten.set()
    night.join()
    monkeypatch.undo()
    check_right_in_the_end(day)


def test_a_night_begins_while_an_import_has_not_committed(company, day):
    outcomes = []
    with transaction.atomic():
        rewrite(company, day)
        night = in_another_connection(lambda: outcomes.append(nightly.run_day(day)))
        night.join(0.5)
        assert outcomes == []
    night.join()
    assert [outcome.state for outcome in outcomes] == ["finished"]
    assert DailyTotal.objects.get(day=day).count == 2
