"""The dashboard: live today, stored months, a table that adds up (METHOD.md §7, §9)."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from opportunities.models import Stage
from pipeline import nightly
from pipeline.models import DailyTotal
from pipeline.rules import Part, Sums
from pipeline.scopes import scope_for
from pipeline.selectors.booked import booked
from pipeline.selectors.dashboard import dashboard
from pipeline.selectors.funnel import funnel
from pipeline.selectors.history import freshness, history, month_ends
from pipeline.selectors.open_rows import open_rows
from pipeline.selectors.waterfall import waterfall
from tests import factories
from tests.pipeline.chronicle import opportunity

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def story(company, noon):
    company.loner = factories.person("loner", role="rep")
    opportunity(
        ("2025-11-15 10:00", {"stage": "discover", "owner": company.rep, "amount": "100"}),
        ("2026-01-20 10:00", {"stage": "lock", "amount": "150"}),
        ("2026-02-10 10:00", {"stage": "won"}),
    )
    opportunity(("2025-12-31 23:59:59", {"stage": "validate", "owner": company.mate, "amount": "30"}))
    opportunity(("2026-03-26 10:00", {"stage": "discover", "owner": company.stranger, "amount": "7"}))
    opportunity(("2025-12-01 10:00", {"stage": "won", "owner": company.loner, "amount": "1000"}))
    opportunity(("2026-03-01 10:00", {"stage": "lock", "owner": company.loner, "amount": "11"}))
    opportunity(
        ("2026-01-05 10:00", {"stage": "lock", "owner": company.rep, "amount": "40"}),
        ("2026-02-01 10:00", {"owner": company.stranger}),
    )
    return company


def test_month_ends():
    assert month_ends(date(2026, 3, 31))[0] == date(2025, 3, 31)
    assert month_ends(date(2026, 3, 31))[-1] == date(2026, 2, 28)
    assert len(month_ends(date(2024, 2, 29))) == 12


def test_history_is_the_funnel_of_each_day_however_much_has_been_stored(story):
    scopes = [{}, {"team": "east"}, {"team": "west"}, {"owner": "rep"}, {"owner": "loner"}]

    def check():
        for params in scopes:
            scope = scope_for(story.executive, **params)
            found = history(scope)
            assert [point.day for point in found.points] == [*month_ends(date(2026, 3, 31)), date(2026, 3, 31)]
            for point in found.points:
                shape = funnel(scope, point.day)
                assert point.open == shape.open
                by_key = dict(zip((stage.key for stage in found.stages), point.by_stage, strict=True))
                for row in shape.stages:
                    assert by_key.get(row.stage.key, Sums()) == row.sums

    check()
    nightly.run_day(date(2026, 1, 31))
    check()
    nightly.run_due()
    check()
    nightly.forget_from(date(2026, 1, 1))
    check()


def test_history_reads_finished_days_from_the_store_and_others_live(story):
    nightly.run_due()
    DailyTotal.objects.update(count=50)
    counts = {point.day: point.open.count for point in history(scope_for(story.executive)).points}
    assert counts[date(2026, 2, 28)] == 100  # two groups of 50
    assert counts[date(2026, 3, 31)] == 4
    nightly.forget_from(date(2026, 2, 1))
    row = DailyTotal.objects.filter(day=date(2026, 2, 28)).first()  # of what is no longer there
    row.pk, row.stage = None, Stage.objects.get(key="decide")
    row.save()
    counts = {point.day: point.open.count for point in history(scope_for(story.executive)).points}
    assert (counts[date(2026, 1, 31)], counts[date(2026, 2, 28)]) == (100, 2)


def test_freshness_is_the_latest_finished_night(story):
    assert freshness().day is None
    nightly.run_day(date(2026, 3, 2))
    nightly.run_day(date(2026, 2, 2))
    assert (freshness().day, freshness().at) == (date(2026, 3, 2), NOW)


def test_figures_agree_with_their_own_readings(story):
    for day in (None, date(2026, 1, 31)):
        for params in ({}, {"team": "east"}, {"owner": "rep"}):
            scope = scope_for(story.executive, **params)
            board = dashboard(scope, day)
            assert board.open == board.funnel.open == funnel(scope, day).open
            assert board.booked.part == booked(scope, board.booked.period, day)
            assert board.booked_before.part == booked(scope, board.booked_before.period, day)
            assert board.history.points[-1].open == board.open
            for span, found in board.waterfalls.items():
                assert (found.last - found.first).days == span
                assert found == waterfall(scope, found.first, found.last)
            roots = [row for row in board.teams if row.depth == 0]
            assert sum((row.open for row in roots), Sums()) == board.open
            assert sum((row.booked for row in roots), Part()) == board.booked.part


def test_quarters_are_fiscal(company, noon):
    company.organisation.fiscal_year_start_month = 4
    company.organisation.save()
    board = dashboard(scope_for(company.executive))
    assert (board.booked.period.key, board.booked_before.period.key) == ("2025-Q4", "2025-Q3")


def test_the_table_goes_by_credit_of_then_in_the_order_of_the_tree(story):
    rows = dashboard(scope_for(story.executive)).teams
    told = [
        (row.name, row.depth, int(row.open.amount), int(row.booked.amount), [person.username for person in row.people])
        for row in rows
    ]
    assert told == [
        ("Head", 0, 77, 150, ["director"]),
        ("East", 1, 30, 150, ["manager", "mate", "rep"]),
        ("West", 1, 47, 0, ["other_manager", "stranger"]),
        ("", 0, 11, 0, ["loner"]),
    ]
    assert [row.askable for row in rows] == [True, True, True, False]


def test_the_table_leaves_out_who_has_left_unless_something_is_theirs(story):
    for person in (story.mate, story.other_manager):
        person.active_until = date(2026, 3, 30)
        person.save()
    people = {
        person.username: person.active for row in dashboard(scope_for(story.executive)).teams for person in row.people
    }
    assert people["mate"] is False
    assert "other_manager" not in people
    assert not {"executive", "admin"} & set(people)


def test_a_managers_table_holds_their_people_and_their_own_credit_from_elsewhere(story):
    opportunity(("2026-03-02 10:00", {"stage": "lock", "owner": story.other_manager, "amount": "5"}))
    story.other_manager.team = story.east
    story.other_manager.save()
    board = dashboard(scope_for(story.other_manager))
    told = [(row.name, row.depth, row.askable, int(row.open.amount)) for row in board.teams]
    assert told == [("East", 0, True, 30), ("West", 0, False, 5)]
    assert int(board.open.amount) == 35


def test_a_line_of_the_table_opens_the_rows_that_make_it(story):
    from pipeline.scopes import narrowed

    scope = scope_for(story.executive)
    for row in dashboard(scope).teams:
        for person in row.people:
            line = narrowed(scope, person.username, row.key)
            assert open_rows(line, viewer=story.executive).sum == person.open


@pytest.mark.anywhere
@pytest.mark.parametrize("name", ["rep", "manager", "director", "executive"])
def test_the_queries_do_not_grow_with_the_rows(name, company, signed_in, noon):
    client = signed_in(company.people()[name])

    def ask() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/api/v1/pipeline/dashboard/").status_code == 200
        return len(asked)

    def fill(people, times):
        for number in range(times):
            moment = f"2026-0{number % 3 + 1}-{number % 27 + 1:02} 10:00"
            owner, stage = people[number % len(people)], ("discover", "lock", "won")[number % 3]
            opportunity((moment, {"stage": stage, "owner": owner, "amount": "10"}))

    fill([company.rep, company.stranger], 2)
    few = ask()
    more = [factories.person(f"p{number}", team=company.east) for number in range(20)]
    fill([company.rep, company.stranger, *more], 200)
    assert ask() == few <= 15
    nightly.run_due(60)
    assert ask() == few
