"""The pure rules: how a state follows from its changes, what a move demands, medians."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from opportunities import rules
from opportunities.rules import StageInfo
from opportunities.rules.progress import LastMoves, last_moves

AT, ON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC), date(2026, 3, 2)
LATER, LATER_ON = datetime(2026, 4, 1, 1, 0, tzinfo=UTC), date(2026, 4, 1)
DISCOVER = StageInfo(1, 1, "open", 1000)
COCREATE = StageInfo(3, 3, "open", 5000)
VALIDATE = StageInfo(2, 2, "open", 2500)
WON = StageInfo(6, 6, "won", 10000)
LOST = StageInfo(7, 7, "lost", 0)
NO_GO = StageInfo(9, 9, "no_go", 0)


def new(stage=DISCOVER, **plain):
    return rules.begin(stage=stage, owner_id=5, team_id=2, at=AT, on=ON, **plain)


def test_a_new_one_stands_in_its_stage_since_its_creation():
    state = new(amount=100, next_step="call")
    assert (state.stage_id, state.win_rate, state.outcome) == (1, 1000, "open")
    assert (state.entered_at, state.entered_on, state.furthest) == (AT, ON, 1)
    assert (state.amount, state.next_step, state.product_id) == (100, "call", None)


def test_a_move_sets_the_win_rate_and_the_entry():
    after = rules.apply(new(), {"stage": COCREATE}, at=LATER, on=LATER_ON)
    assert (after.stage_id, after.win_rate, after.entered_at, after.entered_on) == (3, 5000, LATER, LATER_ON)
    assert after.furthest == 3


def test_going_back_does_not_undo_what_was_reached():
    there = rules.apply(new(), {"stage": COCREATE}, at=LATER, on=LATER_ON)
    back = rules.apply(there, {"stage": VALIDATE}, at=LATER, on=LATER_ON)
    lost = rules.apply(back, {"stage": LOST}, at=LATER, on=LATER_ON)
    assert (back.furthest, lost.furthest) == (3, 3)


def test_once_won_counts_as_past_every_open_stage_even_when_reopened():
    won = rules.apply(new(), {"stage": WON}, at=LATER, on=LATER_ON)
    reopened = rules.apply(won, {"stage": DISCOVER}, at=LATER, on=LATER_ON)
    assert (won.furthest, reopened.furthest) == (rules.WON, rules.WON)


def test_created_closed_without_a_signature_reached_nothing():
    assert new(stage=LOST).furthest == 0


@pytest.mark.parametrize(
    "changes", [{}, {"stage": DISCOVER}, {"owner": (5, 99)}, {"amount": 100}, {"next_step": "call"}]
)
def test_a_change_to_the_same_value_changes_nothing(changes):
    state = new(amount=100, next_step="call")
    assert rules.apply(state, changes, at=LATER, on=LATER_ON) == state


def test_the_team_follows_the_owner():
    after = rules.apply(new(), {"owner": (6, 3)}, at=LATER, on=LATER_ON)
    assert (after.owner_id, after.team_id) == (6, 3)
    assert rules.changed_fields(new(), after) == ["owner"]


def test_changed_fields_are_those_a_person_set():
    after = rules.apply(new(), {"stage": COCREATE, "amount": 7}, at=LATER, on=LATER_ON)
    assert set(rules.changed_fields(new(), after)) == {"stage", "amount"}


@pytest.mark.parametrize(
    ("source", "target", "kind", "reason"),
    [
        (DISCOVER, DISCOVER, "same", False),
        (DISCOVER, COCREATE, "forward", False),
        (COCREATE, DISCOVER, "backward", True),
        (DISCOVER, WON, "closing", False),
        (DISCOVER, LOST, "closing", True),
        (DISCOVER, NO_GO, "closing", True),
        (WON, DISCOVER, "reopening", True),
        (LOST, WON, "reopening", True),
        (LOST, NO_GO, "reopening", True),
    ],
)
def test_kinds_of_moves_and_which_need_a_reason(source, target, kind, reason):
    assert rules.kind_of_move(source, target) == kind
    assert rules.needs_reason(source, target) is reason


@pytest.mark.parametrize(
    ("target", "given", "problems"),
    [
        (WON, {"amount": Decimal("0.01"), "signed_on": ON}, set()),
        (WON, {"amount": None, "signed_on": ON}, {"amount"}),
        (WON, {"amount": Decimal("0.00"), "signed_on": ON}, {"amount"}),
        (WON, {"amount": Decimal("1.00"), "signed_on": None}, {"signed_on"}),
        (WON, {"amount": Decimal("1.00"), "signed_on": date(2026, 3, 3)}, {"signed_on"}),
        (WON, {"amount": None, "signed_on": None}, {"amount", "signed_on"}),
        (LOST, {"reason": "price"}, set()),
        (LOST, {"reason": "  "}, {"reason"}),
        (COCREATE, {}, set()),
        (COCREATE, {"reason": "x" * 501}, {"reason"}),
    ],
)
def test_what_a_move_still_needs(target, given, problems):
    asked = {"reason": "", "amount": None, "signed_on": None, **given}
    assert set(rules.move_problems(DISCOVER, target, today=ON, **asked)) == problems


@pytest.mark.parametrize(
    ("values", "median"),
    [
        ([], None),
        ([(5, 0)], None),
        ([(5, 1)], 5),
        ([(17, 1), (18, 1)], 17.5),
        ([(18, 1), (17, 1)], 17.5),
        ([(1, 3), (9, 1)], 1),
        ([(1, 2), (9, 2)], 5),
        ([(3, 1), (1, 1), (2, 1)], 2),
    ],
)
def test_median_of_counted_values(values, median):
    assert rules.median(values) == median


def test_the_last_moves_of_each_opportunity():
    on = {day: datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 8)}
    retired = 9
    entries = [
        (1, on[1], "open", 1),
        (1, on[2], "open", 3),
        (1, on[3], "open", 2),
        (2, on[1], "open", 2),
        (2, on[2], "lost", 7),
        (2, on[4], "won", 8),
        (2, on[5], "open", 1),
        (3, on[6], "open", 1),
        (4, on[1], "open", retired),
        (4, on[2], "open", 2),
        (4, on[3], "open", retired),
    ]
    assert last_moves(entries, {1: 1, 2: 2, 3: 3}) == {
        1: LastMoves(on[2], on[3]),
        2: LastMoves(on[5], None),
        3: LastMoves(None, None),
        4: LastMoves(None, None),
    }
