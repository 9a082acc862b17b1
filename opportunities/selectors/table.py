"""What the table shows: the rows of one page, and the sums over all that match."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, IntegerField, QuerySet, Sum, Value, When

from config.web.money import Weighted, from_cents, to_cents, to_ten_thousandths, weighted_cents
from opportunities import rules
from opportunities.models import Opportunity, Outcome, Stage

ROWS = 50
NOTHING = Decimal("0.00")
NEARLY = Decimal("0.8")  # of the expected days: from here on the time in a stage is worth a look


@dataclass(frozen=True, slots=True)
class Row:
    """An opportunity of the table. `age` is "rot" over its stage's expected days, "warn" over four fifths of them.

    `overdue`: it is open and its expected close has passed.
    """

    opportunity: Opportunity
    days: int
    age: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A stage and the sums over everything that matches in it."""

    stage: Stage
    count: int = 0
    amount: Decimal = NOTHING
    weighted: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over all open opportunities that match, and how many rows match at all."""

    rows: int
    count: int
    amount: Decimal
    weighted: Decimal


def row_of(opportunity: Opportunity, day: date) -> Row:
    """The row of one opportunity on the local date `day`."""
    days = rules.days_in_stage(opportunity.entered_on, day)
    close = opportunity.expected_close_date
    overdue = opportunity.is_open and close is not None and close < day
    return Row(opportunity, days, age_of(opportunity, days), overdue)


def age_of(opportunity: Opportunity, days: int) -> str:
    """How the days in its stage compare with what is expected there: rot, warn or nothing."""
    if not opportunity.is_open:
        return ""
    expected = opportunity.stage.expected_days
    if days > expected:
        return "rot"
    return "warn" if days > NEARLY * expected else ""


def weighted_of(opportunity: Opportunity) -> Decimal | None:
    """Amount × declared rate, half a cent up; None without an amount."""
    if opportunity.amount is None:
        return None
    return from_cents(weighted_cents(to_cents(opportunity.amount), to_ten_thousandths(opportunity.win_rate)))


def groups_of(queryset: QuerySet[Any], stages: Iterable[Stage]) -> list[Group]:
    """A group for each stage that holds something of `queryset`: the furthest open one first, closed ones last."""
    sums = queryset.order_by().values("stage_id").annotate(
        n=Count("pk"), total=Sum("amount"), weighed=Sum(Weighted("amount", "win_rate"))
    )  # fmt: skip
    found = {row["stage_id"]: row for row in sums}
    groups = [_group(stage, found[stage.pk]) for stage in stages if stage.pk in found]
    return sorted(groups, key=lambda group: _place(group.stage))


def _place(stage: Stage) -> tuple[bool, int, int]:
    return (not stage.is_open, -stage.position if stage.is_open else stage.position, stage.pk)


def _group(stage: Stage, row: dict[str, Any]) -> Group:
    return Group(stage, row["n"], row["total"] or NOTHING, row["weighed"] or NOTHING)


def totals_of(groups: Iterable[Group]) -> Totals:
    """The sums of the open groups."""
    every = list(groups)
    still_open = [group for group in every if group.stage.is_open]
    return Totals(
        rows=sum(group.count for group in every),
        count=sum(group.count for group in still_open),
        amount=sum((group.amount for group in still_open), NOTHING),
        weighted=sum((group.weighted for group in still_open), NOTHING),
    )


def by_stage(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """In the order of the groups, within a stage the largest amount first."""
    closed = Case(When(outcome=Outcome.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    down = Case(
        When(outcome=Outcome.OPEN, then=-F("stage__position")),
        default=F("stage__position"),
        output_field=IntegerField(),
    )
    return queryset.order_by(closed, down, "stage_id", F("amount").desc(nulls_last=True), "-id")


class CountedPaginator(Paginator):
    """A paginator that was told how many rows there are."""

    def __init__(self, rows: QuerySet[Any], count: int) -> None:
        super().__init__(rows, ROWS)
        self.__dict__["count"] = count


def page_of(queryset: QuerySet[Any], totals: Totals, number: str | None) -> Page[Any]:
    """One page of the sorted rows; a number that makes no sense is the nearest page."""
    return CountedPaginator(queryset.select_related("customer", "stage", "owner"), totals.rows).get_page(number)


def in_groups(rows: Sequence[Row], groups: Sequence[Group]) -> Iterator[tuple[Group, list[Row]]]:
    """The rows of a page under their groups."""
    of_stage = {group.stage.pk: group for group in groups}
    for stage_id, members in groupby(rows, key=lambda row: row.opportunity.stage_id):
        found = list(members)
        yield of_stage.get(stage_id) or Group(found[0].opportunity.stage), found
