"""The funnel as of a day: open stages, how fast they are left, how many come through (FINE-PRINT 18-20)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count
from django.utils import timezone

from accounts.selectors import calendar
from opportunities.models import OpportunityVersion, Stage
from opportunities.rules import days_in_stage, median
from opportunities.rules.evidence import StageFloors
from opportunities.selectors.heights import floors_at
from opportunities.selectors.stages import all_stages
from pipeline import rules
from pipeline.rules import Part, Sums
from pipeline.scopes import Scope
from pipeline.selectors.measures import end_of, measures, open_versions, sums_of


@dataclass(frozen=True, slots=True)
class FunnelStage:
    """One open stage; `conversion` (0-1) is to the next one, of the last to won, None when nobody reached it."""

    stage: Stage
    sums: Sums
    median_days_in_stage: float | None
    reached: int
    conversion: float | None
    bulges: bool

    @property
    def count(self) -> int:
        return self.sums.count

    @property
    def amount(self) -> Decimal:
        return self.sums.amount

    @property
    def weighted(self) -> Decimal:
        return self.sums.weighted

    @property
    def counted(self) -> Decimal:
        return self.sums.counted

    @property
    def unassessed(self) -> Part:
        return self.sums.unassessed


@dataclass(frozen=True, slots=True)
class Funnel:
    """Open stages in order, and all of them together; `bulges` are keys of stages."""

    as_of: date
    stages: tuple[FunnelStage, ...]
    open: Sums
    bulges: tuple[str, ...]


def funnel(scope: Scope, as_of: date | None = None, *, known: list[Stage] | None = None) -> Funnel:
    """The funnel at the end of the day `as_of`, or now. Three queries, four for a day; one less with `known` stages."""
    days, known = calendar(), all_stages() if known is None else known
    end, day = end_of(days, as_of), as_of or days.today(timezone.now())
    groups = _open_groups(scope, end, floors_at(end, known))
    stages = _stages_at(end, groups, known)
    sums = [sums_of(*groups[stage.pk]) for stage in stages]
    came = rules.reached([stage.position for stage in stages], _furthest(scope, end, day))
    conversions, bulging = rules.conversions(came), set(rules.bulges(sums))
    rows = tuple(
        FunnelStage(stage, sums[i], _median_days(groups[stage.pk], day), came[i], conversions[i], i in bulging)
        for i, stage in enumerate(stages)
    )
    return Funnel(day, rows, rules.total(sums), tuple(row.stage.key for row in rows if row.bulges))


def _stages_at(end: datetime, used: Any, stages: list[Stage]) -> list[Stage]:
    """The open stages that were in use at `end`, and retired ones that held something."""
    return [stage for stage in stages if stage.pk in used or (stage.is_open and _in_use(stage, end))]


def _in_use(stage: Stage, end: datetime) -> bool:
    return stage.retired_at is None or stage.retired_at >= end


def _open_groups(scope: Scope, end: datetime, floors: list[StageFloors]) -> dict[int, list[Any]]:
    rows = open_versions(scope, end).values("stage_id", "entered_on").annotate(**measures(floors)).order_by()
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row["stage_id"]].append(row)
    return groups


def _median_days(rows: list[Any], day: date) -> float | None:
    return median((days_in_stage(row["entered_on"], day), row["n"]) for row in rows)


def _furthest(scope: Scope, end: datetime, day: date) -> dict[int, int]:
    first = day - timedelta(days=rules.CONVERSION_DAYS - 1)
    stood = OpportunityVersion.objects.at_end_of(end).filter(scope.q(), opportunity__created_on__range=(first, day))
    return dict(stood.values_list("furthest").annotate(n=Count("*")).order_by())
