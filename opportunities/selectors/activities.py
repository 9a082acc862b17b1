"""Activities as pages show them: lists of a scope, a calendar by day, those of one opportunity or customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, When, Window
from django.db.models.functions import Coalesce, RowNumber

from accounts import visibility
from accounts.calendar import Period
from accounts.models import User
from accounts.selectors import calendar, today
from opportunities.models import Activity
from opportunities.querysets import IN_USE

MINE, TEAM, EVERYBODY = "mine", "team", "all"
AHEAD, BEHIND = 3, 5  # how many a panel shows of what is planned, and of what was done


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of some activities are planned, overdue (these are among the planned), done, cancelled."""

    planned: int = 0
    overdue: int = 0
    done: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar; `inside` whether it belongs to the month that is shown."""

    day: date
    activities: Sequence[Activity]
    is_today: bool
    count: int
    inside: bool = True


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is planned next and what was done last."""

    planned: Sequence[Activity]
    done: Sequence[Activity]


def scopes_of(user: User) -> tuple[str, ...]:
    """Whose activities somebody may ask for: their own, their team's, all in sight."""
    return (MINE, TEAM, EVERYBODY) if user.is_manager and user.team_id else (MINE, EVERYBODY)


def of_scope(user: User, scope: str) -> QuerySet[Any]:
    """The activities of a scope that the person may see."""
    seen = Activity.objects.visible_to(user)
    if scope == MINE:
        return seen.filter(owner=user)
    return seen.filter(owner__in=visibility.portfolio(user).values("pk")) if scope == TEAM else seen


def counts(rows: QuerySet[Any]) -> Counts:
    """One query."""
    planned = IN_USE & Q(done_at=None, cancelled_at=None)
    found = rows.order_by().aggregate(
        planned=Count("pk", filter=planned),
        overdue=Count("pk", filter=planned & Q(planned_at__lt=calendar().start_of_day(today()))),
        done=Count("pk", filter=Q(done_at__isnull=False)),
        cancelled=Count("pk", filter=Q(cancelled_at__isnull=False)),
    )
    return Counts(**found)


def by_day(rows: Any, period: Period, inside: Period, most: int) -> list[Day]:
    """Every day of a period with the first `most` that were done and are planned on it, by the clock, and how many
    there are. One query, which reads no more than it shows."""
    begin, end = calendar().moments(period)
    numbers = range(period.first.toordinal(), period.last.toordinal() + 1)
    held: dict[int, list[Any]] = {number: [] for number in numbers}
    for activity in _first_of_each_day(rows.within(begin, end).with_names(), numbers, most):
        held[activity.number].append(activity)
    now = today()
    days = ((date.fromordinal(number), shown) for number, shown in held.items())
    return [Day(day, shown, day == now, shown[0].of_day if shown else 0, day in inside) for day, shown in days]


def _first_of_each_day(rows: Any, numbers: range, most: int) -> Any:
    """Each with the `number` of its local day, its `place` in it and how many are `of_day`."""
    moment = Coalesce("done_at", "planned_at")
    ends = [(number, calendar().end_of_day(date.fromordinal(number))) for number in numbers]
    number = Case(*(When(moment__lt=end, then=number) for number, end in ends), output_field=IntegerField())
    by_clock = Window(RowNumber(), partition_by=[F("number")], order_by=["moment", "pk"])
    placed = rows.annotate(moment=moment, number=number).annotate(
        place=by_clock, of_day=Window(Count("pk"), partition_by=[F("number")])
    )
    return placed.filter(place__lte=most).order_by("number", "place")


def ahead(rows: Any) -> Ahead:
    """The next planned and the last done ones of these. One query."""
    planned = rows.planned().order_by("planned_at", "pk").values("pk")[:AHEAD]
    done = rows.done().order_by("-done_at", "-pk").values("pk")[:BEHIND]
    shown = rows.filter(Q(pk__in=planned) | Q(pk__in=done)).with_names().order_by("planned_at", "pk")
    found = list(shown)
    latest_first = sorted((row for row in found if row.done_at), key=lambda row: (row.done_at, row.pk), reverse=True)
    return Ahead([row for row in found if row.done_at is None], latest_first)
