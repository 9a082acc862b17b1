"""What evidence proves: ladders, gaps, withdrawals, grades, confidence (METHOD.md §3, FINE-PRINT 10-16)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opportunities.rules.evidence import (
    FACTORS,
    GRADES,
    Heights,
    Record,
    StageFloors,
    evidenced,
    floors_of,
    heights_at,
    is_ageing,
    proves,
    timeline,
)
from opportunities.rules.readings import Plan, flags_of, read

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)  # in Shanghai
MIDNIGHT = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)  # where 10 March ends there
HOUR, INSTANT = timedelta(hours=1), timedelta(microseconds=1)
FLOORS = [
    StageFloors(number, number, Decimal(rate), (floor,) * len(FACTORS))
    for number, (rate, floor) in enumerate((("0.1", 0), ("0.25", 2), ("0.5", 3), ("0.75", 4), ("0.9", 5)), start=1)
]


def record(level, grade="E3", *, factor="demand", at=NOON, lowered=(), **more):
    return Record(factor, level, at, ((at, grade), *lowered), **more)


def demand(*records, at=NOON + HOUR):
    """(claimed, verified) of the demand ladder."""
    found = heights_at(records, at)
    return (found.claimed[0], found.verified[0])


# --- One record -----------------------------------------------------------------------------------

PROVES = {1: ("E1", "E2", "E3"), 2: ("E1", "E2", "E3"), 3: ("E2", "E3"), 4: ("E2", "E3"), 5: ("E3",), 6: ("E3",)}


@pytest.mark.parametrize("level", PROVES)
@pytest.mark.parametrize("grade", ["E0", "E1", "E2", "E3"])
def test_what_a_grade_proves(level, grade):
    assert proves(level, grade, confirmed=False) == (grade in PROVES[level])
    confirmed = (*PROVES[level], "E2") if level >= 5 else PROVES[level]
    assert proves(level, grade, confirmed=True) == (grade in confirmed)


@pytest.mark.parametrize(
    ("given", "at", "expected"),
    [
        ({}, NOON - INSTANT, False),
        ({}, NOON, True),
        ({"withdrawn_at": NOON + HOUR}, NOON + HOUR - INSTANT, True),
        ({"withdrawn_at": NOON + HOUR}, NOON + HOUR, False),
    ],
)
def test_a_record_stands_from_its_moment_to_its_withdrawal(given, at, expected):
    assert record(1, **given).stands(at) is expected


def test_a_confirmation_counts_from_its_own_moment_on():
    row = record(5, "E2", confirmed_at=NOON + HOUR)
    assert [row.verified(at) for at in (NOON, NOON + HOUR - INSTANT, NOON + HOUR)] == [False, False, True]
    assert row.verified_since() == NOON + HOUR


def test_a_confirmation_lifts_e2_alone():
    assert not record(5, "E1", confirmed_at=NOON).verified(NOON)
    assert record(5, "E3").verified(NOON)


def test_a_lowered_grade_counts_from_then_on():
    row = record(3, "E3", lowered=((NOON + HOUR, "E2"), (NOON + 2 * HOUR, "E0")))
    assert [row.grade(NOON + n * HOUR) for n in range(3)] == ["E3", "E2", "E0"]
    assert [row.verified(NOON + n * HOUR) for n in range(3)] == [True, True, False]
    assert row.verified_since() is None
    assert record(3, "E3", lowered=((NOON + HOUR, "E2"),)).verified_since() == NOON


def test_since_when_it_has_been_verified_without_a_break():
    assert record(1, "E0").verified_since() is None
    assert record(1).verified_since() == NOON
    assert record(1, withdrawn_at=NOON + HOUR).verified_since() is None
    lowered_then_confirmed = record(5, "E3", lowered=((NOON + HOUR, "E2"),), confirmed_at=NOON + 2 * HOUR)
    assert lowered_then_confirmed.verified_since() == NOON + 2 * HOUR


# --- Heights --------------------------------------------------------------------------------------

LADDERS = {
    "nothing recorded of this factor": ([record(1, factor="power")], (0, 0)),
    "one level": ([record(1)], (1, 1)),
    "our word alone is claimed": ([record(1, "E0")], (1, 0)),
    "a gap: what lies above it does not count": ([record(1), record(3), record(4)], (1, 1)),
    "without the first level there is nothing": ([record(2), record(3)], (0, 0)),
    "hollow in the middle": ([record(1), record(2, "E0"), record(3)], (3, 1)),
    "of several records of a level the best counts": ([record(1, "E0"), record(1, "E1")], (1, 1)),
    "the better one withdrawn": ([record(1, "E0"), record(1, "E1", withdrawn_at=NOON)], (1, 0)),
    "a withdrawal in the middle": ([record(1), record(2, withdrawn_at=NOON + HOUR), record(3)], (1, 1)),
    "the whole ladder": ([record(level) for level in range(1, 7)], (6, 6)),
    "the top unconfirmed": ([*map(record, range(1, 5)), record(5, "E2"), record(6, "E2")], (6, 4)),
    "recorded a moment later": ([record(1), record(2, at=NOON + HOUR + INSTANT)], (1, 1)),
}


def test_the_next_rungs_begin_with_those_of_the_weakest_factor():
    assert [level for _factor, level in Heights().next_rungs] == [1, 1, 1, 1, 1]
    assert Heights(verified=(6, 2, 0, 2, 1)).next_rungs == [
        ("goal", 1), ("coordination", 2), ("power", 3), ("value", 3),
    ]  # fmt: skip
    assert Heights(verified=(6, 6, 6, 6, 6)).next_rungs == []


@pytest.mark.parametrize("case", LADDERS)
def test_heights(case):
    records, expected = LADDERS[case]
    assert demand(*records) == expected


def test_unassessed_is_not_one_record_by_then():
    assert heights_at([], NOON) is None
    assert heights_at([record(1)], NOON - INSTANT) is None
    assert heights_at([record(1, withdrawn_at=NOON)], NOON) == Heights()


def test_a_record_at_midnight_belongs_to_the_day_that_begins():
    ended = MIDNIGHT - INSTANT  # the last moment of the day
    assert heights_at([record(1, at=MIDNIGHT)], ended) is None
    assert demand(record(1, at=MIDNIGHT - timedelta(seconds=1)), at=ended) == (1, 1)
    assert demand(record(1, withdrawn_at=MIDNIGHT), at=ended) == (1, 1)


def test_the_timeline_has_an_entry_for_each_moment_at_which_something_changes():
    records = [
        record(1, "E0"),
        record(1, "E1", at=NOON + HOUR, withdrawn_at=NOON + 3 * HOUR),
        record(3, at=NOON + 2 * HOUR),  # above a gap: changes nothing
    ]
    found = [(at, heights.claimed[0], heights.verified[0]) for at, heights in timeline(records)]
    assert found == [(NOON, 1, 0), (NOON + HOUR, 1, 1), (NOON + 3 * HOUR, 1, 0)]
    assert timeline([]) == []


@st.composite
def records_of_few_hours(draw):
    """A record among few rungs and hours, so that much happens on one rung and at one moment."""
    hours = [NOON + number * HOUR for number in sorted(draw(st.lists(st.integers(0, 9), min_size=4, max_size=4)))]
    since, lowered, confirmed, withdrawn = hours
    return record(
        draw(st.integers(1, 3)) + draw(st.sampled_from([0, 3])), draw(st.sampled_from(GRADES)), at=since,
        factor=draw(st.sampled_from(FACTORS[:2])),
        lowered=[(lowered, draw(st.sampled_from(GRADES)))] if draw(st.booleans()) else (),
        confirmed_at=confirmed if draw(st.booleans()) else None,
        withdrawn_at=withdrawn if draw(st.booleans()) else None,
    )  # fmt: skip


def read_at_each_moment(records):
    """The timeline as it is defined: the heights at every moment, those that repeat left out."""
    found = []
    for at in sorted({at for each in records for at in each.moments()}):
        heights = heights_at(records, at)
        if heights is not None and (not found or found[-1][1] != heights):
            found.append((at, heights))
    return found


@given(records=st.lists(records_of_few_hours(), max_size=25))
def test_the_timeline_is_what_the_heights_are_at_each_moment(records):
    assert timeline(records) == read_at_each_moment(records)


def test_the_timeline_looks_at_a_record_only_when_it_changes(monkeypatch):
    looks, verified = [], Record.verified
    monkeypatch.setattr(Record, "verified", lambda self, at: looks.append(at) or verified(self, at))
    records = [record(1 + number % 6, at=NOON + number * HOUR, confirmed_at=MIDNIGHT) for number in range(2000)]
    assert len(timeline(records)) > 1
    assert len(looks) <= 2 * len(records)


# --- Weakest, confidence, contradictions ----------------------------------------------------------


def at_heights(demand=0, power=0, goal=0, value=0, coordination=0):
    return Heights(verified=(demand, power, goal, value, coordination))


@pytest.mark.parametrize(
    ("heights", "weakest"),
    [((0, 0, 0, 0, 0), "demand"), ((3, 2, 2, 2, 3), "power"), ((6, 6, 6, 6, 5), "coordination")],
)
def test_the_weakest_is_the_first_of_the_lowest(heights, weakest):
    assert at_heights(*heights).weakest == weakest


CONFIDENCE = [
    ((0, 0, 0, 0, 0), 0, "D"),
    ((6, 6, 6, 6, 0), 80, "D"),  # capped: a nought is a nought
    ((6, 6, 6, 6, 1), 83, "C"),
    ((6, 6, 6, 6, 2), 87, "B"),
    ((6, 6, 6, 3, 3), 80, "A"),
    ((5, 5, 5, 5, 3), 77, "B"),
    ((4, 4, 4, 3, 3), 60, "B"),
    ((4, 4, 3, 3, 3), 57, "C"),
    ((3, 3, 2, 2, 2), 40, "C"),
    ((3, 2, 2, 2, 2), 37, "D"),
    ((1, 1, 1, 1, 1), 17, "D"),
    ((6, 6, 6, 6, 6), 100, "A"),
]


@pytest.mark.parametrize(("heights", "percent", "grade"), CONFIDENCE)
def test_confidence(heights, percent, grade):
    assert (at_heights(*heights).percent, at_heights(*heights).grade) == (percent, grade)


CONTRADICTIONS = [
    ({"demand": 4, "power": 2}, ("demand",)),
    ({"demand": 4, "power": 3}, ()),
    ({"demand": 3}, ()),
    ({"goal": 5, "value": 5, "power": 2}, ("goal", "value")),
    ({"goal": 4, "value": 4}, ()),
    ({"coordination": 5, "power": 4}, ("coordination",)),
    ({"coordination": 5, "power": 5}, ()),
]


@pytest.mark.parametrize(("heights", "expected"), CONTRADICTIONS)
def test_contradictions(heights, expected):
    assert at_heights(**heights).contradictions == expected


@pytest.mark.parametrize(
    ("said", "recorded", "ageing"), [(90, 0, False), (91, 0, True), (None, 90, False), (None, 91, True)]
)
def test_evidence_ages_after_ninety_days(said, recorded, ageing):
    day = date(2026, 3, 10)
    said_on = None if said is None else day - timedelta(days=said)
    assert is_ageing(said_on, day - timedelta(days=recorded), day) is ageing


# --- Win rates ------------------------------------------------------------------------------------


def test_floors_are_one_for_all_but_those_that_differ():
    assert floors_of(3, {"power": 5, "value": 0}) == (3, 5, 3, 0, 3)
    assert floors_of(None, {}) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("heights", "rate"),
    [((0,) * 5, "0.1"), ((2,) * 5, "0.25"), ((5, 5, 5, 5, 1), "0.1"), ((4,) * 5, "0.75"), ((6,) * 5, "0.9")],
)
def test_evidenced_is_the_rate_of_the_furthest_stage_whose_floors_are_met(heights, rate):
    assert evidenced(heights, FLOORS, nothing=None) == Decimal(rate)


def test_each_stage_is_looked_at_on_its_own_and_none_is_nothing():
    odd = [StageFloors(1, 1, 10, (1,) * 5), StageFloors(2, 2, 25, (0,) * 5), StageFloors(3, 3, 50, (6,) * 5)]
    assert evidenced((0,) * 5, odd, nothing=0) == 25
    assert evidenced((0,) * 5, odd[:1], nothing=0) == 0
    assert evidenced((0,) * 5, [], nothing=0) == 0


def reading(declared="0.5", heights=None, *, is_open=True):
    return read(is_open=is_open, declared=Decimal(declared), heights=heights, floors=FLOORS)


def test_unassessed_counts_as_declared_and_is_not_inflated():
    found = reading()
    assert (found.evidenced, found.counted, found.unassessed, found.inflated) == (None, Decimal("0.5"), True, False)


@pytest.mark.parametrize(
    ("height", "evidenced", "counted", "inflated"),
    [(0, "0.1", "0.1", True), (2, "0.25", "0.25", True), (3, "0.5", "0.5", False), (4, "0.75", "0.5", False)],
)
def test_counted_is_the_lower_of_the_two(height, evidenced, counted, inflated):
    found = reading(heights=at_heights(*[height] * 5))
    assert (found.evidenced, found.counted) == (Decimal(evidenced), Decimal(counted))
    assert (found.inflated, found.unassessed) == (inflated, False)


@pytest.mark.parametrize("declared", ["1", "0"])
def test_a_closed_one_counts_at_its_stage_whatever_the_evidence(declared):
    found = reading(declared, at_heights(), is_open=False)
    assert (found.evidenced, found.counted, found.inflated) == (Decimal("0.1"), Decimal(declared), False)


# --- Flags ----------------------------------------------------------------------------------------

DAY = date(2026, 3, 10)
YESTERDAY = DAY - timedelta(days=1)
SOUND = {"amount": Decimal(1), "expected_close_date": DAY, "next_step": "Call", "next_step_due": DAY}

FLAGS = {
    "nothing to say": ({}, reading(), ()),
    "overdue": ({"expected_close_date": YESTERDAY}, reading(), ("overdue_close",)),
    "no expected close": ({"expected_close_date": None}, reading(), ()),
    "no amount": ({"amount": None}, reading(), ("no_amount",)),
    "an amount of nought": ({"amount": Decimal("0.00")}, reading(), ("no_amount",)),
    "a blank step, an old date left": ({"next_step": "  ", "next_step_due": YESTERDAY}, reading(), ("no_next_step",)),
    "step overdue": ({"next_step_due": YESTERDAY}, reading(), ("next_step_overdue",)),
    "inflated": ({}, reading(heights=at_heights()), ("inflated",)),
    "contradiction": ({}, reading("0.1", at_heights(demand=4)), ("contradiction",)),
    "both": ({}, reading(heights=at_heights(demand=4)), ("inflated", "contradiction")),
    "closed": ({"amount": None}, reading("0", at_heights(demand=4), is_open=False), ()),
}


@pytest.mark.parametrize("case", FLAGS)
def test_flags(case):
    given, found, expected = FLAGS[case]
    assert flags_of(found, Plan(**{**SOUND, **given}), DAY) == expected
