"""The historical win rate: what opportunities that stood like this one came to (METHOD.md §2). Pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opportunities.rules.beta import quantile

BEGINS = (0, 31, 61, 91, 181)  # first day in the stage of each age band
WEIGHT = 30  # cases that the stage's mean is worth
LEAST = 30  # cases below which a band is not calibrated
TAIL = 0.1  # of the distribution, on either side of the 80 % interval


@dataclass(frozen=True, slots=True)
class Historical:
    """`n` closed cases; their win rate drawn to the stage's, with its 80 % interval. None: not calibrated."""

    n: int = 0
    rate: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Cases:
    """How many stood so, and how many of them were won."""

    n: int
    won: int


def band_of(days: int) -> int:
    """The index of the age band of so many days in a stage."""
    return max(bisect_right(BEGINS, days) - 1, 0)


def calibrated(bands: Sequence[Cases]) -> tuple[Historical, ...]:
    """The rates of a stage's age bands. Whoever stood in it at all stood in the first, which gives the stage's mean."""
    first = bands[0]
    mean = first.won / first.n if first.n else 0.0
    return tuple(_drawn(cases, mean) for cases in bands)


def _drawn(cases: Cases, mean: float) -> Historical:
    if cases.n < LEAST:
        return Historical(cases.n)
    won, other = cases.won + WEIGHT * mean, cases.n - cases.won + WEIGHT * (1 - mean)
    low, high = (quantile(p, won, other) for p in (TAIL, 1 - TAIL))
    return Historical(cases.n, won / (won + other), low, high)


def of_stage(rates: Mapping[int, Sequence[Historical]], stage_id: int, days: int) -> Historical:
    """The rate of those so many days in a stage; `rates` are those of the bands, by stage id."""
    return rates[stage_id][band_of(days)] if stage_id in rates else Historical()
