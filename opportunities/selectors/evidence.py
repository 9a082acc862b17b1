"""Where an opportunity stands on the ladders, now and four weeks ago, and what its stage asks for (METHOD.md §2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet

from accounts.selectors import calendar
from config.web.money import from_cents, to_cents, to_ten_thousandths, weighted_cents
from opportunities.models import Checkpoint, Opportunity, Rung, Stage
from opportunities.rules import gate
from opportunities.rules.evidence import FACTORS, TOP, Heights, floors_of, is_ageing
from opportunities.rules.historical import Historical, of_stage
from opportunities.rules.moves import days_in_stage
from opportunities.rules.readings import Reading, read
from opportunities.selectors.gate import as_gated, gated, standing_on, with_standing
from opportunities.selectors.heights import CLAIMED, NAME, floors_now, heights_on
from opportunities.selectors.historical import historical_rates
from opportunities.selectors.ladders import Ladder, ladders

FOUR_WEEKS = timedelta(days=28)
NOTHING_MISSING = gate.Missing()


@dataclass(frozen=True, slots=True)
class Proof:
    """The record that stands for one level: its grade and day; since when the level is verified (None: hollow)."""

    grade: str
    said_on: date
    verified_on: date | None
    ageing: bool

    @property
    def rank(self) -> tuple[bool, date]:
        """Of several records a verified one is better than a hollow one, then the younger one."""
        return self.verified_on is not None, self.said_on

    def waits(self, level: int) -> bool:
        """Whether a manager's confirmation would verify it."""
        return self.verified_on is None and level >= 5 and self.grade == "E2"


@dataclass(frozen=True, slots=True)
class Footing:
    """One factor of an opportunity: heights now and four weeks ago, what the stage needs, the proof of each level."""

    ladder: Ladder
    verified: int
    claimed: int
    before: int
    floor: int
    weakest: bool
    proofs: Mapping[int, Proof]

    @property
    def gap(self) -> int:
        """Levels missing up to the floor of the stage."""
        return max(self.floor - self.verified, 0)

    @property
    def next(self) -> Rung | None:
        """The checkpoint to be proven next; None at the top."""
        return self.ladder.above(self.verified)

    @property
    def hollow(self) -> Proof | None:
        """What is recorded of the next checkpoint and does not verify it yet."""
        return self.proofs.get(self.verified + 1)

    @property
    def waits(self) -> bool:
        """Whether the next checkpoint only waits for a manager's confirmation."""
        return self.hollow is not None and self.hollow.waits(self.verified + 1)

    @property
    def verified_on(self) -> date | None:
        """Since when every level up to the verified height is verified; None at 0."""
        days = (proof.verified_on for level, proof in self.proofs.items() if level <= self.verified)
        return max(filter(None, days), default=None)

    @property
    def ageing(self) -> bool:
        """Whether the evidence of the verified height itself is older than 90 days; a rung below may be older."""
        top = self.proofs.get(self.verified)
        return top is not None and top.ageing


@dataclass(frozen=True, slots=True)
class Ascent:
    """The five factors with what follows from them; `assessed` is False without a single record."""

    footings: tuple[Footing, ...]
    heights: Heights
    assessed: bool
    change: int

    @property
    def fallen(self) -> int:
        """By how many levels it stands lower than four weeks ago."""
        return max(-self.change, 0)

    @property
    def weakest(self) -> Footing:
        return next(footing for footing in self.footings if footing.weakest)

    @property
    def contradicting(self) -> list[Footing]:
        """The factors that stand higher than power allows."""
        return [footing for footing in self.footings if footing.ladder.factor in self.heights.contradictions]


@dataclass(frozen=True, slots=True)
class Rates:
    """Declared, evidenced and counted win rate in `reading`, what came of those that stood so, what is missing.

    `held` of `milestones` conditions of the stages behind it are met.
    """

    reading: Reading
    historical: Historical
    held: int = 0
    milestones: int = 0
    missing: gate.Missing = NOTHING_MISSING

    @property
    def excess_points(self) -> int:
        """By how many percentage points it is declared too high, half a point up."""
        excess: Decimal = self.reading.declared - self.reading.counted
        return int((excess * 100).quantize(Decimal(1), ROUND_HALF_UP))


# --- Reading ----------------------------------------------------------------------------------


def with_ascent(queryset: QuerySet[Any], day: date) -> QuerySet[Any]:
    """Opportunities with what `ascent_of` and `rates_of` read of them: their standing now, and four weeks before."""
    end: datetime = calendar().end_of_day(day - FOUR_WEEKS)
    held = FilteredRelation("heights", condition=Q(heights__valid_from__lt=end, heights__valid_to__gte=end))
    claimed = {name: F(f"{NAME}__{name}") for name in CLAIMED}
    before = {f"before_{factor}": F(f"earlier__{factor}") for factor in FACTORS}
    return with_standing(queryset).annotate(earlier=held).annotate(**claimed, **before)


def heights_in(row: Any) -> Heights | None:
    """The heights of a row of `with_ascent`; None while unassessed."""
    return heights_on(vars(row))


def ascent_of(row: Any, day: date) -> Ascent:
    """The ascent of a row of `with_ascent` on the local date `day`. Two queries."""
    held = heights_in(row)
    heights, before = held or Heights(), tuple(getattr(row, f"before_{factor}") or 0 for factor in FACTORS)
    floors = floors_of(row.stage.floor, row.stage.floors) if row.is_open else (0,) * len(FACTORS)
    proofs = _proofs(row, day)
    footings = tuple(
        Footing(
            ladder=ladder, verified=heights.of(factor), claimed=heights.claimed[index], before=before[index],
            floor=floors[index], weakest=factor == heights.weakest, proofs=proofs[factor],
        )
        for index, (factor, ladder) in enumerate(ladders().items())
    )  # fmt: skip
    return Ascent(footings, heights, held is not None, heights.total - sum(before))


def _proofs(row: Opportunity, day: date) -> dict[str, dict[int, Proof]]:
    """{factor: {level: the best of its records, with the day from which the first of them has verified it}}."""
    found: dict[str, dict[int, Proof]] = {factor: {} for factor in FACTORS}
    names = ("factor", "level", "grade", "verified_at", "said_on", "recorded_at")
    on = calendar().local_date
    for factor, level, grade, verified_at, said_on, recorded_at in (
        Checkpoint.objects.standing().filter(opportunity=row).values_list(*names)
    ):
        recorded = on(recorded_at)
        verified_on = on(verified_at) if verified_at else None
        proof = Proof(grade, said_on or recorded, verified_on, is_ageing(said_on, recorded, day))
        held = found[factor].get(level, proof)
        since = min(filter(None, (held.verified_on, verified_on)), default=None)
        found[factor][level] = replace(max(held, proof, key=lambda each: each.rank), verified_on=since)
    return found


def rates_of(row: Any, stages: Sequence[Stage], day: date) -> Rates:
    """The win rates of a row of `with_ascent`; `stages` are all of them. One query a day for the historical one."""
    reading = read(
        is_open=row.is_open, declared=row.win_rate, heights=heights_in(row), floors=floors_now(stages)
    )  # fmt: skip
    if not row.is_open:
        return Rates(reading, Historical())
    known = of_stage(historical_rates(), row.stage_id, days_in_stage(row.entered_on, day))
    if reading.unassessed:
        return Rates(reading, known)
    target, open_stages = as_gated(row.stage), gated(stages)
    asked = sum(len(stage.milestones) for stage in gate.passed(0, target, open_stages))
    missing = gate.missing(0, target, open_stages, standing_on(row))
    return Rates(reading, known, asked - len(missing.milestones), asked, missing)


def counted_amount(amount: Decimal | None, rate: Decimal) -> Decimal | None:
    """Amount × rate, half a cent up; None without an amount."""
    if amount is None:
        return None
    return from_cents(weighted_cents(to_cents(amount), to_ten_thousandths(rate)))


def level_of(text: str) -> int | None:
    """A level from 1 to 6 as an address gives it; None for anything else."""
    return int(text) if text in {str(level) for level in range(1, TOP + 1)} else None
