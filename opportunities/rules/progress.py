"""Whether an open opportunity still climbs: days without progress, stagnation, height lost (METHOD.md §7)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

LOOK_BACK_DAYS = 30
Entry = tuple[int, datetime, str, int]  # (opportunity, moment, outcome, stage)


class LastMoves(NamedTuple):
    """When an opportunity last moved to a later open stage or was reopened, and when it last moved back."""

    advanced_at: datetime | None
    went_back_at: datetime | None


def last_moves(entries: Iterable[Entry], places: Mapping[int, int]) -> dict[int, LastMoves]:
    """The last moves of each opportunity (FINE-PRINT 32, 37), by all its entries into stages, in turn.

    `places` has the positions of the open stages; between others there is neither forward nor back.
    """
    return {row: _last_moves(list(its), places) for row, its in groupby(entries, itemgetter(0))}


def _last_moves(entries: Sequence[Entry], places: Mapping[int, int]) -> LastMoves:
    advanced_at = went_back_at = None
    for (_row, _left, outcome_before, stage_before), (_same, at, outcome, stage) in pairwise(entries):
        if outcome != "open":
            continue
        if outcome_before != "open":
            advanced_at = at
        elif stage in places and stage_before in places:
            if places[stage] > places[stage_before]:
                advanced_at = at
            elif places[stage] < places[stage_before]:
                went_back_at = at
    return LastMoves(advanced_at, went_back_at)


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
