"""What the board shows: a column a stage, each with the sums over all that match and its first cards.

One query of three parts, each of which touches only what it needs: the first cards, chosen by bare ids; the sums of
open columns; the sum of what was won. Ranked together, names and worth were looked up for every row that matched.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any

from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from accounts.selectors import calendar, today
from config.web.money import MoneyField, Weighted
from opportunities.filters import ORDERINGS
from opportunities.models import Opportunity, OpportunityVersion, Outcome, Stage

CARDS = 12  # at first, and with every scroll to the end of a column
SORTS = ("stage_entered_at", "-amount", "expected_close_date", "next_step_due")
NOTHING = Decimal("0.00")
SUMS = ("number", "total", "weighed")


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


PLAIN = tuple(name for name in Card.__slots__ if name not in ("worth", "customer", "tier", "owner"))


@dataclass(frozen=True, slots=True)
class Column:
    """A stage with what matches in it: `count`, `amount`, `weighted` over all of it, `cards` the first of them."""

    stage: Stage
    count: int = 0
    amount: Decimal = NOTHING
    weighted: Decimal = NOTHING
    cards: Sequence[Card] = ()

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
    def count(self) -> int:
        """How many open opportunities match."""
        return sum(column.count for column in self.open)

    @property
    def amount(self) -> Decimal:
        return sum((column.amount for column in self.open), NOTHING)

    @property
    def weighted(self) -> Decimal:
        return sum((column.weighted for column in self.open), NOTHING)

    @property
    def is_empty(self) -> bool:
        return not any(column.count for column in self.columns)

    def column(self, stage_id: int) -> Column | None:
        return next((column for column in self.columns if column.stage.pk == stage_id), None)


def stages_in_use() -> list[Stage]:
    """Every stage in use, in order."""
    return list(Stage.objects.in_use())


def columns_of(stages: Iterable[Stage]) -> list[Stage]:
    """The stages that have a column: the open ones, then won."""
    shown = [stage for stage in stages if stage.outcome in (Outcome.OPEN, Outcome.WON)]
    return sorted(shown, key=lambda stage: not stage.is_open)


def closings_of(stages: Iterable[Stage]) -> list[Stage]:
    """The closed stages without a column: lost, no decision, no-go."""
    return [stage for stage in stages if stage.outcome not in (Outcome.OPEN, Outcome.WON)]


def on_board(user: User, stages: Iterable[Stage]) -> QuerySet[Any]:
    """The opportunities of the columns that `user` may see: open ones, and those won in this fiscal quarter."""
    days = calendar()
    quarter = days.quarter(today())
    first, last = days.moments(quarter)  # what the index knows; the local dates say the same
    still_open = [stage.pk for stage in stages if stage.is_open]
    won = [stage.pk for stage in stages if stage.outcome == Outcome.WON]
    booked = Q(entered_on__range=(quarter.first, quarter.last), entered_at__gte=first, entered_at__lt=last)
    shown = Q(stage__in=still_open) | Q(stage__in=won) & booked
    return Opportunity.objects.visible_to(user).in_use().filter(shown)


def board(queryset: QuerySet[Any], stages: Sequence[Stage], sort: str = SORTS[0], most: int = CARDS) -> Board:
    """The board of `queryset` (opportunities of `on_board`, filtered): at most `most` cards a column, in one query."""
    first = _first_cards(queryset, stages, sort, most)
    nothing = {f"no_{name}": Value(None, IntegerField()) for name in ("place", *_card_columns())}
    held, won = (part.annotate(**nothing).values_list("stage_id", *SUMS, *nothing) for part in _sums(queryset, stages))
    added_up: dict[int, tuple[Any, ...]] = {}
    by_stage: dict[int, list[tuple[Any, ...]]] = {}
    for stage_id, number, total, weighed, place, *values in first.union(held, won, all=True):
        if place is None:
            added_up[stage_id] = (number, total, weighed)
        else:
            by_stage.setdefault(stage_id, []).append((place, values))
    return Board(
        [_column(stage, added_up, by_stage.get(stage.pk, [])) for stage in columns_of(stages)], closings_of(stages)
    )


def sums(queryset: QuerySet[Any], stages: Sequence[Stage]) -> Board:
    """The board's columns without their cards, in one query."""
    held, won = (part.values_list("stage_id", *SUMS) for part in _sums(queryset, stages))
    added_up = {stage_id: found for stage_id, *found in held.union(won, all=True)}
    return Board([_column(stage, added_up, []) for stage in columns_of(stages)], closings_of(stages))


def _column(stage: Stage, added_up: Mapping[int, Sequence[Any]], cards: Sequence[tuple[Any, ...]]) -> Column:
    number, total, weighed = added_up.get(stage.pk, (0, None, None))
    shown = [
        _card(dict(zip(_card_columns(), values, strict=True))) for _place, values in sorted(cards, key=itemgetter(0))
    ]
    return Column(stage, number, total or NOTHING, weighed or NOTHING, shown)


def _first_cards(queryset: QuerySet[Any], stages: Sequence[Stage], sort: str, most: int) -> QuerySet[Any]:
    """The first `most` cards of each column with their place in it, without sums."""
    rank = Window(RowNumber(), partition_by=F("stage_id"), order_by=order_of(sort))
    parts = halves(queryset.order_by(), stages)
    held, won = (part.annotate(rank=rank).filter(rank__lte=most).values("pk") for part in parts)
    ids = held.union(won, all=True)[: most * len(stages)]  # there are no more: the planner does not know
    number, amount = Value(None, IntegerField()), Value(None, MoneyField())
    shown = Opportunity.objects.filter(pk__in=ids).order_by()
    shown = shown.annotate(place=rank, worth=_worth(), number=number, total=amount, weighed=amount)
    return shown.values_list("stage_id", *SUMS, "place", *_card_columns())


def halves(queryset: QuerySet[Any], stages: Sequence[Stage]) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """The open ones and the won ones, each said so that its own index is used."""
    still_open = [stage.pk for stage in stages if stage.is_open]
    won = [stage.pk for stage in stages if stage.outcome == Outcome.WON]
    return (
        queryset.filter(outcome=Outcome.OPEN, stage__in=still_open),
        queryset.filter(outcome=Outcome.WON, stage__in=won),
    )


def _sums(queryset: QuerySet[Any], stages: Sequence[Stage]) -> Iterator[QuerySet[Any]]:
    """SUMS by stage, of the open ones and of the won ones."""
    for half, worth in zip(halves(queryset.order_by(), stages), (F("amount"), _at_winning()), strict=True):
        grouped = half.annotate(worth=worth).values("stage_id")
        yield grouped.annotate(number=Count("pk"), total=Sum("worth"), weighed=Sum(Weighted("worth", "win_rate")))


def cards(queryset: QuerySet[Any], *, sort: str = SORTS[0], offset: int = 0, most: int = CARDS) -> list[Card]:
    """Cards `offset` … `offset + most` of a sorted queryset, in one query."""
    rows = queryset.annotate(worth=_worth()).order_by(*order_of(sort)).values(*_card_columns())
    return [_card(row) for row in rows[offset : offset + most]]


def order_of(sort: str) -> list[Any]:
    """The order of one of SORTS (another is taken as the first): empty values last, ties by id."""
    wanted = sort if sort in SORTS else SORTS[0]
    value = F(ORDERINGS[wanted.removeprefix("-")])
    first = value.desc(nulls_last=True) if wanted.startswith("-") else value.asc(nulls_last=True)
    return [first, F("pk").desc()]


def _worth() -> Case:
    """The amount; of a won opportunity that at the moment of winning, which is what is booked (METHOD.md §7)."""
    return Case(When(outcome=Outcome.WON, then=_at_winning()), default=F("amount"), output_field=MoneyField())


def _at_winning() -> Subquery:
    winning = OpportunityVersion.objects.filter(opportunity=OuterRef("pk"), valid_from=OuterRef("entered_at"))
    return Subquery(winning.order_by().values("amount")[:1])


def _card_columns() -> tuple[str, ...]:
    return (*PLAIN, "worth", "customer__name", "customer__tier", "owner__name")


def _card(row: dict[str, Any]) -> Card:
    return Card(
        worth=row["worth"],
        customer=row["customer__name"],
        tier=row["customer__tier"],
        owner=row["owner__name"],
        **{name: row[name] for name in PLAIN},
    )
