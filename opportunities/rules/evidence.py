"""What evidence proves: heights, evidenced win rate, confidence, contradictions (METHOD.md §3, FINE-PRINT 10-16)."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, takewhile
from operator import ge
from typing import Any

FACTORS = ("demand", "power", "goal", "value", "coordination")
GRADES = ("E0", "E1", "E2", "E3")
TOP = 6
OURS = {("value", 1), ("goal", 4), ("coordination", 2)}  # rungs that are ours by nature
AGEING_DAYS = 90
GOOD, FAIR, SOME = 24, 18, 12  # sums of verified heights from which confidence is A, B, C


@dataclass(frozen=True, slots=True)
class Record:
    """A checkpoint record: `grades` are (from when, grade), the first from `recorded_at` on."""

    factor: str
    level: int
    recorded_at: datetime
    grades: tuple[tuple[datetime, str], ...]
    confirmed_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def stands(self, at: datetime) -> bool:
        """Whether it counts at this moment: recorded by then, not withdrawn by then (FINE-PRINT 10)."""
        return self.recorded_at <= at and (self.withdrawn_at is None or self.withdrawn_at > at)

    def grade(self, at: datetime) -> str:
        """The grade that held at this moment."""
        moments = [since for since, _grade in self.grades]
        return self.grades[max(bisect_right(moments, at) - 1, 0)][1]

    def confirmed(self, at: datetime) -> bool:
        return self.confirmed_at is not None and self.confirmed_at <= at

    def verified(self, at: datetime) -> bool:
        """Whether it stands and proves its level at this moment."""
        return self.stands(at) and proves(self.level, self.grade(at), confirmed=self.confirmed(at))

    def moments(self) -> Iterator[datetime]:
        """When something about it changes."""
        yield self.recorded_at
        yield from (since for since, _grade in self.grades[1:])
        yield from (at for at in (self.confirmed_at, self.withdrawn_at) if at and at > self.recorded_at)

    def verified_since(self) -> datetime | None:
        """The moment from which it has been verified without a break until its last change; None: it isn't."""
        last: datetime | None = None
        for at in sorted(self.moments()):
            if not self.verified(at):
                last = None
            elif last is None:
                last = at
        return last


def proves(level: int, grade: str, *, confirmed: bool) -> bool:
    """Whether a grade verifies a level: E1 for 1-2, E2 for 3-4, E3 or a confirmed E2 for 5-6."""
    if level <= 2:
        return grade != "E0"
    if level <= 4:
        return grade in ("E2", "E3")
    return grade == "E3" or (grade == "E2" and confirmed)


@dataclass(frozen=True, slots=True)
class Heights:
    """Claimed and verified height of each factor, in the order of FACTORS."""

    claimed: tuple[int, ...] = (0,) * len(FACTORS)
    verified: tuple[int, ...] = (0,) * len(FACTORS)

    def of(self, factor: str) -> int:
        """The verified height of one factor."""
        return self.verified[FACTORS.index(factor)]

    @property
    def total(self) -> int:
        return sum(self.verified)

    @property
    def weakest(self) -> str:
        """The factor with the lowest verified height, the first of several (FINE-PRINT 14)."""
        return FACTORS[self.verified.index(min(self.verified))]

    @property
    def next_rungs(self) -> list[tuple[str, int]]:
        """(factor, level) above each verified height, the weakest factor's first; none above the top."""
        lowest_first = sorted(zip(FACTORS, self.verified, strict=True), key=lambda each: each[1])
        return [(factor, height + 1) for factor, height in lowest_first if height < TOP]

    @property
    def percent(self) -> int:
        """Confidence as a whole number of percent."""
        return round(100 * self.total / (TOP * len(FACTORS)))

    @property
    def grade(self) -> str:
        """Confidence A-D, from the sum itself, capped by the weakest factor."""
        by_sum = next((mark for least, mark in ((GOOD, "A"), (FAIR, "B"), (SOME, "C")) if self.total >= least), "D")
        return max(by_sum, {0: "D", 1: "C", 2: "B"}.get(min(self.verified), "A"))

    @property
    def contradictions(self) -> tuple[str, ...]:
        """Factors that stand higher than power allows."""
        demand, power, goal, value, coordination = self.verified
        found = {
            "demand": demand >= 4 and power < 3,
            "goal": goal >= 5 and power < 3,
            "value": value >= 5 and power < 3,
            "coordination": coordination >= 5 and power < 5,
        }
        return tuple(name for name, odd in found.items() if odd)


def heights_at(records: Iterable[Record], at: datetime) -> Heights | None:
    """The heights at a moment; None while unassessed, that is without a single record by then (FINE-PRINT 12)."""
    known = [record for record in records if record.recorded_at <= at]
    if not known:
        return None
    return Heights(
        claimed=_climbed(record for record in known if record.stands(at)),
        verified=_climbed(record for record in known if record.verified(at)),
    )


def _climbed(records: Iterable[Record]) -> tuple[int, ...]:
    """The largest n of each factor with all of 1..n among the records."""
    reached = {(record.factor, record.level) for record in records}
    return tuple(_height(factor, reached) for factor in FACTORS)


def _height(factor: str, reached: Container[tuple[str, int]]) -> int:
    return sum(1 for _level in takewhile(lambda level: (factor, level) in reached, range(1, TOP + 1)))


def timeline(records: Sequence[Record]) -> list[tuple[datetime, Heights]]:
    """The heights from the first record on, one entry for each moment at which they change.

    They are what `heights_at` says of each moment; here a record is looked at only when something about it changes.
    """
    changing: dict[datetime, set[int]] = defaultdict(set)
    for number, record in enumerate(records):
        for at in record.moments():
            changing[at].add(number)
    first = min((record.recorded_at for record in records), default=None)
    claimed, verified = _Reached(), _Reached()
    entries = []
    for at in sorted(changing):
        for number in changing[at]:
            record = records[number]
            claimed.tell(number, record, record.stands(at))
            verified.tell(number, record, record.verified(at))
        if first is not None and at >= first:
            entries.append((at, Heights(claimed.heights(), verified.heights())))
    return [next(same) for _heights, same in groupby(entries, key=lambda entry: entry[1])]


class _Reached:
    """Which rungs are held, by how many records each."""

    def __init__(self) -> None:
        self._holding: set[int] = set()
        self._held: Counter[tuple[str, int]] = Counter()

    def tell(self, number: int, record: Record, holds: bool) -> None:
        """Whether the record of this number holds its rung from now on."""
        if holds == (number in self._holding):
            return
        self._holding.symmetric_difference_update({number})
        self._held[record.factor, record.level] += 1 if holds else -1

    def heights(self) -> tuple[int, ...]:
        held = +self._held  # those that somebody holds
        return tuple(_height(factor, held) for factor in FACTORS)


@dataclass(frozen=True, slots=True)
class StageFloors:
    """An open stage as it held: its floors in the order of FACTORS; `win_rate` in whatever unit the caller keeps."""

    id: int
    position: int
    win_rate: Any
    floors: tuple[int, ...]

    def met(self, verified: Sequence[int]) -> bool:
        return all(map(ge, verified, self.floors))


def floors_of(floor: int | None, by_factor: Mapping[str, int]) -> tuple[int, ...]:
    """A stage's floors in the order of FACTORS: one for all, those that differ by factor."""
    return tuple(by_factor.get(factor, floor or 0) for factor in FACTORS)


def evidenced(verified: Sequence[int], stages: Iterable[StageFloors], *, nothing: Any) -> Any:
    """The win rate of the furthest stage whose floors are met; `nothing` when there is none (FINE-PRINT 13)."""
    met = [stage for stage in stages if stage.met(verified)]
    return max(met, key=lambda stage: stage.position).win_rate if met else nothing


def is_ageing(said_on: date | None, recorded_on: date, day: date) -> bool:
    """Whether evidence is older than 90 days: from the day it was said, else recorded."""
    return (day - (said_on or recorded_on)).days > AGEING_DAYS
