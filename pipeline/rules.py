"""Arithmetic of the pipeline's readings (METHOD.md §7, FINE-PRINT 17-27). Pure: no ORM, no request, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from opportunities.rules import WON

ZERO = Decimal("0.00")
BARS = (
    "new", "reopened", "transferred_in", "increased", "decreased",
    "won", "lost", "no_decision", "no_go", "transferred_out",
)  # fmt: skip
INCOMING = frozenset({"new", "reopened", "transferred_in", "increased"})
EDGES = ("begin", "end")
CONVERSION_DAYS = 365
SMALLEST_BULGE = 5


@dataclass(frozen=True, slots=True)
class Part:
    """How many, and what they come to."""

    count: int = 0
    amount: Decimal = ZERO

    def __add__(self, other: "Part") -> "Part":
        return Part(self.count + other.count, self.amount + other.amount)


@dataclass(frozen=True, slots=True)
class Sums:
    """Open opportunities: number, amount, weighted and counted amount, and the unassessed ones among them."""

    count: int = 0
    amount: Decimal = ZERO
    weighted: Decimal = ZERO
    counted: Decimal = ZERO
    unassessed: Part = Part()

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Sums)))


@dataclass(frozen=True, slots=True)
class Movements:
    """The bars of a waterfall between its two edges, each an amount of at least 0."""

    begin: Decimal = ZERO
    new: Decimal = ZERO
    reopened: Decimal = ZERO
    transferred_in: Decimal = ZERO
    increased: Decimal = ZERO
    decreased: Decimal = ZERO
    won: Decimal = ZERO
    lost: Decimal = ZERO
    no_decision: Decimal = ZERO
    no_go: Decimal = ZERO
    transferred_out: Decimal = ZERO
    end: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """What the bars add to begin; end - begin when nothing is missing."""
        return sum((getattr(self, bar) * (1 if bar in INCOMING else -1) for bar in BARS), ZERO)


def total(parts: Sequence[Sums]) -> Sums:
    """The sum of several."""
    return sum(parts, Sums())


def reached(positions: Sequence[int], furthest: Mapping[int, int]) -> list[int]:
    """For each stage position, how many came at least so far; one more entry at the end for won.

    `furthest` is {furthest position so far: how many}.
    """
    return [sum(times for far, times in furthest.items() if far >= position) for position in (*positions, WON)]


def conversions(came: Sequence[int]) -> list[float | None]:
    """conversion(i) = reached(i+1) ÷ reached(i), None where nobody reached stage i."""
    return [after / here if here else None for here, after in zip(came, came[1:], strict=False)]


def bulges(stages: Sequence[Sums]) -> list[int]:
    """Indexes of the stages that bulge: over 1.25 × the stage before and at least 5, or over 40 % of the amount."""
    whole = sum((stage.amount for stage in stages), ZERO)
    return [
        index
        for index, stage in enumerate(stages)
        if stage.amount * 5 > whole * 2 or (index and _outgrows(stage.count, stages[index - 1].count))
    ]


def _outgrows(count: int, before: int) -> bool:
    return count >= SMALLEST_BULGE and count * 4 > before * 5
