"""The funnel: days, medians, conversion and bulges (FINE-PRINT 1, 7, 17-20)."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from opportunities.models import Stage
from pipeline import rules
from pipeline.rules import Sums
from pipeline.scopes import scope_for
from pipeline.selectors.funnel import funnel
from tests.pipeline.chronicle import opportunity


@pytest.fixture
def read(company):
    return lambda day=None, **params: funnel(scope_for(company.executive, **params), day)


def by_stage(shape, name):
    return {row.stage.key: getattr(row, name) for row in shape.stages}


def test_before_anything_happened_every_stage_is_there_with_nothing(read):
    shape = read(date(2020, 1, 1))
    assert by_stage(shape, "count") == dict.fromkeys(("discover", "validate", "cocreate", "decide", "lock"), 0)
    assert set(by_stage(shape, "median_days_in_stage").values()) == {None}
    assert set(by_stage(shape, "conversion").values()) == {None}
    assert shape.open == Sums()
    assert shape.bulges == ()


def test_a_change_at_midnight_belongs_to_the_day_that_begins(company, read):
    opportunity(
        ("2026-03-01 00:00:00", {"stage": "discover", "owner": company.rep, "amount": "100"}),
        ("2026-03-02 00:00:00", {"stage": "validate"}),
        ("2026-03-03 23:59:59", {"stage": "lock"}),
    )
    assert read(date(2026, 2, 28)).open.count == 0
    assert by_stage(read(date(2026, 3, 1)), "count")["discover"] == 1
    assert by_stage(read(date(2026, 3, 2)), "count")["validate"] == 1
    assert by_stage(read(date(2026, 3, 3)), "count")["lock"] == 1


def test_weighted_is_rounded_half_up_once_an_opportunity_and_an_empty_amount_is_nought(company, read):
    for amount in ("1234.50", "1234.50", None):
        opportunity(("2026-03-01 10:00", {"stage": "validate", "owner": company.rep, "amount": amount}))
    shape = read(date(2026, 3, 1))
    assert shape.open.weighted == Decimal("617.26")
    assert shape.open.counted == shape.open.weighted
    assert (shape.open.count, shape.open.amount) == (3, Decimal("2469.00"))
    assert (shape.open.unassessed.count, shape.open.unassessed.amount) == (3, Decimal("2469.00"))


def test_median_days_of_an_even_count_is_the_mean_of_the_middle_two(company, read):
    for day in (1, 2, 10, 20):
        opportunity((f"2026-03-{day:02} 10:00", {"stage": "discover", "owner": company.rep}))
    assert by_stage(read(date(2026, 3, 21)), "median_days_in_stage")["discover"] == 15.0


def test_stage_entry_is_the_last_change_of_stage_also_back_into_the_same_one(company, read):
    opportunity(
        ("2026-03-01 10:00", {"stage": "lock", "owner": company.rep, "amount": "5"}),
        ("2026-03-05 10:00", {"stage": "lost"}),
        ("2026-03-10 23:00", {"stage": "lock"}),
        ("2026-03-12 10:00", {"amount": "6", "owner": company.mate}),
        ("2026-03-13 10:00", {"stage": "lock"}),
    )
    assert by_stage(read(date(2026, 3, 14)), "median_days_in_stage")["lock"] == 4


def test_credit_goes_to_owner_and_team_of_that_day(company, read):
    opportunity(
        ("2026-03-01 10:00", {"stage": "discover", "owner": company.rep, "amount": "5"}),
        ("2026-03-05 10:00", {"owner": company.stranger}),
    )
    counts = {
        (name, day): read(date(2026, 3, day), **{kind: name}).open.count
        for kind, name in (
            ("owner", "rep"),
            ("team", "east"),
            ("owner", "stranger"),
            ("team", "west"),
            ("team", "head"),
        )
        for day in (4, 5)
    }
    gave, got = {("rep", 4), ("east", 4), ("head", 4)}, {("stranger", 5), ("west", 5), ("head", 5)}
    assert {name for name, count in counts.items() if count} == gave | got


def test_an_owner_who_left_is_still_counted(company, read):
    opportunity(("2026-03-01 10:00", {"stage": "discover", "owner": company.rep, "amount": "5"}))
    company.rep.active_until = date(2026, 3, 2)
    company.rep.save()
    assert read(date(2026, 3, 5), owner="rep").open.count == read(date(2026, 3, 5), team="east").open.count == 1


REACHED = {
    "a skipped stage counts as reached": ([{"stage": "discover"}, {"stage": "cocreate"}], [1, 1, 1, 0, 0], None),
    "won is past every open stage": ([{"stage": "discover"}, {"stage": "won"}], [1, 1, 1, 1, 1], 1.0),
    "moving back does not undo": ([{"stage": "decide"}, {"stage": "discover"}], [1, 1, 1, 1, 0], None),
    "lost keeps the furthest open stage": ([{"stage": "validate"}, {"stage": "lost"}], [1, 1, 0, 0, 0], None),
    "won once counts as won though reopened": ([{"stage": "won"}, {"stage": "discover"}], [1, 1, 1, 1, 1], 1.0),
    "created closed without a signature reached nothing": ([{"stage": "no_go"}], [0, 0, 0, 0, 0], None),
}


@pytest.mark.parametrize("case", REACHED)
def test_reached(case, company, read):
    steps, expected, last_conversion = REACHED[case]
    begin = {**steps[0], "owner": company.rep}
    later = [(f"2026-03-{day:02} 10:00", step) for day, step in enumerate(steps[1:], start=2)]
    opportunity(("2026-03-01 10:00", begin), *later)
    shape = read(date(2026, 3, 10))
    assert [row.reached for row in shape.stages] == expected
    assert shape.stages[-1].conversion == last_conversion


def test_what_is_reached_counts_up_to_the_day(company, read):
    opportunity(
        ("2026-03-01 10:00", {"stage": "discover", "owner": company.rep}), ("2026-03-05 10:00", {"stage": "won"})
    )
    assert by_stage(read(date(2026, 3, 4)), "conversion")["discover"] == 0
    assert by_stage(read(date(2026, 3, 5)), "conversion")["discover"] == 1


@pytest.mark.parametrize(("created", "inside"), [("2025-03-10 23:59:59", 0), ("2025-03-11 00:00:00", 1)])
def test_conversion_counts_those_created_in_the_365_days_to_the_day(created, inside, company, read):
    opportunity((created, {"stage": "discover", "owner": company.rep}))
    shape = read(date(2026, 3, 10))
    assert (shape.stages[0].reached, shape.open.count) == (inside, 1)


def test_conversion_counts_what_stands_in_the_scope_that_day_closed_ones_too(company, read):
    opportunity(
        ("2026-03-01 10:00", {"stage": "lock", "owner": company.rep}),
        ("2026-03-02 10:00", {"stage": "lost"}),
        ("2026-03-05 10:00", {"owner": company.stranger}),
    )
    assert read(date(2026, 3, 4), owner="rep").stages[0].reached == 1
    assert read(date(2026, 3, 5), owner="rep").stages[0].reached == 0
    assert read(date(2026, 3, 5), owner="stranger").stages[0].reached == 1


def sums(*pairs):
    return [Sums(count, Decimal(amount)) for count, amount in pairs]


BULGES = {
    "more than 1.25 times and at least five": (sums((4, 10), (6, 10), (0, 10), (0, 10)), [1]),
    "five after four is none": (sums((4, 10), (5, 10), (0, 10), (0, 10)), []),
    "four after none is none": (sums((0, 10), (4, 10), (0, 10), (0, 10)), []),
    "five after none": (sums((0, 10), (5, 10), (0, 10), (0, 10)), [1]),
    "the first stage cannot outgrow": (sums((50, 10), (0, 10), (0, 10), (0, 10)), []),
    "exactly 40 % is none": (sums((1, 40), (1, 30), (1, 30), (0, 0)), []),
    "over 40 % is one, the first stage too": (sums((1, "40.01"), (1, "29.99"), (1, 30)), [0]),
    "nothing at all": (sums((0, 0), (0, 0)), []),
}


@pytest.mark.parametrize("case", BULGES)
def test_bulges(case):
    stages, expected = BULGES[case]
    assert rules.bulges(stages) == expected


def test_a_retired_stage_is_there_for_the_days_on_which_it_held_something(company, read):
    extra = Stage.objects.create(key="extra", name_zh="x", name_en="x", position=3, win_rate=Decimal("0.4"))
    opportunity(
        ("2026-03-01 10:00", {"stage": "extra", "owner": company.rep, "amount": "100"}),
        ("2026-03-05 10:00", {"stage": "lock"}),
    )
    extra.retired_at = timezone.now()
    extra.save()
    past = read(date(2026, 3, 4))
    assert by_stage(past, "count")["extra"] == 1
    assert sum(row.amount for row in past.stages) == past.open.amount == 100
    assert "extra" not in by_stage(read(), "count")


def test_without_a_day_it_is_as_of_now(company, read):
    opportunity(("2026-03-01 10:00", {"stage": "discover", "owner": company.rep, "amount": "100"}))
    assert read().open.count == 1
    assert read().as_of == timezone.now().astimezone(timezone.get_fixed_timezone(480)).date()
