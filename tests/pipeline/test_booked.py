"""Booked: wins that stand, at the amount and for the owner of the move (FINE-PRINT 8, 27)."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.calendar import Period
from pipeline.scopes import Scope, scope_for
from pipeline.selectors.booked import booked, booked_by, booked_rows
from tests.pipeline.chronicle import opportunity

MARCH, APRIL = (Period(f"2026-0{n}", date(2026, n, 1), date(2026, n, 30)) for n in (3, 4))
OPEN = ("2026-03-01 10:00", {"stage": "lock", "amount": "100"})


@pytest.fixture
def read(company):
    def amount(period, day=None, **params):
        return int(booked(scope_for(company.executive, **params), period, day).amount)

    return amount


def test_at_the_amount_and_for_the_owner_of_the_move(company, read):
    begin = (OPEN[0], {**OPEN[1], "owner": company.rep})
    opportunity(
        begin,
        ("2026-03-10 10:00", {"stage": "won", "amount": "90"}),
        ("2026-03-12 10:00", {"amount": "500"}),
        ("2026-03-13 10:00", {"owner": company.stranger}),
    )
    assert read(MARCH) == read(MARCH, owner="rep") == read(MARCH, team="east") == 90
    assert read(MARCH, owner="stranger") == read(MARCH, team="west") == read(APRIL) == 0


def test_handed_over_and_won_in_one_moment_is_the_receivers(company, read):
    opportunity(
        (OPEN[0], {**OPEN[1], "owner": company.rep}), ("2026-03-10 10:00", {"stage": "won", "owner": company.mate})
    )
    assert (read(MARCH, owner="rep"), read(MARCH, owner="mate")) == (0, 100)


def test_what_one_person_booked_is_the_same_asked_for_alone(company):
    for owner, amount in ((company.rep, "30"), (company.rep, "50"), (company.mate, "7")):
        opportunity(
            (OPEN[0], {**OPEN[1], "owner": owner}), ("2026-03-10 10:00", {"stage": "won", "amount": amount}),
            *((("2026-03-20 10:00", {"stage": "lock"}),) if amount == "50" else ()),
        )  # fmt: skip
    for person in (company.rep, company.mate, company.stranger):
        assert booked_by(person, MARCH) == booked(Scope("owner", owner_id=person.pk), MARCH)
    found = booked_by(company.rep, MARCH)
    assert (found.count, int(found.amount)) == (1, 30)


def test_a_reopened_win_is_booked_as_of_the_days_before_only(company, read):
    opportunity(
        (OPEN[0], {**OPEN[1], "owner": company.rep}),
        ("2026-03-10 10:00", {"stage": "won"}),
        ("2026-03-20 10:00", {"stage": "lock"}),
    )
    assert [read(MARCH, date(2026, 3, day)) for day in (9, 10, 19, 20)] == [0, 100, 100, 0]
    assert read(MARCH) == 0


def test_won_again_is_booked_once_in_the_period_of_the_latest_move(company, read):
    opportunity(
        (OPEN[0], {**OPEN[1], "owner": company.rep}),
        ("2026-03-10 10:00", {"stage": "won"}),
        ("2026-03-20 10:00", {"stage": "lock"}),
        ("2026-04-02 10:00", {"stage": "won", "amount": "120"}),
    )
    assert (read(MARCH), read(APRIL)) == (0, 120)
    assert (read(MARCH, date(2026, 3, 15)), read(APRIL, date(2026, 3, 15))) == (100, 0)


def test_a_win_moved_to_another_closed_stage_is_booked_no_longer(company, read):
    opportunity((OPEN[0], {**OPEN[1], "owner": company.rep, "stage": "won"}), ("2026-03-10 10:00", {"stage": "lost"}))
    assert (read(MARCH, date(2026, 3, 9)), read(MARCH)) == (100, 0)


@pytest.mark.parametrize(
    ("moment", "march"),
    [
        ("2026-03-01 00:00:00", 100),
        ("2026-03-30 23:59:59", 100),
        ("2026-03-31 00:00:00", 0),
        ("2026-02-28 23:59:59", 0),
    ],
)
def test_both_ends_of_a_period_are_inside(moment, march, company, read):
    opportunity((moment, {"stage": "won", "owner": company.rep, "amount": "100"}))
    assert read(MARCH) == march


def test_rows_add_up_and_hide_what_was_handed_over(company):
    opportunity(("2026-03-05 10:00", {"stage": "won", "owner": company.rep, "amount": "10"}), key="mine")
    gone = ("2026-03-06 10:00", {"stage": "won", "owner": company.rep, "amount": "20"})
    opportunity(gone, ("2026-03-07 10:00", {"owner": company.stranger}), key="gone")
    rows = booked_rows(scope_for(company.rep), MARCH, None, company.rep)
    assert [(row.opportunity and row.opportunity.key, row.amount, row.on) for row in rows[0:9]] == [
        (None, Decimal("20.00"), date(2026, 3, 6)),
        ("mine", Decimal("10.00"), date(2026, 3, 5)),
    ]
    assert (rows.sum.count, rows.sum.amount) == (2, Decimal("30.00"))
