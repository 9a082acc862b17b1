"""The ideal customer of a product line: what its criteria say, and how well a customer fits. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from customers.rules.tiers import TIERS

FITS_FROM = 70  # percent of the weights from which a customer is worth setting out for
MOST_CRITERIA = 8
SEPARATORS = re.compile("[,，、;；\n]")
PLAIN = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?")  # an amount as it is stored


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion and a customer: whether it holds, and what was found (a text, an amount, a day; None: nothing)."""

    kind: str
    wanted: str
    weight: int
    holds: bool
    found: object


def words_of(value: str) -> list[str]:
    """The words of a list, each once, in their order."""
    return list(dict.fromkeys(word.strip() for word in SEPARATORS.split(value) if word.strip()))


def amount_of(value: str) -> Decimal | None:
    """The amount that a criterion asks for; None for a text that is none, which no customer reaches."""
    return Decimal(value) if PLAIN.fullmatch(value.strip()) else None


def tiers_from(value: str) -> tuple[str, ...]:
    """The tiers that are at least this one; none for a text that is no tier."""
    return tuple(tier for tier in TIERS if tier >= value) if value in TIERS else ()


def percent(points: int, weights: int) -> int:
    """The points of the criteria that hold, of all weights, in whole percent, half a percent up."""
    return (200 * points + weights) // (2 * weights) if weights else 0


def points_for(limit: int, weights: int) -> int:
    """The fewest points whose `percent` is at least `limit`."""
    return max(-(-(2 * limit - 1) * weights // 200), 0)


def findings(
    criteria: Sequence[tuple[str, str, int]], points: Sequence[int], found: Sequence[object]
) -> tuple[Finding, ...]:
    """Each criterion (kind, value, weight) with the points that a customer has of it, and what it has of its kind."""
    return tuple(
        Finding(kind, wanted, weight, bool(had), what)
        for (kind, wanted, weight), had, what in zip(criteria, points, found, strict=True)
    )
