"""FINE-PRINT 21-26, rule by rule: what one story adds to which bar, for whom."""

from datetime import date
from decimal import Decimal

import pytest

from pipeline.rules import BARS
from pipeline.scopes import scope_for
from pipeline.selectors.waterfall import waterfall, waterfall_items
from tests.pipeline.chronicle import opportunity

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 4)
BEFORE, AT, LATER = "2026-03-01 10:00", "2026-03-03 10:00", "2026-03-03 11:00"
BEGIN = (BEFORE, {"stage": "discover", "owner": "rep", "amount": "100"})


@pytest.fixture
def bars(company):
    """{bar: amount} of the bars that are not zero, and the edges, in FIRST … LAST for a scope."""

    def read(first=FIRST, last=LAST, **params):
        found = waterfall(scope_for(company.executive, **params), first, last).bars
        assert found.begin + found.net == found.end
        named = {bar: getattr(found, bar) for bar in ("begin", *BARS, "end")}
        return {bar: int(amount) for bar, amount in named.items() if amount}

    return read


STORIES = {
    "21 up and down in one window shows as both": (
        [BEGIN, (AT, {"amount": "200"}), (LATER, {"amount": "100"})],
        {"rep": {"begin": 100, "increased": 100, "decreased": 100, "end": 100}},
    ),
    "22 handed over at the old amount, the receiver has the increase": (
        [BEGIN, (AT, {"owner": "stranger", "amount": "130"})],
        {
            "rep": {"begin": 100, "transferred_out": 100},
            "stranger": {"transferred_in": 100, "increased": 30, "end": 130},
            "": {"begin": 100, "increased": 30, "end": 130},
        },
    ),
    "22 handed over, lowered and won in one moment: the receiver closes at the new amount": (
        [BEGIN, (AT, {"owner": "mate", "amount": "80", "stage": "won"})],
        {"rep": {"begin": 100, "transferred_out": 100}, "mate": {"transferred_in": 100, "decreased": 20, "won": 80}},
    ),
    "22 closes at the new amount": (
        [BEGIN, (AT, {"stage": "lost", "amount": "150"})],
        {"rep": {"begin": 100, "increased": 50, "lost": 150}},
    ),
    "23 new at its first amount, later changes as increases": (
        [(AT, {"stage": "discover", "owner": "rep", "amount": "100"}), (LATER, {"amount": "120"})],
        {"rep": {"new": 100, "increased": 20, "end": 120}},
    ),
    "23 without an amount new at 0, setting it is an increase": (
        [(AT, {"stage": "discover", "owner": "rep", "amount": None}), (LATER, {"amount": "120"})],
        {"rep": {"increased": 120, "end": 120}},
    ),
    "23 an amount that is cleared is a decrease": (
        [(BEFORE, {"stage": "discover", "owner": "rep", "amount": "90"}), (AT, {"amount": None})],
        {"rep": {"begin": 90, "decreased": 90}},
    ),
    "23 reopened comes in at the new amount for the new owner, no transfer": (
        [
            (BEFORE, {"stage": "lost", "owner": "rep", "amount": "100"}),
            (AT, {"stage": "discover", "owner": "mate", "amount": "70"}),
        ],
        {"rep": {}, "mate": {"reopened": 70, "end": 70}},
    ),
    "24 created closed passes through": (
        [(AT, {"stage": "won", "owner": "rep", "amount": "100"})],
        {"rep": {"new": 100, "won": 100}},
    ),
    "24 from one closed stage to another passes through at the new amount": (
        [(BEFORE, {"stage": "lost", "owner": "rep", "amount": "100"}), (AT, {"stage": "no_decision", "amount": "60"})],
        {"rep": {"reopened": 60, "no_decision": 60}},
    ),
    "25 amount and owner of a closed one move no bar": (
        [
            (BEFORE, {"stage": "won", "owner": "rep", "amount": "100"}),
            (AT, {"amount": "500"}),
            (LATER, {"owner": "mate"}),
        ],
        {"rep": {}, "mate": {}},
    ),
    "25 a transfer inside the team moves no bar of the team": (
        [BEGIN, (AT, {"owner": "mate"})],
        {
            "rep": {"begin": 100, "transferred_out": 100},
            "mate": {"transferred_in": 100, "end": 100},
            "east": {"begin": 100, "end": 100},
            "": {"begin": 100, "end": 100},
        },
    ),
    "25 a transfer between teams moves both teams' bars, not head's": (
        [BEGIN, (AT, {"owner": "stranger"})],
        {
            "east": {"begin": 100, "transferred_out": 100},
            "west": {"transferred_in": 100, "end": 100},
            "head": {"begin": 100, "end": 100},
        },
    ),
    "26 closed and reopened inside the window, each time it happened": (
        [
            BEGIN,
            ("2026-03-03 01:00", {"stage": "won"}),
            ("2026-03-03 02:00", {"stage": "lock"}),
            ("2026-03-03 03:00", {"stage": "won"}),
            ("2026-03-03 04:00", {"stage": "lock"}),
        ],
        {"rep": {"begin": 100, "won": 200, "reopened": 200, "end": 100}},
    ),
    "2 a change at the midnight that ends the last day is outside": (
        [BEGIN, ("2026-03-05 00:00:00", {"amount": "200"})],
        {"rep": {"begin": 100, "end": 100}},
    ),
    "2 a change at the midnight that ends the first day is inside": (
        [BEGIN, ("2026-03-03 00:00:00", {"amount": "200"})],
        {"rep": {"begin": 100, "increased": 100, "end": 200}},
    ),
    "1 a change at 23:59:59 belongs to the day that ends": (
        [BEGIN, ("2026-03-04 23:59:59", {"amount": "200"})],
        {"rep": {"begin": 100, "increased": 100, "end": 200}},
    ),
    "moves between open stages move no bar": (
        [BEGIN, (AT, {"stage": "lock"}), (LATER, {"stage": "validate"})],
        {"rep": {"begin": 100, "end": 100}},
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_story(story, company, bars):
    changes, expected = STORIES[story]
    people = company.people()
    opportunity(
        *((at, {**each, **({"owner": people[each["owner"]]} if "owner" in each else {})}) for at, each in changes)
    )
    for name, wanted in expected.items():
        params = {} if not name else {"team": name} if name in ("east", "west", "head") else {"owner": name}
        assert bars(**params) == wanted, name


def _with_people(changes, people):
    return [(at, each | {"owner": people[each["owner"]]} if "owner" in each else each) for at, each in changes]


def test_an_empty_window_has_equal_edges_and_no_bars(company, bars):
    opportunity((BEFORE, {"stage": "discover", "owner": company.rep, "amount": "100"}), (AT, {"amount": "200"}))
    assert bars(date(2026, 3, 3), date(2026, 3, 3)) == {"begin": 200, "end": 200}


def test_a_person_without_a_team_is_in_the_whole_only(company, bars):
    from tests import factories

    loner = factories.person("loner", role="rep")
    opportunity((BEFORE, {"stage": "discover", "owner": company.rep, "amount": "100"}), (AT, {"owner": loner}))
    assert bars(team="head") == {"begin": 100, "transferred_out": 100}
    assert bars() == {"begin": 100, "end": 100}
    assert bars(owner="loner") == {"transferred_in": 100, "end": 100}


def test_items_name_what_the_reader_may_see_now_and_keep_the_amount_of_the_rest(company):
    opportunity((AT, {"stage": "discover", "owner": company.rep, "amount": "100"}), key="mine")
    gone = ((AT, {"stage": "discover", "owner": company.rep, "amount": "70"}), (LATER, {"owner": company.stranger}))
    opportunity(*gone, key="gone")

    def listed(viewer, bar, **params):
        rows = waterfall_items(scope_for(viewer, **params), FIRST, LAST, bar, viewer)
        return [(row.opportunity and row.opportunity.key, int(row.amount)) for row in rows[0:10]], int(rows.sum.amount)

    assert listed(company.rep, "new") == ([("mine", 100), (None, 70)], 170)
    assert listed(company.rep, "transferred_out") == ([(None, 70)], 70)
    assert listed(company.rep, "end") == ([("mine", 100)], 100)
    assert listed(company.executive, "new", owner="rep") == ([("mine", 100), ("gone", 70)], 170)
    assert listed(company.other_manager, "transferred_in") == ([("gone", 70)], 70)


def test_items_hold_one_row_an_opportunity_also_at_nought(company):
    opportunity(
        (AT, {"stage": "discover", "owner": company.rep, "amount": None}),
        (LATER, {"stage": "won", "amount": "5"}),
        ("2026-03-04 01:00", {"stage": "lock"}),
        ("2026-03-04 02:00", {"stage": "won", "amount": "7"}),
    )
    scope = scope_for(company.executive)
    new = waterfall_items(scope, FIRST, LAST, "new", company.executive)
    won = waterfall_items(scope, FIRST, LAST, "won", company.executive)
    assert [row.amount for row in new[0:5]] == [Decimal("0.00")]
    assert [row.amount for row in won[0:5]] == [Decimal("12.00")]


def test_items_are_paged_in_a_stable_order(company):
    for number in range(7):
        opportunity((AT, {"stage": "discover", "owner": company.rep, "amount": "10"}), key=f"k{number}")
    rows = waterfall_items(scope_for(company.executive), FIRST, LAST, "new", company.executive)
    pages = [[row.opportunity.key for row in rows[start : start + 3]] for start in (0, 3, 6, 9)]
    assert pages == [["k0", "k1", "k2"], ["k3", "k4", "k5"], ["k6"], []]


def test_another_bar_is_refused(company):
    with pytest.raises(ValueError, match="Not a bar"):
        waterfall_items(scope_for(company.executive), FIRST, LAST, "slipped", company.executive)
