"""Reads of the organisation and of what follows from it: calendar, today, teams."""

from contextvars import ContextVar
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.calendar import OrgCalendar
from accounts.models import Organisation, Team

# A request reads the organisation, and others what they keep there, once: the middleware opens the drawer, outside
# requests it stays shut.
drawer: ContextVar[dict[str, Any] | None] = ContextVar("drawer", default=None)


def organisation() -> Organisation:
    """The organisation; with the shipped defaults while nothing has been set up."""
    kept = drawer.get()
    if kept is not None and "organisation" in kept:
        return kept["organisation"]  # type: ignore[no-any-return]
    found = Organisation.objects.filter(pk=1).first() or Organisation(pk=1, name="", version=0)
    if kept is not None:
        kept["organisation"] = found
    return found


def forget_organisation() -> None:
    """Let this request read the organisation anew: it has just been changed."""
    kept = drawer.get()
    if kept is not None:
        kept.clear()


def calendar() -> OrgCalendar:
    """The organisation's calendar: time zone, ISO weeks, fiscal year."""
    found = organisation()
    return OrgCalendar(tz=ZoneInfo(found.timezone), fiscal_year_start_month=found.fiscal_year_start_month)


def today() -> date:
    """The local date now, in the organisation's time zone."""
    return calendar().local_date(timezone.now())


def team_ids_below(team: Team) -> list[int]:
    """Ids of this team and of all below it."""
    return list(Team.objects.below(team).values_list("pk", flat=True))
