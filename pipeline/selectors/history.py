"""The pipeline by stage over the past months: stored totals where the day has been computed, live where not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import BigIntegerField, DateField, Exists, F, OuterRef, Sum, Value
from django.utils import timezone

from accounts.calendar import ONE_DAY, add_months
from accounts.selectors import calendar
from opportunities.models import Stage
from opportunities.rules.evidence import StageFloors
from opportunities.selectors.heights import floors_at_each
from opportunities.selectors.stages import all_stages
from pipeline import rules
from pipeline.models import DailyTotal
from pipeline.rules import Sums
from pipeline.scopes import Scope
from pipeline.selectors.measures import end_of, measures, open_versions, sums_of
from pipeline.selectors.nights import finished_nights

MONTHS = 12
STORED = {
    "n": Sum("count"),
    "sum_amount": Sum("amount", output_field=BigIntegerField()),
    "sum_weighted": Sum("weighted", output_field=BigIntegerField()),
    "sum_counted": Sum("counted", output_field=BigIntegerField()),
    "n_unassessed": Sum("unassessed_count"),
    "sum_unassessed": Sum("unassessed_amount", output_field=BigIntegerField()),
}


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """The open pipeline at the end of a day; `by_stage` in the order of `History.stages`."""

    day: date
    by_stage: tuple[Sums, ...]
    open: Sums


@dataclass(frozen=True, slots=True)
class History:
    """Points from the oldest to the present one, and the stages that hold something in any of them."""

    stages: tuple[Stage, ...]
    points: tuple[HistoryPoint, ...]


@dataclass(frozen=True, slots=True)
class Freshness:
    """The latest day whose nightly run has finished, and when it did; None when none has."""

    day: date | None
    at: datetime | None


def history(scope: Scope, as_of: date | None = None, *, known: list[Stage] | None = None) -> History:
    """The last day of each of the twelve months before, then `as_of` (None: now, live). Three queries.

    Two with `known`, all stages in order.
    """
    days, known = calendar(), all_stages() if known is None else known
    present = as_of or days.today(timezone.now())
    wanted = [*month_ends(present), present]
    ends = [*(end_of(days, day) for day in wanted[:-1]), end_of(days, as_of)]
    sums = _sums(scope, wanted, ends, floors_at_each(ends, known))
    used = {stage for _day, stage in sums}
    stages = tuple(stage for stage in known if stage.pk in used)
    return History(stages, tuple(_point(day, stages, sums) for day in wanted))


def month_ends(day: date) -> list[date]:
    """The last days of the twelve months before the day's own, the oldest first."""
    first = day.replace(day=1)
    return [add_months(first, -months) - ONE_DAY for months in range(MONTHS - 1, -1, -1)]


def freshness() -> Freshness:
    """How far the stored history goes. One query."""
    finished = finished_nights().order_by("-day").first()
    return Freshness(finished.day, finished.ended_at) if finished else Freshness(None, None)


def _point(day: date, stages: Sequence[Stage], sums: dict[tuple[date, int], Sums]) -> HistoryPoint:
    by_stage = tuple(sums.get((day, stage.pk), Sums()) for stage in stages)
    return HistoryPoint(day, by_stage, rules.total(by_stage))


def _sums(
    scope: Scope, wanted: list[date], ends: list[datetime], floors: list[list[StageFloors]]
) -> dict[tuple[date, int], Sums]:
    """{(day, stage id): sums}, each day from the one source that holds it. One query, whatever has been computed."""
    *past, present = (_live(scope, *asked) for asked in zip(wanted, ends, floors, strict=True))
    missing = [live.filter(~Exists(_finished(day))) for day, live in zip(wanted, past, strict=False)]
    rows = _stored(scope, wanted[:-1]).union(*missing, present, all=True)
    return {(row["on"], row["stage_id"]): sums_of(row) for row in rows}


def _finished(day: Any) -> Any:
    return finished_nights().filter(day=day)


def _stored(scope: Scope, past: list[date]) -> Any:
    totals = DailyTotal.objects.filter(Exists(_finished(OuterRef("day"))), scope.q(), day__in=past)
    return totals.annotate(on=F("day")).values("on", "stage_id").annotate(**STORED).order_by()


def _live(scope: Scope, day: date, end: datetime, floors: list[StageFloors]) -> Any:
    dated = open_versions(scope, end).annotate(on=Value(day, output_field=DateField()))
    return dated.values("on", "stage_id").annotate(**measures(floors)).order_by()
