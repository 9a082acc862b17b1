"""What the board shows: a column a stage, each with the sums over all that match and its first cards.

One window query brings the cards together with the sums of their columns, as plain rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, When, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from accounts.selectors import calendar, today
from config.web.money import MoneyField, Weighted
from opportunities.filters import ORDERINGS
from opportunities.models import Opportunity, OpportunityVersion, Outcome, Stage

CARDS = 12  # at first, and with every scroll to the end of a column
SORTS = ("stage_entered_at", "-amount", "expected_close_date", "next_step_due")
NOTHING = Decimal("0.00")


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
    quarter = calendar().quarter(today())
    still_open = [stage.pk for stage in stages if stage.is_open]
    won = [stage.pk for stage in stages if stage.outcome == Outcome.WON]
    shown = Q(stage__in=still_open) | Q(stage__in=won, entered_on__gte=quarter.first, entered_on__lte=quarter.last)
    return Opportunity.objects.visible_to(user).in_use().filter(shown)


def board(queryset: QuerySet[Any], stages: Sequence[Stage], sort: str = SORTS[0], most: int = CARDS) -> Board:
    """The board of `queryset` (opportunities of `on_board`, filtered): at most `most` cards a column, in one query."""
    column: dict[str, Any] = {"partition_by": F("stage_id")}
    ranked = queryset.annotate(
        worth=_worth(),
        rank=Window(RowNumber(), order_by=order_of(sort), **column),
        in_column=Window(Count("pk"), **column),
        amount_of_column=Window(Sum("worth"), **column),
        weighted_of_column=Window(Sum(Weighted("worth", "win_rate")), **column),
    )
    rows = ranked.filter(rank__lte=most).order_by("stage_id", "rank")
    by_stage: dict[int, list[dict[str, Any]]] = {}
    for row in rows.values("stage_id", "in_column", "amount_of_column", "weighted_of_column", *_card_columns()):
        by_stage.setdefault(row["stage_id"], []).append(row)
    return Board([_column(stage, by_stage.get(stage.pk, [])) for stage in columns_of(stages)], closings_of(stages))


def sums(queryset: QuerySet[Any], stages: Sequence[Stage]) -> Board:
    """The board's columns without their cards, in one query."""
    grouped = (
        queryset.annotate(worth=_worth())
        .order_by()
        .values("stage_id")
        .annotate(number=Count("pk"), total=Sum("worth"), weighed=Sum(Weighted("worth", "win_rate")))
    )
    found = {row["stage_id"]: (row["number"], row["total"] or NOTHING, row["weighed"] or NOTHING) for row in grouped}
    columns = [Column(stage, *found.get(stage.pk, ())) for stage in columns_of(stages)]
    return Board(columns, closings_of(stages))


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
    winning = OpportunityVersion.objects.filter(opportunity=OuterRef("pk"), valid_from=OuterRef("entered_at"))
    at_winning = Subquery(winning.order_by().values("amount")[:1])
    return Case(When(outcome=Outcome.WON, then=at_winning), default=F("amount"), output_field=MoneyField())


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


def _column(stage: Stage, rows: list[dict[str, Any]]) -> Column:
    if not rows:
        return Column(stage)
    first = rows[0]
    return Column(
        stage,
        first["in_column"],
        first["amount_of_column"] or NOTHING,
        first["weighted_of_column"] or NOTHING,
        [_card(row) for row in rows],
    )
