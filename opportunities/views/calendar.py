"""The calendar of activities: a week or a month, drawn by the server."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from accounts.calendar import ONE_DAY, Period, add_months, month, span, week, weeks_of_month
from accounts.selectors import today
from config.web.fields import FIRST_YEAR, LAST_YEAR
from opportunities.selectors import activities as reader
from opportunities.views.activities import scope_of

WEEK, MONTH = "week", "month"
SHOWN = {WEEK: 30, MONTH: 4}  # activities of a day, before "more"


@dataclass(frozen=True, slots=True)
class Look:
    """What the calendar shows: the days, those that belong to it, and the days before and after it to go to."""

    view: str
    days: Period
    inside: Period
    before: date
    after: date


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """`view` = week, month · `day` (today) · `whose` as in the list."""
    user: Any = request.user
    scope = scope_of(request)
    day = _day(request)
    look = _look(MONTH if request.GET.get("view") == MONTH else WEEK, day)
    days = reader.by_day(reader.of_scope(user, scope), look.days, look.inside, SHOWN[look.view])
    context = {
        "look": look,
        "day": day,
        "today": today(),
        "weeks": [days[start : start + 7] for start in range(0, len(days), 7)],
        "count": sum(each.count for each in days),
        "scope": scope,
        "scopes": reader.scopes_of(user),
        "day_query": urlencode({"view": look.view, "day": day.isoformat()}),
        "kept": urlencode({"view": look.view, "whose": scope}),
        "writes": user.sells,
    }
    return render(request, "activities/calendar.html", context)


def _day(request: HttpRequest) -> date:
    """The day that the address names, of the years that a sale may have; else today."""
    try:
        day = parse_date(request.GET.get("day", ""))
    except ValueError:
        day = None
    return day if day is not None and FIRST_YEAR < day.year < LAST_YEAR else today()


def _look(view: str, day: date) -> Look:
    if view == WEEK:
        days = week(day)
        return Look(view, days, days, days.first - timedelta(days=7), days.last + ONE_DAY)
    inside, weeks = month(day), weeks_of_month(day)
    return Look(view, span(weeks[0].first, weeks[-1].last), inside, add_months(inside.first, -1), inside.last + ONE_DAY)
