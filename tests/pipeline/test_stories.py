"""The same rules told through the actions, as people work: create, move, hand over, undo, archive, settings."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine

from opportunities import actions
from opportunities.models import Stage
from pipeline.rules import BARS
from pipeline.scopes import scope_for
from pipeline.selectors.booked import booked
from pipeline.selectors.dashboard import dashboard
from pipeline.selectors.funnel import funnel
from pipeline.selectors.waterfall import waterfall
from tests import factories
from tests.pipeline import chronicle, naive

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 4)


@pytest.fixture
def on():
    """Set the clock: `on("2026-03-03 10:00")`."""
    running = []

    def set_to(text: str) -> None:
        for each in running:
            each.stop()
        traveller = time_machine.travel(
            datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")), tick=False
        )
        running[:] = [traveller]
        traveller.start()

    yield set_to
    for each in running:
        each.stop()


@pytest.fixture
def read(company):
    def bars(first=FIRST, last=LAST, **params):
        scope = scope_for(company.executive, **params)
        found = waterfall(scope, first, last).bars
        assert found.begin + found.net == found.end
        assert (found.begin, found.end) == (funnel(scope, first).open.amount, funnel(scope, last).open.amount)
        expected = naive.waterfall(chronicle.world(), params, first, last)
        assert {bar: int(getattr(found, bar) * 100) for bar in BARS} == {bar: expected[bar] for bar in BARS}
        return {bar: int(amount) for bar in ("begin", *BARS, "end") if (amount := getattr(found, bar))}

    return bars


def stage(key: str) -> Stage:
    return Stage.objects.get(key=key)


def move(row, key, actor, **facts):
    return actions.move_to_stage(opportunity=row, stage=stage(key), seen=None, actor=actor, **facts)


def test_a_life_from_creation_to_signature_and_back(company, read, on):
    on("2026-03-01 10:00")
    row = factories.opportunity(company.rep, amount=Decimal(100))
    on("2026-03-03 10:00")
    actions.edit_opportunity(opportunity=row, changes={"amount": Decimal(140)}, seen=None, actor=company.rep)
    on("2026-03-03 11:00")
    move(row, "validate", company.rep)
    on("2026-03-03 12:00")
    actions.assign(opportunity=row, owner=company.mate, seen=None, actor=company.manager)
    on("2026-03-03 13:00")
    move(row, "won", company.mate, amount=Decimal(120), signed_on=date(2026, 3, 3))
    on("2026-03-04 09:00")
    move(row, "lock", company.manager, reason="The signature was withdrawn")
    assert read() == {"begin": 100, "increased": 40, "decreased": 20, "won": 120, "reopened": 120, "end": 120}
    assert read(owner="rep") == {"begin": 100, "increased": 40, "transferred_out": 140}
    assert read(owner="mate") == {"transferred_in": 140, "decreased": 20, "won": 120, "reopened": 120, "end": 120}
    quarter = dashboard(scope_for(company.executive)).booked.period
    assert [int(booked(scope_for(company.executive), quarter, date(2026, 3, day)).amount) for day in (3, 4)] == [120, 0]


def test_what_was_undone_never_was(company, read, on):
    on("2026-03-03 10:00")
    row = factories.opportunity(company.rep, amount=Decimal(100))
    on("2026-03-03 11:00")
    moved = move(row, "won", company.rep, signed_on=date(2026, 3, 3))
    on("2026-03-03 11:00:10")
    actions.undo(opportunity=row, actor=company.rep, seen=moved.version)
    assert read() == {"new": 100, "end": 100}
    assert funnel(scope_for(company.executive)).stages[-1].conversion is None


def test_what_was_entered_by_mistake_leaves_as_no_go_and_comes_back(company, read, on):
    on("2026-03-03 10:00")
    row = factories.opportunity(company.rep, amount=Decimal(100))
    on("2026-03-03 11:00")
    actions.archive_opportunity(opportunity=row, seen=None, actor=company.rep)
    assert read() == {"new": 100, "no_go": 100}
    on("2026-03-04 11:00")
    actions.restore_opportunity(opportunity=row, seen=None, actor=company.manager)
    assert read() == {"new": 100, "no_go": 100, "reopened": 100, "end": 100}


def test_a_stages_new_win_rate_counts_from_its_moment_on_and_moves_no_bar(company, read, on):
    on("2026-03-01 10:00")
    factories.opportunity(company.rep, amount=Decimal(100))
    on("2026-03-03 10:00")
    actions.edit_stage(stage=stage("discover"), changes={"win_rate": Decimal("0.2")}, seen=None, actor=company.admin)
    scope = scope_for(company.executive)
    assert [int(funnel(scope, date(2026, 3, day)).open.weighted) for day in (2, 3)] == [10, 20]
    assert read() == {"begin": 100, "end": 100}


def test_a_retired_stage_hands_on_what_it_held_and_keeps_its_past(company, read, on):
    on("2026-03-01 10:00")
    factories.opportunity(company.rep, amount=Decimal(100), stage="cocreate")
    on("2026-03-03 10:00")
    actions.retire_stage(stage=stage("cocreate"), target=stage("validate"), actor=company.admin)
    actions.retire_stage(stage=stage("decide"), target=None, actor=company.admin)
    scope = scope_for(company.executive)
    past, now = ({row.stage.key: row.count for row in funnel(scope, date(2026, 3, day)).stages} for day in (2, 3))
    assert past == {"discover": 0, "validate": 0, "cocreate": 1, "decide": 0, "lock": 0}
    assert now == {"discover": 0, "validate": 1, "lock": 0}
    assert read() == {"begin": 100, "end": 100}


def test_another_order_of_stages_tells_the_past_by_the_new_one(company, on):
    on("2026-03-01 10:00")
    factories.opportunity(company.rep, amount=Decimal(100), stage="validate")
    order = ["validate", "discover", "cocreate", "decide", "lock", "won", "lost", "no_decision", "no_go"]
    on("2026-03-03 10:00")
    actions.reorder_stages(order=[stage(key).pk for key in order], actor=company.admin)
    shape = funnel(scope_for(company.executive), date(2026, 3, 2))
    assert [(row.stage.key, row.reached) for row in shape.stages][:3] == [
        ("validate", 1),
        ("discover", 0),
        ("cocreate", 0),
    ]
