"""The records of evidence as lists show them: of one opportunity, and those that wait for somebody's confirmation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts import visibility
from accounts.models import User
from accounts.selectors import calendar, today
from opportunities.models import Checkpoint, Opportunity
from opportunities.rules.evidence import is_ageing
from opportunities.selectors.ladders import Ladder

NAMES = ("rung", "contact", "file", "activity__kind", "recorded_by", "confirmed_by", "withdrawn_by")


@dataclass(frozen=True, slots=True)
class Line:
    """A record with its state: verified, hollow or withdrawn; `ageing` when its evidence is older than 90 days."""

    record: Checkpoint
    state: str
    ageing: bool


def records_of(opportunity: Opportunity, ladders: Sequence[Ladder], day: date) -> list[tuple[Ladder, list[Line]]]:
    """(ladder, its records) of these factors, the highest level first, then the latest. Two queries."""
    factors = [ladder.factor for ladder in ladders]
    rows = Checkpoint.objects.filter(opportunity=opportunity, factor__in=factors).select_related(*NAMES)
    ordered = rows.prefetch_related("grade_changes__actor").order_by("-level", "-recorded_at", "-pk")
    lines = [_line(row, day) for row in ordered]
    return [(ladder, [line for line in lines if line.record.factor == ladder.factor]) for ladder in ladders]


def _line(row: Checkpoint, day: date) -> Line:
    if row.withdrawn_at is not None:
        return Line(row, "withdrawn", False)
    ageing = is_ageing(row.said_on, calendar().local_date(row.recorded_at), day)
    return Line(row, "verified" if row.is_verified else "hollow", ageing)


# --- Waiting for a confirmation ---------------------------------------------------------------


def to_be_confirmed(user: User) -> QuerySet[Any]:
    """The records that this person may confirm, the oldest first: of people in their charge, for an administrator of
    those above whom there is no other manager; never one's own (METHOD.md §10).
    """
    rows = Checkpoint.objects.awaiting_confirmation().filter(opportunity__archived_at__isnull=True)
    if user.is_manager:
        found = rows.filter(opportunity__owner__in=visibility.portfolio(user).exclude(pk=user.pk))
    elif user.is_admin:
        found = rows.filter(~_other_manager())
    else:
        found = rows.none()
    by_others = found.filter(~Q(recorded_by=user) | Q(recorded_by__isnull=True))
    named = by_others.select_related(*NAMES, "opportunity__customer", "opportunity__owner", "opportunity__stage")
    return named.prefetch_related("grade_changes__actor").order_by("recorded_at", "pk")


def _other_manager() -> Exists:
    """Whether there is an active manager above the owner of a record, the one who recorded it aside."""
    managers = visibility.managers_above_each("opportunity__owner").active_on(today())
    return Exists(managers.exclude(pk=Coalesce(OuterRef("recorded_by"), 0)))
