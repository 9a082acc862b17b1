"""The nightly work: keyed by day, claimed under a lease, the same rows whenever and however often it runs."""

import threading
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts.models import OutboxMessage
from customers.models import Product
from pipeline import nightly, tasks
from pipeline.models import DailyTotal, NightlyRun
from pipeline.scopes import scope_for
from pipeline.selectors.funnel import funnel
from tests import factories
from tests.pipeline.chronicle import opportunity

SHANGHAI = ZoneInfo("Asia/Shanghai")
COLUMNS = ("day", "owner", "team", "stage", "product", "count", "amount", "weighted", "counted",
           "unassessed_count", "unassessed_amount")  # fmt: skip


def clock(text: str):
    return time_machine.travel(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI), tick=False)


def stored():
    return sorted(map(repr, DailyTotal.objects.values_list(*COLUMNS)))


def state_of(day: date) -> str:
    return NightlyRun.objects.get(day=day).state


@pytest.fixture
def story(company):
    """Three days of three owners, two products and an empty amount, up to 2026-03-04."""
    asrs = factories.product(company.admin)
    opportunity(
        ("2026-03-01 10:00", {"stage": "discover", "owner": company.rep, "amount": "100.05", "product_id": asrs.pk}),
        ("2026-03-02 00:00:00", {"stage": "validate"}),
        ("2026-03-03 23:59:59", {"owner": company.stranger, "amount": "0.02"}),
    )
    opportunity(("2026-03-01 11:00", {"stage": "discover", "owner": company.rep, "amount": "7"}))
    opportunity(("2026-03-02 11:00", {"stage": "discover", "owner": company.rep, "amount": None}))
    opportunity(("2026-03-01 09:00", {"stage": "lock", "owner": company.mate}), ("2026-03-03 10:00", {"stage": "won"}))
    return company


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-03-05 01:59:59", date(2026, 3, 3)),
        ("2026-03-05 02:00:00", date(2026, 3, 4)),
        ("2026-03-05 23:59:59", date(2026, 3, 4)),
    ],
)
def test_a_day_is_due_after_two_in_the_morning(now, last, story):
    with clock(now):
        assert nightly.last_day() == last
        due = nightly.due_days()
    assert due == [last - timedelta(days=n) for n in range((last - date(2026, 3, 1)).days + 1)]


def test_at_once_takes_the_day_that_has_just_ended_when_it_has_settled(story):
    with clock("2026-03-05 00:00:30"):
        assert nightly.last_day(at_once=True) == date(2026, 3, 3)
    with clock("2026-03-05 00:01:00"):
        assert nightly.last_day(at_once=True) == date(2026, 3, 4)


def test_nothing_is_due_while_there_is_no_opportunity(company):
    assert nightly.due_days() == []


def test_stored_totals_are_what_a_live_reading_gives(story):
    with clock("2026-03-05 02:10:00"):
        outcomes = nightly.run_due()
    assert {outcome.state for outcome in outcomes} == {"finished"}
    assert {outcome.day for outcome in outcomes} == {date(2026, 3, n) for n in range(1, 5)}
    for day in (outcome.day for outcome in outcomes):
        for params in ({}, {"team": "east"}, {"team": "west"}, {"owner": "rep"}, {"owner": "stranger"}):
            scope = scope_for(story.executive, **params)
            rows = DailyTotal.objects.filter(scope.q(), day=day)
            live = funnel(scope, day).open
            assert sum(row.count for row in rows) == live.count == sum(row.unassessed_count for row in rows)
            assert sum(row.amount for row in rows) == live.amount == sum(row.unassessed_amount for row in rows)
            assert sum(row.weighted for row in rows) == live.weighted
            assert sum(row.counted for row in rows) == live.counted


def test_totals_are_kept_by_owner_team_stage_and_product_of_the_day(story):
    with clock("2026-03-05 02:10:00"):
        nightly.run_due()
    product = Product.objects.get()
    names = ("owner__username", "team__key", "stage__key", "product", "count", "amount", "weighted")
    rows = DailyTotal.objects.order_by("owner__username", "stage__position", "product")
    assert list(rows.filter(day=date(2026, 3, 2)).values_list(*names)) == [
        ("mate", "east", "lock", None, 1, Decimal(0), Decimal(0)),
        ("rep", "east", "discover", None, 2, Decimal("7.00"), Decimal("0.70")),
        ("rep", "east", "validate", product.pk, 1, Decimal("100.05"), Decimal("25.01")),
    ]
    assert list(rows.filter(day=date(2026, 3, 3)).values_list(*names)) == [
        ("rep", "east", "discover", None, 2, Decimal("7.00"), Decimal("0.70")),
        ("stranger", "west", "validate", product.pk, 1, Decimal("0.02"), Decimal("0.01")),
    ]


def test_twice_or_three_days_late_gives_the_same_rows(story):
    for day in (2, 3, 4, 5):
        with clock(f"2026-03-0{day} 02:10:00"):
            nightly.run_due()
    night_by_night = stored()
    with clock("2026-03-05 03:00:00"):
        assert nightly.run_due() == []
        assert [nightly.run_day(date(2026, 3, n), again=True).state for n in range(1, 5)] == ["finished"] * 4
    assert stored() == night_by_night
    NightlyRun.objects.all().delete()
    DailyTotal.objects.all().delete()
    with clock("2026-03-08 09:00:00"):
        nightly.run_due()
    late = [row for row in stored() if "date(2026, 3, 5)" not in row and "date(2026, 3, 6)" not in row]
    assert [row for row in late if "date(2026, 3, 7)" not in row] == night_by_night


def test_a_run_is_recorded(story):
    with clock("2026-03-03 02:10:00"):
        nightly.run_due()
        run = NightlyRun.objects.get(day=date(2026, 3, 2))
        assert (run.state, run.rows, run.error, run.claim, run.leased_until) == ("finished", 3, "", "", None)
        assert run.started_at == run.ended_at == timezone.now()


def test_the_limit_takes_the_latest_days_first(story):
    with clock("2026-03-05 02:10:00"):
        assert [outcome.day.day for outcome in nightly.run_due(2)] == [4, 3]
        assert nightly.due_days() == [date(2026, 3, 2), date(2026, 3, 1)]


def test_a_day_in_somebodys_hands_is_left_to_them_until_the_lease_is_over(story):
    day = date(2026, 3, 2)
    with clock("2026-03-03 02:10:00"):
        assert nightly._claim(day, again=False)
        assert nightly.run_day(day).state is None
        assert nightly.run_day(day, again=True).state is None
        assert not DailyTotal.objects.filter(day=day).exists()
    with clock("2026-03-03 02:24:59"):
        assert nightly.run_day(day).state is None
    with clock("2026-03-03 02:25:01"):
        assert nightly.run_day(day).state == "finished"


def test_who_lost_the_claim_writes_nothing(story, monkeypatch):
    day = date(2026, 3, 2)
    with clock("2026-03-03 02:10:00"):
        nightly.run_day(day)
        before = stored()
        original = nightly._store_totals

        def interrupted(of):
            rows = original(of)
            nightly.forget_from(day)
            return rows

        monkeypatch.setattr(nightly, "_store_totals", interrupted)
        DailyTotal.objects.filter(day=day).update(count=99)
        outcome = nightly.run_day(day, again=True)
        assert outcome.error.startswith("LostClaim")
        assert DailyTotal.objects.filter(day=day, count=99).exists()
        monkeypatch.undo()
        assert nightly.run_day(day, again=True).state == "finished"
    assert stored() == before


def test_administrators_are_told_once_a_day_of_a_night_that_failed(story, monkeypatch):
    def crash(of):
        raise OperationalError("the disk is full")

    monkeypatch.setattr(nightly, "_store_totals", crash)
    with clock("2026-03-05 02:10:00"):
        for _again in range(2):
            nightly.run_due()
    told = OutboxMessage.objects.filter(kind="nightly_failed")
    assert {message.recipient for message in told} == {story.admin}
    nights = {date(2026, 3, day) for day in (1, 2, 3, 4)}
    assert {date.fromisoformat(message.params["day"]) for message in told} == nights
    assert told.count() == 2 * len(nights)


def test_a_crash_in_the_middle_leaves_the_day_as_it_was_and_due(story, monkeypatch):
    day = date(2026, 3, 2)
    with clock("2026-03-03 02:10:00"):
        nightly.run_due()
        before = stored()

        def crash(of):
            raise OperationalError("the disk is full")

        monkeypatch.setattr(nightly, "_store_totals", crash)
        outcome = nightly.run_day(day, again=True)
        assert (outcome.state, outcome.error) == ("failed", "OperationalError: the disk is full")
        assert (state_of(day), stored()) == ("failed", before)
        monkeypatch.undo()
        assert nightly.due_days() == [day]
        nightly.run_due()
        assert (state_of(day), stored()) == ("finished", before)
        assert NightlyRun.objects.get(day=day).error == ""


def test_a_worker_that_died_leaves_a_lease_that_ends(story):
    day = date(2026, 3, 2)
    with clock("2026-03-03 02:10:00"):
        nightly._claim(day, again=False)
        assert {outcome.day: outcome.state for outcome in nightly.run_due()}[day] is None
    with clock("2026-03-03 02:30:00"):
        tasks.nightly_tick()
        assert state_of(day) == "finished"


def test_a_lost_task_costs_nothing_the_next_tick_finds_what_is_due(story):
    with clock("2026-03-05 02:20:00"):
        tasks.nightly_tick()
        assert nightly.due_days() == []
        assert NightlyRun.objects.filter(state="finished").count() == 4


def test_many_days_are_computed_in_portions_so_that_other_tasks_get_their_turn(story, monkeypatch):
    """A task that leaves days behind sends itself again, to the end of the queue; one that only fails does not."""
    sent = []
    monkeypatch.setattr(tasks, "nudge", sent.append)
    monkeypatch.setattr(tasks, "PORTION", 3)
    with clock("2026-03-05 02:20:00"):
        tasks.nightly_tick()
        assert (sent, len(nightly.due_days())) == ([tasks.nightly_tick], 1)
        tasks.nightly_tick()
        assert (len(sent), nightly.due_days()) == (1, [])

        nightly.forget_from(date(2026, 3, 1))
        monkeypatch.setattr(nightly, "_store_totals", lambda day: 1 / 0)
        tasks.nightly_tick()
        assert len(sent) == 1


def test_run_now_does_not_wait_for_two_in_the_morning(story):
    with clock("2026-03-05 00:30:00"):
        tasks.nightly_tick()
        assert not NightlyRun.objects.filter(day=date(2026, 3, 4)).exists()
        tasks.run_nightly_now()
        assert state_of(date(2026, 3, 4)) == "finished"


def test_forget_from_makes_days_due_that_are_computed_again(story):
    with clock("2026-03-05 02:10:00"):
        nightly.run_due()
        opportunity(("2026-03-02 12:00", {"stage": "decide", "owner": story.mate, "amount": "50"}))
        nightly.forget_from(date(2026, 3, 2))
        assert nightly.due_days() == [date(2026, 3, n) for n in (4, 3, 2)]
        nightly.run_due()
        rows = DailyTotal.objects.filter(stage__key="decide").order_by("day")
        assert [(row.day.day, row.count) for row in rows] == [(2, 1), (3, 1), (4, 1)]


def test_a_day_that_has_not_ended_is_refused(story):
    with clock("2026-03-04 12:00:00"):
        for day in (4, 5):
            with pytest.raises(ValueError, match="has not ended"):
                nightly.run_day(date(2026, 3, day))
    assert not NightlyRun.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_workers_at_once_share_the_days(story):
    results, start = [], threading.Barrier(2)

    def work():
        start.wait()
        try:
            results.extend(nightly.run_due())
        finally:
            connection.close()

    opportunity(((timezone.now() - timedelta(days=20)), {"stage": "decide", "owner": story.mate, "amount": "50"}))
    NightlyRun.objects.all().delete()
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    days = nightly.due_days()
    finished = [outcome.day for outcome in results if outcome.state == "finished"]
    assert days == []
    assert len(finished) == len(set(finished)) == NightlyRun.objects.filter(state="finished").count()
    assert not [outcome for outcome in results if outcome.state == "failed"]


# --- manage.py nightly ----------------------------------------------------------------------------


def test_command_computes_what_is_due(story, capsys):
    with clock("2026-03-05 00:30:00"):
        call_command("nightly")
    assert capsys.readouterr().out == "4 days computed, 10 rows\n"


def test_command_backfills_a_day_and_a_span_again(story, capsys):
    with clock("2026-03-05 12:00:00"):
        nightly.run_due()
        before = stored()
        DailyTotal.objects.update(count=99)
        call_command("nightly", "--date", "2026-03-01")
        assert DailyTotal.objects.filter(count=99).values("day").distinct().count() == 3
        call_command("nightly", "--from", "2026-03-01", "--to", "2026-03-03")
        call_command("nightly", "--from", "2026-03-04")
    assert stored() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["--date", "2026-03-05"],
        ["--date", "yesterday"],
        ["--to", "2026-03-02"],
        ["--from", "2026-03-03", "--to", "2026-03-02"],
        ["--from", "2026-03-03", "--to", "2026-03-09"],
        ["--date", "2026-03-02", "--from", "2026-03-02"],
    ],
)
def test_command_refuses(arguments, story):
    with clock("2026-03-05 12:00:00"), pytest.raises(CommandError):
        call_command("nightly", *arguments)
    assert not NightlyRun.objects.exists()


def test_command_says_which_days_failed(story, monkeypatch, capsys):
    def crash(of):
        raise OperationalError("the disk is full")

    monkeypatch.setattr(nightly, "_store_totals", crash)
    with clock("2026-03-02 12:00:00"), pytest.raises(CommandError, match="1 days failed"):
        call_command("nightly")
    assert "2026-03-01: OperationalError: the disk is full" in capsys.readouterr().err


def test_forgetting_waits_in_the_transaction_of_the_import(story):
    with clock("2026-03-05 02:10:00"):
        nightly.run_due()
        with transaction.atomic():
            nightly.forget_from(date(2026, 3, 1))
            transaction.set_rollback(True)
        assert nightly.due_days() == []
