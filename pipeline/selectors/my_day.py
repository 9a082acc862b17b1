"""What a person has to do today, and what their opportunities need next (METHOD.md §1: give something back)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts import visibility
from accounts.calendar import OrgCalendar
from accounts.models import User
from accounts.selectors import calendar
from config.web.composed import prepared
from config.web.money import from_cents, to_cents, to_ten_thousandths, weighted_cents
from customers.models import Customer
from customers.selectors.plans import PlanDue, due_of
from opportunities.models import Activity, Factor, Rung
from opportunities.models.evidence import in_language
from opportunities.rules.evidence import TOP
from opportunities.selectors.climbs import Climb, climbs, with_pushes
from opportunities.selectors.stages import all_stages
from pipeline.rules import ZERO, Part
from pipeline.selectors.booked import booked_by

KEY_TIERS = (Customer.Tier.A5, Customer.Tier.A4)
NAMED = ("kind__name_zh", "kind__name_en", "customer__name", "customer__tier")
SHOWN = 6  # lines of a section, until all of it is asked for


@dataclass(frozen=True, slots=True)
class Line:
    """Something to do: an opportunity, or an activity with its opportunity's climb if there is one."""

    climb: Climb | None = None
    activity: Activity | None = None
    rung: Rung | None = None
    factor: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Lines of one kind: all of them are counted, `lines` may be the first few."""

    key: str
    count: int
    lines: Sequence[Line]

    @property
    def rest(self) -> int:
        return self.count - len(self.lines)


@dataclass(frozen=True, slots=True)
class Figures:
    """The person's open opportunities in figures: sums, and the mean verified height of the assessed ones."""

    count: int = 0
    amount: Decimal = ZERO
    weighted: Decimal = ZERO
    counted: Decimal = ZERO
    unassessed: Decimal = ZERO
    height: float | None = None


@dataclass(frozen=True, slots=True)
class MyDay:
    """The page: sections in the order of urgency, and today's schedule."""

    day: date
    sections: list[Section]
    figures: Figures
    booked: Part
    quarter: str
    schedule: list[Activity]
    overdue: int = 0
    losing: int = 0
    to_do: int = field(default=0)
    plans: list[PlanDue] = field(default_factory=list)
    renewals: list[PlanDue] = field(default_factory=list)
    targets: list[PlanDue] = field(default_factory=list)


def my_day(user: User, *, key_only: bool = False, whole: str = "") -> MyDay:
    """The person's day. `key_only`: key accounts (4A, 5A) alone; `whole`: the section that is shown to its end."""
    days = calendar()
    day = days.today(timezone.now())
    every = climbs(user, all_stages(), days, day)
    shown = [climb for climb in every if not key_only or climb.tier in KEY_TIERS]
    planned = [
        each
        for each in _planned(visibility.sight(user), days.end_of_day(day), **visibility.beholder(user))
        if not key_only or _is_key(each)
    ]
    found = dict(_found(shown, planned, days, day))
    shown_lines = _lines({key: each if key == whole else each[:SHOWN] for key, each in found.items() if each})
    plans = due_of(user, day, key_only=key_only)
    quarter = days.quarter(day)
    return MyDay(
        day=day,
        sections=[Section(key, len(found[key]), lines) for key, lines in shown_lines.items()],
        figures=figures_of(every),
        booked=booked_by(user, quarter),
        quarter=quarter.key,
        schedule=[each for each in planned if each.planned_at and days.local_date(each.planned_at) == day],
        overdue=len(found["overdue"]) + sum(each.due < day for each in plans),
        losing=len(found["losing"]),
        to_do=sum(len(each) for key, each in found.items() if key != "next") + len(plans),
        plans=[each for each in plans if each.kind not in ("renewal", "target")],
        renewals=[each for each in plans if each.kind == "renewal"],
        targets=[each for each in plans if each.kind == "target"],
    )


@prepared
def _planned(sight: Any, end: datetime, *, user: int, path: str) -> QuerySet[Any]:
    """The person's activities that are due before `end`, the earliest first."""
    seen = Activity.objects.visible_among_few(
        visibility.somebody(sight, user, path)
    )  # what was handed over goes out of sight
    live = seen.filter(owner=user, opportunity__archived_at=None, customer__archived_at=None)
    rows = live.planned().filter(planned_at__lt=end).select_related("kind", "customer").order_by("planned_at", "pk")
    return rows.only("opportunity", "planned_at", "objective", "outcome", *NAMED)  # type: ignore[no-any-return]


def _is_key(activity: Activity) -> bool:
    return activity.customer is not None and activity.customer.tier in KEY_TIERS


def _found(
    shown: list[Climb], planned: list[Activity], days: OrgCalendar, day: date
) -> Iterable[tuple[str, Sequence[Line | Climb]]]:
    """The sections in their order: unassessed ones first (METHOD.md §2); an opportunity shows its next rung once."""
    by_id = {climb.id: climb for climb in shown}
    dues = [*_steps(shown, day), *_activities(planned, by_id, days)]
    dues.sort(key=lambda line: line.due or day)
    weak = [climb for climb in shown if climb.regressed or climb.stagnant or climb.inflated]
    first = {climb.id for climb in shown if climb.unassessed}
    named = first | {climb.id for climb in weak}
    yield "unassessed", [climb for climb in shown if climb.unassessed]
    yield "overdue", [line for line in dues if line.due and line.due < day]
    yield "losing", [climb for climb in weak if climb.id not in first]
    yield "today", [line for line in dues if line.due == day]
    yield "next", [climb for climb in shown if climb.id not in named and climb.next_level <= TOP]


def _lines(shown: dict[str, Sequence[Line | Climb]]) -> dict[str, list[Line]]:
    """The lines of each section, an opportunity with the next checkpoint of its weakest factor. Two queries."""
    rungs = _current_rungs()
    by_place = {(rung.factor, rung.level): rung for rung in rungs}
    names = {rung.factor: in_language(rung, "factor") for rung in rungs}
    asked = with_pushes([each for found in shown.values() for each in found if isinstance(each, Climb)])
    lines = {
        climb.id: Line(climb, None, by_place.get((climb.weakest, climb.next_level)), names.get(climb.weakest, ""))
        for climb in asked
    }
    return {
        key: [lines[each.id] if isinstance(each, Climb) else each for each in found] for key, found in shown.items()
    }


@prepared
def _current_rungs() -> QuerySet[Any]:
    factor = Factor.objects.filter(key=OuterRef("factor")).order_by()
    named = {f"factor_{each}": Subquery(factor.values(f"name_{each}")) for each in ("zh", "en")}
    return Rung.objects.current().annotate(**named)  # type: ignore[no-any-return]


def _steps(shown: list[Climb], day: date) -> Iterable[Line]:
    for climb in shown:
        if climb.next_step_due and climb.next_step_due <= day and climb.next_step.strip():
            yield Line(climb=climb, due=climb.next_step_due)


def _activities(planned: list[Activity], climbs_by_id: dict[int, Climb], days: OrgCalendar) -> Iterable[Line]:
    for activity in planned:
        assert activity.planned_at is not None
        climb = climbs_by_id.get(activity.opportunity_id or 0)
        yield Line(climb=climb, activity=activity, due=days.local_date(activity.planned_at))


def figures_of(every: Sequence[Climb]) -> Figures:
    """Sums over open opportunities, each weighed and rounded on its own (FINE-PRINT 17)."""
    heights = [climb.heights.total for climb in every if climb.heights]
    rate = cache(to_ten_thousandths)  # there are a few rates and hundreds of climbs
    held = [(to_cents(climb.amount or ZERO), climb) for climb in every]
    return Figures(
        count=len(every),
        amount=from_cents(sum(cents for cents, _climb in held)),
        weighted=from_cents(sum(weighted_cents(cents, rate(climb.win_rate)) for cents, climb in held)),
        counted=from_cents(sum(weighted_cents(cents, rate(_counted(climb))) for cents, climb in held)),
        unassessed=from_cents(sum(cents for cents, climb in held if climb.unassessed)),
        height=sum(heights) / len(heights) if heights else None,
    )


def _counted(climb: Climb) -> Decimal:
    return climb.win_rate if climb.evidenced is None else min(climb.win_rate, climb.evidenced)
