"""What the table shows: the rows of one page, and the sums over all that match."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, NullIf

from accounts import visibility
from accounts.models import User
from config.web.composed import prepared
from config.web.money import from_cents, to_cents, to_ten_thousandths, weighted_cents
from opportunities import rules
from opportunities.filters import ordered
from opportunities.models import Opportunity, Outcome, Stage
from opportunities.rules.evidence import FACTORS, Heights, StageFloors
from opportunities.selectors.figures import FIGURES, Sums, of_any, of_open, total
from opportunities.selectors.heights import NOW, floors_now, verified_on
from opportunities.selectors.stages import all_stages

ROWS = 25
NAMED = {
    "customer_name": F("customer__name"),
    "customer_tier": F("customer__tier"),
    "owner_name": Coalesce(NullIf("owner__name", Value("")), "owner__username"),
}
SHOWN = (
    "version", "title", "stage", "outcome", "win_rate", "unproven_from_id", "amount", "expected_close_date",
    "entered_on", "next_step", "next_step_due",
    *(f"{NOW}{factor}" for factor in FACTORS),
)  # fmt: skip
NEARLY = Decimal("0.8")  # of the expected days: from here on the time in a stage is worth a look


@dataclass(frozen=True, slots=True)
class Asked:
    """What a table is asked for: what is seen so (`visibility.sight`) and meets a condition, in an order ("" by stage).

    `all_open`: the open ones of it alone. It is the shape of statements, so the condition is one of bare values
    (`OpportunityFilter.plain`).
    """

    sight: Hashable
    wanted: Q
    all_open: bool
    sort: str

    def rows(self, user: int, path: str) -> QuerySet[Any]:
        """The rows, for this one of those who see so (`visibility.beholder`)."""
        return seen_by(visibility.somebody(self.sight, user, path), all_open=self.all_open).filter(self.wanted)


@dataclass(frozen=True, slots=True)
class Row:
    """An opportunity of the table. `age` is "rot" over its stage's expected days, "warn" over four fifths of them.

    `overdue`: it is open and its expected close has passed. `heights` are None while it is unassessed. A whole row
    says the names of its customer and owner as well (`rows_of`).
    """

    opportunity: Opportunity
    days: int
    age: str
    overdue: bool
    heights: Heights | None
    customer: str = ""
    tier: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A stage and the sums over everything that matches in it."""

    stage: Stage
    sums: Sums = Sums()


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over all open opportunities that match, and how many rows match at all."""

    rows: int
    sums: Sums

    @property
    def count(self) -> int:
        return self.sums.count


def row_of(opportunity: Opportunity, day: date) -> Row:
    """The row of one opportunity on the local date `day`."""
    days = rules.days_in_stage(opportunity.entered_on, day)
    close = opportunity.expected_close_date
    overdue = opportunity.is_open and close is not None and close < day
    return Row(opportunity, days, age_of(opportunity, days), overdue, heights_of(opportunity))


def rows_of(page: Page[Any], day: date) -> list[Row]:
    """The rows of a page of `page_of` with the names that stand in them."""
    return [
        replace(row_of(each, day), customer=each.customer_name, tier=each.customer_tier, owner=each.owner_name)
        for each in page.object_list
    ]


def heights_of(opportunity: Opportunity) -> Heights | None:
    """The verified heights of an opportunity now; None while unassessed."""
    verified = tuple(verified_on(opportunity).values())
    return None if verified[0] is None else Heights(verified=verified)  # type: ignore[arg-type]


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
    return weighed(opportunity.amount, opportunity.win_rate)


def weighed(amount: Decimal | None, rate: Decimal) -> Decimal | None:
    """Amount × rate, half a cent up; None without an amount."""
    return None if amount is None else from_cents(weighted_cents(to_cents(amount), to_ten_thousandths(rate)))


def seen_by(user: User, *, all_open: bool) -> QuerySet[Any]:
    """What a table shows that is not filtered."""
    rows: QuerySet[Any] = Opportunity.objects.visible_to(user).in_use()
    return rows.filter(outcome=Outcome.OPEN) if all_open else rows


def in_order(rows: QuerySet[Any], sort: str) -> QuerySet[Any]:
    """Sorted by one of `filters.ORDERINGS`, without any in the order of the groups."""
    return ordered(rows, sort) if sort else by_stage(rows)


def groups_of(queryset: QuerySet[Any], stages: Sequence[Stage], *, all_open: bool = False) -> list[Group]:
    """A group for each stage that holds something of `queryset`: the furthest open one first, closed ones last.

    `all_open`: nothing in it is closed.
    """
    return _groups(_sums(queryset, *_terms(stages), all_open=all_open), stages)


def groups_asked_for(asked: Asked, user: User, stages: Sequence[Stage]) -> list[Group]:
    """Likewise of what this person asks for."""
    return _groups(_sums_asked_for(asked, *_terms(stages), **visibility.beholder(user)), stages)


def _terms(stages: Sequence[Stage]) -> tuple[tuple[StageFloors, ...], tuple[int, ...]]:
    return tuple(floors_now(stages)), tuple(stage.pk for stage in stages if stage.is_open)


@prepared
def _sums_asked_for(
    asked: Asked, floors: Sequence[StageFloors], still_open: Sequence[int], *, user: int, path: str
) -> QuerySet[Any]:
    return _sums(asked.rows(user, path), floors, still_open, all_open=asked.all_open)


def _sums(
    rows: QuerySet[Any], floors: Sequence[StageFloors], still_open: Sequence[int], *, all_open: bool
) -> QuerySet[Any]:
    figures = of_open(floors) if all_open else of_any(floors, still_open)
    return rows.order_by().values("stage_id").annotate(**figures).values_list("stage_id", *FIGURES)


def _groups(sums: Iterable[Sequence[Any]], stages: Sequence[Stage]) -> list[Group]:
    found = {stage_id: Sums.of(figures) for stage_id, *figures in sums}
    groups = [Group(stage, found[stage.pk]) for stage in stages if stage.pk in found]
    return sorted(groups, key=lambda group: _place(group.stage))


def _place(stage: Stage) -> tuple[bool, int, int]:
    return (not stage.is_open, -stage.position if stage.is_open else stage.position, stage.pk)


def totals_of(groups: Iterable[Group]) -> Totals:
    """The sums of the open groups."""
    every = list(groups)
    return Totals(
        rows=sum(group.sums.count for group in every),
        sums=total(group.sums for group in every if group.stage.is_open),
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
    """A paginator that was told how many rows there are, and how to read those of a page from its first on."""

    def __init__(self, read: Callable[[int], Iterable[Any]], count: int) -> None:
        super().__init__((), ROWS)
        self.read, self.__dict__["count"] = read, count

    def page(self, number: int | str) -> Page[Any]:
        valid = self.validate_number(number)
        return Page(with_stages(self.read((valid - 1) * ROWS)), valid, self)


def _shown(rows: QuerySet[Any], first: int) -> QuerySet[Any]:
    """A page of the sorted rows, from the one at this place on.

    It is chosen by bare ids: sorted whole, tens of thousands of rows would be carried along for a few.
    """
    ids = rows.values("pk")[first : first + ROWS]
    return Opportunity.objects.filter(pk__in=ids).order_by(*rows.query.order_by).annotate(**NAMED).only(*SHOWN)


@prepared
def _shown_asked_for(asked: Asked, first: int, *, user: int, path: str) -> QuerySet[Any]:
    return _shown(in_order(asked.rows(user, path), asked.sort), first)


def with_stages(rows: Iterable[Any]) -> list[Any]:
    """The rows with the stages that the request has read."""
    found, stages = list(rows), {stage.pk: stage for stage in all_stages()}
    for row in found:
        row.stage = stages[row.stage_id]
    return found


def page_of(queryset: QuerySet[Any], totals: Totals, number: str | None) -> Page[Any]:
    """One page of the sorted rows; a number that makes no sense is the nearest page."""
    return CountedPaginator(partial(_shown, queryset), totals.rows).get_page(number)


def page_asked_for(asked: Asked, user: User, totals: Totals, number: str | None) -> Page[Any]:
    """Likewise of what this person asks for."""
    read = partial(_shown_asked_for, asked, **visibility.beholder(user))
    return CountedPaginator(read, totals.rows).get_page(number)


def in_groups(rows: Sequence[Row], groups: Sequence[Group]) -> Iterator[tuple[Group, list[Row]]]:
    """The rows of a page under their groups."""
    of_stage = {group.stage.pk: group for group in groups}
    for stage_id, members in groupby(rows, key=lambda row: row.opportunity.stage_id):
        found = list(members)
        yield of_stage.get(stage_id) or Group(found[0].opportunity.stage), found
