"""What the board shows: a column a stage, each with the sums over all that match and its first cards.

One query of three parts, each of which touches only what it needs: the first cards, chosen by bare ids before anything
is looked up for them; the sums of open columns; the sum of what was won. Open and won ones have an index each.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    Case,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.expressions import OrderBy
from django.db.models.functions import RowNumber

from accounts import visibility
from accounts.calendar import Period
from accounts.models import User
from accounts.selectors import calendar, today
from config.web.composed import prepared
from config.web.lookups import Among
from config.web.money import MoneyField
from opportunities.filters import order_of
from opportunities.models import Opportunity, OpportunityVersion, Outcome, Stage
from opportunities.rules.evidence import FACTORS, Heights, StageFloors
from opportunities.selectors.figures import FIGURES, Sums, of_open, of_won, total
from opportunities.selectors.heights import NOW, floors_now

CARDS = 12  # at first, and with every scroll to the end of a column
SORTS = ("stage_entered_at", "-amount", "expected_close_date", "next_step_due")


@dataclass(frozen=True, slots=True)
class Card:
    """One opportunity as the board shows it; `worth` is its amount, of a won one that at the moment of winning."""

    id: int
    version: int
    title: str
    customer: str
    tier: str
    worth: Decimal | None
    expected_close_date: date | None
    signed_on: date | None
    entered_on: date
    owner: str
    next_step: str
    next_step_due: date | None
    win_rate: Decimal
    unproven_from: int | None
    demand: int | None  # verified heights, None while unassessed
    power: int | None
    goal: int | None
    value: int | None
    coordination: int | None

    @property
    def heights(self) -> Heights | None:
        """The verified heights; None while unassessed."""
        if self.demand is None:
            return None
        return Heights(verified=tuple(getattr(self, factor) for factor in FACTORS))


SOURCES = {"customer": "customer__name", "tier": "customer__tier", "owner": "owner__name"} | {
    factor: f"{NOW}{factor}" for factor in FACTORS
}
COLUMNS = tuple(SOURCES.get(name, name) for name in Card.__slots__)


@dataclass(frozen=True, slots=True)
class Column:
    """A stage with what matches in it: `sums` over all of it, `cards` the first of them."""

    stage: Stage
    sums: Sums = Sums()
    cards: Sequence[Card] = ()

    @property
    def count(self) -> int:
        return self.sums.count

    @property
    def rest(self) -> int:
        """How many cards are not among `cards`."""
        return self.count - len(self.cards)


@dataclass(frozen=True, slots=True)
class Board:
    """The columns in order, and the other closed stages, which have none."""

    columns: list[Column]
    closings: list[Stage] = field(default_factory=list)

    @property
    def open(self) -> list[Column]:
        return [column for column in self.columns if column.stage.is_open]

    @property
    def sums(self) -> Sums:
        """Over the open opportunities that match."""
        return total(column.sums for column in self.open)

    @property
    def count(self) -> int:
        """How many open opportunities match."""
        return self.sums.count

    @property
    def is_empty(self) -> bool:
        return not any(column.count for column in self.columns)

    def column(self, stage_id: int) -> Column | None:
        return next((column for column in self.columns if column.stage.pk == stage_id), None)


def columns_of(stages: Iterable[Stage]) -> list[Stage]:
    """The stages that have a column: the open ones, then won."""
    shown = [stage for stage in stages if stage.outcome in (Outcome.OPEN, Outcome.WON)]
    return sorted(shown, key=lambda stage: not stage.is_open)


def closings_of(stages: Iterable[Stage]) -> list[Stage]:
    """The closed stages without a column: lost, no decision, no-go."""
    return [stage for stage in stages if stage.outcome not in (Outcome.OPEN, Outcome.WON)]


@dataclass(frozen=True, slots=True)
class Terms:
    """What of stages and calendar decides how a board is asked for; `most` cards have all columns together."""

    open: tuple[int, ...]
    won: tuple[int, ...]
    floors: tuple[StageFloors, ...]
    quarter: Period
    moments: tuple[datetime, datetime]
    most: int


def terms_of(stages: Sequence[Stage]) -> Terms:
    """The terms of a board of these stages now."""
    days = calendar()
    quarter = days.quarter(today())
    still_open, won = (tuple(it.pk for it in stages if it.outcome == each) for each in (Outcome.OPEN, Outcome.WON))
    floors = tuple(floors_now(stages))
    return Terms(still_open, won, floors, quarter, days.moments(quarter), CARDS * len(stages))


def halves(queryset: QuerySet[Any], terms: Terms) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """What the board shows of `queryset`: the open ones, and those won in this fiscal quarter."""
    rows = queryset.order_by()
    return rows.filter(outcome=Outcome.OPEN, stage__in=terms.open), rows.filter(_booked(terms), stage__in=terms.won)


def _booked(terms: Terms) -> Q:
    """Won in this quarter: the local dates decide, the moments, which say the same, are what the index knows."""
    first, last = terms.moments
    dates = Q(entered_on__range=(terms.quarter.first, terms.quarter.last))
    return Q(dates, outcome=Outcome.WON, entered_at__gte=first, entered_at__lt=last)


def everything(sight: Any, user: int, path: str) -> QuerySet[Any]:
    """All that somebody may see who sees so: what a board without filters shows."""
    seen: QuerySet[Any] = Opportunity.objects.visible_to(visibility.somebody(sight, user, path)).in_use()
    return seen


def board(queryset: QuerySet[Any], stages: Sequence[Stage], sort: str = SORTS[0]) -> Board:
    """The board of `queryset` (what one may see, filtered) with the first cards of each column, in one query."""
    return _filled(stages, _cards_and_sums(queryset, terms_of(stages), sort))


def board_of(user: User, stages: Sequence[Stage], sort: str = SORTS[0]) -> Board:
    """Likewise of all that a person may see."""
    return _filled(
        stages, _all_cards_and_sums(visibility.sight(user), terms_of(stages), sort, **visibility.beholder(user))
    )


def sums(queryset: QuerySet[Any], stages: Sequence[Stage]) -> Board:
    """The board's columns without their cards, in one query."""
    return _board(stages, {stage_id: figures for stage_id, *figures in _bare_sums(queryset, terms_of(stages))}, {})


def sums_of(user: User, stages: Sequence[Stage]) -> Board:
    """Likewise of all that a person may see."""
    found = _all_sums(visibility.sight(user), terms_of(stages), **visibility.beholder(user))
    return _board(stages, {stage_id: figures for stage_id, *figures in found}, {})


@prepared
def _all_cards_and_sums(sight: Any, terms: Terms, sort: str, *, user: int, path: str) -> QuerySet[Any]:
    return _cards_and_sums(everything(sight, user, path), terms, sort, of_all=visibility.sees_everything(sight))


@prepared
def _all_sums(sight: Any, terms: Terms, *, user: int, path: str) -> QuerySet[Any]:
    return _bare_sums(everything(sight, user, path), terms)


def _cards_and_sums(queryset: QuerySet[Any], terms: Terms, sort: str, *, of_all: bool = False) -> QuerySet[Any]:
    no_card = {f"no_{name}": Value(None, IntegerField()) for name in ("place", *COLUMNS)}
    sums = (part.annotate(**no_card).values_list("stage_id", *FIGURES, *no_card) for part in _sums(queryset, terms))
    return _first_cards(first(queryset, terms, sort, of_all=of_all), sort).union(*sums, all=True)


def _bare_sums(queryset: QuerySet[Any], terms: Terms) -> QuerySet[Any]:
    held, won = (part.values_list("stage_id", *FIGURES) for part in _sums(queryset, terms))
    return held.union(won, all=True)


def _filled(stages: Sequence[Stage], rows: Iterable[Sequence[Any]]) -> Board:
    """The board of the rows of `_cards_and_sums`."""
    figures: dict[int, Sequence[Any]] = {}
    cards: dict[int, list[tuple[int, Card]]] = {}
    for stage_id, *rest in rows:
        found, place, values = rest[: len(FIGURES)], rest[len(FIGURES)], rest[len(FIGURES) + 1 :]
        if place is None:
            figures[stage_id] = found
        else:
            cards.setdefault(stage_id, []).append((place, Card(*values)))
    in_order = {stage_id: [card for _place, card in sorted(found)] for stage_id, found in cards.items()}
    return _board(stages, figures, in_order)


def _board(stages: Sequence[Stage], figures: Mapping[int, Sequence[Any]], cards: Mapping[int, list[Card]]) -> Board:
    columns = [_column(stage, figures.get(stage.pk), cards.get(stage.pk, [])) for stage in columns_of(stages)]
    return Board(columns, closings_of(stages))


def _column(stage: Stage, figures: Sequence[Any] | None, cards: Sequence[Card]) -> Column:
    return Column(stage, Sums.of(figures), cards)


def _sums(queryset: QuerySet[Any], terms: Terms) -> Iterator[QuerySet[Any]]:
    """FIGURES by stage, of the open ones and of the won ones."""
    held, won = halves(queryset, terms)
    yield held.values("stage_id").annotate(**of_open(terms.floors))
    first, last = terms.moments  # what is won and when: an index of its own knows that, and the amount
    then = Q(versions__outcome=Outcome.WON, versions__valid_from__gte=first, versions__valid_from__lt=last)
    at_winning = FilteredRelation("versions", condition=Q(then, versions__valid_from=F("entered_at")))
    yield won.annotate(winning=at_winning).values("stage_id").annotate(**of_won(F("winning__amount")))


def _first_cards(rows: QuerySet[Any], sort: str) -> QuerySet[Any]:
    """The cards of these rows with their place, where `_sums` has its figures nothing."""
    number, amount = Value(None, IntegerField()), Value(None, MoneyField())
    shown = rows.order_by().annotate(place=Window(RowNumber(), order_by=order_of(sort)))
    nothing = {name: number if name in ("number", "alone") else amount for name in FIGURES}
    named = shown.annotate(worth=_worth(), **nothing)
    return named.values_list("stage_id", *FIGURES, "place", *COLUMNS)


def first(queryset: QuerySet[Any], terms: Terms, sort: str, *, of_all: bool = False) -> QuerySet[Any]:
    """The first CARDS rows of each column in this order, all columns together.

    `of_all`: `queryset` is all there is. Then each column is walked along its index; else what matches is numbered.
    """
    order = order_of(sort)
    chosen = _walked(queryset, terms, order) if of_all else _numbered(queryset, terms, order)
    return Opportunity.objects.filter(chosen).order_by(*order)


def _numbered(queryset: QuerySet[Any], terms: Terms, order: Sequence[OrderBy]) -> Q:
    rank = Window(RowNumber(), partition_by=F("stage_id"), order_by=order)
    held, won = (half.annotate(rank=rank).filter(rank__lte=CARDS).values("pk") for half in halves(queryset, terms))
    return Q(pk__in=held.union(won, all=True)[: terms.most])  # there are no more: the planner does not know


def _walked(queryset: QuerySet[Any], terms: Terms, order: Sequence[OrderBy]) -> Q:
    held, won = halves(queryset, terms)
    columns = [held.filter(stage=pk) for pk in terms.open] + [won.filter(stage=pk) for pk in terms.won]
    firsts = (column.order_by(*order).values("pk")[:CARDS] for column in columns)
    return reduce(or_, (Q(Among(F("pk"), column.query)) for column in firsts), Q(pk__in=[]))


def of_column(queryset: QuerySet[Any], stage: Stage) -> QuerySet[Any]:
    """What one column shows of `queryset`."""
    held, won = halves(queryset, terms_of([stage]))
    return held if stage.is_open else won


def cards(queryset: QuerySet[Any], *, sort: str = SORTS[0], offset: int = 0, most: int = CARDS) -> list[Card]:
    """Cards `offset` … `offset + most` of the sorted rows of one column, in one query."""
    rows = queryset.annotate(worth=_worth()).order_by(*order_of(sort)).values_list(*COLUMNS)
    return [Card(*row) for row in rows[offset : offset + most]]


def _worth() -> Case:
    """The amount; of a won opportunity that at the moment of winning, which is what is booked (METHOD.md §7)."""
    winning = OpportunityVersion.objects.filter(opportunity=OuterRef("pk"), valid_from=OuterRef("entered_at"))
    at_winning = Subquery(winning.order_by().values("amount")[:1])
    return Case(When(outcome=Outcome.WON, then=at_winning), default=F("amount"), output_field=MoneyField())
