"""What board and table add up: declared, counted, and what of it is unassessed (METHOD.md §2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from django.db.models import Case, Count, F, IntegerField, Sum, Value, When

from config.web.money import MoneyField, Weighted
from opportunities.rules.evidence import StageFloors
from opportunities.selectors.heights import NOW, counted_rate_of_open, is_unassessed

NOTHING = Decimal("0.00")
FIGURES = ("number", "total", "weighed", "counts", "alone", "alone_total")


@dataclass(frozen=True, slots=True)
class Sums:
    """Over several opportunities: `unassessed` of `unassessed_count` have not a single record of evidence."""

    count: int = 0
    amount: Decimal = NOTHING
    weighted: Decimal = NOTHING
    counted: Decimal = NOTHING
    unassessed_count: int = 0
    unassessed: Decimal = NOTHING

    @classmethod
    def of(cls, figures: Sequence[Any] | None) -> Self:
        """From values of FIGURES; from none at all the sums of nothing."""
        number, total, weighed, counts, alone, alone_total = figures or (0, None, None, None, 0, None)
        return cls(number, total or NOTHING, weighed or NOTHING, counts or NOTHING, alone or 0, alone_total or NOTHING)

    def __add__(self, other: Self) -> Self:
        names = type(self).__slots__
        return type(self)(*(getattr(self, name) + getattr(other, name) for name in names))


def total(parts: Iterable[Sums]) -> Sums:
    """The sum of several."""
    return sum(parts, Sums())


def of_open(floors: Sequence[StageFloors]) -> dict[str, Any]:
    """FIGURES as aggregates over open opportunities."""
    alone = is_unassessed(heights=NOW)
    return {
        "number": Count("*"),
        "total": Sum("amount"),
        "weighed": Sum(Weighted("amount", "win_rate")),
        "counts": Sum(Weighted("amount", counted_rate_of_open(floors, NOW))),
        "alone": Count("pk", filter=alone),
        "alone_total": Sum("amount", filter=alone),
    }


def of_any(floors: Sequence[StageFloors], still_open: Sequence[int]) -> dict[str, Any]:
    """Likewise where some may be closed, which count as declared: told by the stage, which the indexes hold.

    `still_open` are the ids of the open stages.
    """
    counted = Case(When(stage__in=still_open, then=counted_rate_of_open(floors, NOW)), default=F("win_rate"))
    return of_open(floors) | {"counts": Sum(Weighted("amount", counted))}


def of_won(worth: F) -> dict[str, Any]:
    """Likewise of won ones, which a signature proves: `worth` is what was booked."""
    weighed = Sum(Weighted(worth, "win_rate"))
    return {
        "number": Count("pk"),
        "total": Sum(worth),
        "weighed": weighed,
        "counts": weighed,
        "alone": Value(0, IntegerField()),
        "alone_total": Value(None, MoneyField()),
    }
