"""A person's planned activities as a calendar program reads them (RFC 5545)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from accounts.models import User
from opportunities.models import Activity
from opportunities.querysets import IN_USE

BACK = timedelta(days=30)
MOST = 1000
LENGTH = timedelta(hours=1)


def feed_of(user: User, now: datetime, address: Callable[[Activity], str]) -> bytes:
    """What the person has planned from 30 days ago on, and what was cancelled of it; no word of plan or debrief.

    `address` gives the page of an activity. Two queries.
    """
    with translation.override(user.language):
        calendar = Calendar()
        calendar.add("prodid", "-//Ascent//Activities//EN")
        calendar.add("version", "2.0")
        calendar.add("method", "PUBLISH")
        calendar.add("x-wr-calname", _("Ascent activities"))
        for activity in _rows(user, now - BACK):
            calendar.add_component(_event(activity, address(activity)))
        return bytes(calendar.to_ical())


def _rows(user: User, since: datetime) -> Any:
    rows = Activity.objects.visible_to(user).filter(IN_USE, owner=user, done_at=None, planned_at__gte=since)
    return rows.with_names().order_by("planned_at", "pk")[:MOST]


def _event(activity: Activity, url: str) -> Event:
    event = Event()
    event.add("uid", f"{activity.key}@ascent")
    event.add("dtstamp", activity.created_at)
    event.add("sequence", activity.version)
    event.add("dtstart", activity.planned_at)
    event.add("duration", LENGTH)
    event.add("summary", f"{activity.kind} · {activity.customer}" if activity.customer else str(activity.kind))
    event.add("url", url)
    event.add("status", "CANCELLED" if activity.cancelled_at else "CONFIRMED")
    return event
