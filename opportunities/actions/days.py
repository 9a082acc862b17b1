"""The local dates that opportunities and their versions carry, after the time zone was changed."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, models

from accounts.calendar import OrgCalendar
from opportunities.models import Opportunity, OpportunityVersion

DAYS = "local_days"  # a temporary table: the moment at which each local day begins
NEARBY = range(-2, 3)  # two zones are at most 26 hours apart
PAGE = 300
DATED = ((Opportunity, "entered"), (OpportunityVersion, "entered"), (Opportunity, "created"))


def recompute_days(calendar: OrgCalendar, since: datetime | None = None) -> int:
    """The local dates of all creations and stage entries, after the time zone was changed; how many are others now.

    With `since` only those of opportunities changed from then on. The calendar's days become a small table in which
    each moment looks up its own, so that both databases work it out alike, and as Python does.
    """
    days = {day + timedelta(days=n) for model, name in DATED for day in _days_of(model, f"{name}_on") for n in NEARBY}
    try:
        _make_days({calendar.start_of_day(day): day for day in sorted(days)})  # a day that a zone skipped has no length
        return sum(_look_up(model, name, since) for model, name in DATED)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {DAYS}")


def _days_of(model: type[models.Model], column: str) -> Iterable[date]:
    return model._default_manager.order_by().values_list(column, flat=True).distinct().iterator()


def _make_days(days: dict[datetime, date]) -> None:
    moment, day = (field().db_type(connection) for field in (models.DateTimeField, models.DateField))
    ops, rest = connection.ops, iter(days.items())
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {DAYS} (begins {moment} PRIMARY KEY, day {day})")
        while page := list(islice(rest, PAGE)):
            values: list[Any] = []
            for begins, local in page:
                values += [ops.adapt_datetimefield_value(begins), ops.adapt_datefield_value(local)]
            marks = ", ".join(["(%s, %s)"] * len(page))
            cursor.execute(f"INSERT INTO {DAYS} (begins, day) VALUES {marks}", values)


def _look_up(model: type[models.Model], name: str, since: datetime | None) -> int:
    table = model._meta.db_table
    found = f"(SELECT day FROM {DAYS} WHERE begins <= {table}.{name}_at ORDER BY begins DESC LIMIT 1)"
    sql, params = f"UPDATE {table} SET {name}_on = {found} WHERE {name}_on <> {found}", []
    if since is not None:
        recent = "SELECT id FROM opportunities_opportunity WHERE changed_at >= %s"
        sql += f" AND {'id' if model is Opportunity else 'opportunity_id'} IN ({recent})"
        params = [connection.ops.adapt_datetimefield_value(since)]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)
