"""All that the dashboard shows of a scope, as of a day or now (METHOD.md §7, §9)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone

from accounts.calendar import OrgCalendar, Period
from accounts.selectors import calendar
from opportunities.rules.evidence import StageFloors
from opportunities.selectors.heights import floors_at
from opportunities.selectors.stages import all_stages
from pipeline.rules import ZERO, Part, Sums
from pipeline.scopes import Scope
from pipeline.selectors.booked import booked_versions
from pipeline.selectors.funnel import Funnel, funnel
from pipeline.selectors.history import Freshness, History, freshness, history
from pipeline.selectors.measures import end_of, measures, open_versions, sums_of
from pipeline.selectors.people import Credit, TeamRow, table
from pipeline.selectors.waterfall import Waterfall, waterfalls

WEEK, FOUR_WEEKS = 7, 28


@dataclass(frozen=True, slots=True)
class Booked:
    """What was booked in a period up to the day of the dashboard."""

    period: Period
    part: Part


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`waterfalls` by the number of days they look back; `teams` as `people.table` gives them."""

    scope: Scope
    as_of: date
    live: bool
    computed_at: datetime
    open: Sums
    booked: Booked
    booked_before: Booked
    funnel: Funnel
    waterfalls: dict[int, Waterfall]
    history: History
    freshness: Freshness
    teams: tuple[TeamRow, ...]


def dashboard(scope: Scope, as_of: date | None = None) -> Dashboard:
    """Everything at the end of `as_of`, or now: figures, funnel, waterfalls of 7 and 28 days, trend, table."""
    days, now = calendar(), timezone.now()
    day, stages, end = as_of or days.today(now), all_stages(), end_of(days, as_of)
    shape = funnel(scope, as_of, known=stages)
    quarter = days.quarter(day)
    before = days.previous_period(quarter)
    this, last = _booked_by_credit(scope, quarter, before, as_of, days)
    return Dashboard(
        scope=scope,
        as_of=day,
        live=as_of is None,
        computed_at=now,
        open=shape.open,
        booked=Booked(quarter, sum(this.values(), Part())),
        booked_before=Booked(before, last),
        funnel=shape,
        waterfalls=_waterfalls(scope, day),
        history=history(scope, as_of, known=stages),
        freshness=freshness(),
        teams=table(scope, day, _open_by_credit(scope, end, floors_at(end, stages)), this),
    )


def _waterfalls(scope: Scope, day: date) -> dict[int, Waterfall]:
    spans = (WEEK, FOUR_WEEKS)
    windows = [(day - timedelta(days=span), day) for span in spans]
    return dict(zip(spans, waterfalls(scope, windows), strict=True))


def _open_by_credit(scope: Scope, end: datetime, floors: list[StageFloors]) -> dict[Credit, Sums]:
    rows = open_versions(scope, end).values("team_id", "owner_id").annotate(**measures(floors)).order_by()
    return {Credit(row["team_id"], row["owner_id"]): sums_of(row) for row in rows}


def _booked_by_credit(
    scope: Scope, quarter: Period, before: Period, as_of: date | None, days: OrgCalendar
) -> tuple[dict[Credit, Part], Part]:
    """What was booked this quarter by team and person, and in the one before altogether. One query."""
    start = days.start_of_day(quarter.first)
    both = Period("", before.first, quarter.last)
    wins: Any = booked_versions(scope, both, as_of).values("team_id", "owner_id").order_by()
    rows = list(wins.annotate(**_counts("this", Q(valid_from__gte=start)), **_counts("last", Q(valid_from__lt=start))))
    this = {Credit(row["team_id"], row["owner_id"]): _part(row, "this") for row in rows if row["n_this"]}
    return this, sum((_part(row, "last") for row in rows), Part())


def _counts(name: str, when: Q) -> dict[str, Any]:
    return {f"n_{name}": Count("pk", filter=when), f"sum_{name}": Sum("amount", filter=when)}


def _part(row: dict[str, Any], name: str) -> Part:
    return Part(row[f"n_{name}"], row[f"sum_{name}"] or ZERO)
