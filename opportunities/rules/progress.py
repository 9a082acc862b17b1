"""Whether an open opportunity still climbs: days without progress, stagnation, height lost (METHOD.md §7)."""

from collections.abc import Sequence
from datetime import date

LOOK_BACK_DAYS = 30


def days_without_progress(last_progress: date | None, entered_on: date, day: date) -> int:
    """Local days since the last customer-verified progress; without any, since the stage entry (FINE-PRINT 32)."""
    return (day - (last_progress or entered_on)).days


def stagnation(days: int, expected_days: int) -> str:
    """`amber` over the stage's expected days, `red` over 1.5 × them, else empty."""
    if 2 * days > 3 * expected_days:
        return "red"
    return "amber" if days > expected_days else ""


def has_fallen(verified: Sequence[int], before: Sequence[int]) -> bool:
    """Whether a factor's verified height is lower than it was (FINE-PRINT 37)."""
    return any(now < then for now, then in zip(verified, before, strict=True))
