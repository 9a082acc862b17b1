"""The same figures in plain SQL, as somebody would write them in psql: what an aggregate costs at the least."""

import time
from datetime import date, timedelta
from typing import Any

from django.db import connection

from accounts.selectors import calendar, today
from opportunities.querysets import FOREVER

VERSION, OPPORTUNITY = "opportunities_opportunityversion", "opportunities_opportunity"
FUNNEL = [
    f"""
    SELECT stage_id, COUNT(*), SUM(amount), SUM((COALESCE(amount, 0) * win_rate + 5000) / 10000),
      PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %(day)s - entered_on)
    FROM {VERSION} WHERE outcome = 'open' AND valid_from < %(end)s AND valid_to >= %(end)s GROUP BY stage_id""",
    f"""
    SELECT v.furthest, COUNT(*) FROM {VERSION} v JOIN {OPPORTUNITY} o ON o.id = v.opportunity_id
    WHERE v.valid_from < %(end)s AND v.valid_to >= %(end)s AND o.created_on BETWEEN %(day)s - 179 AND %(day)s
    GROUP BY v.furthest""",
]
STANDING = (
    f"SELECT SUM(amount) FROM {VERSION} WHERE outcome = 'open' AND valid_from < %({{0}})s AND valid_to >= %({{0}})s"
)
WATERFALL = [
    f"""
    SELECT SUM(v.amount) FILTER (WHERE p.id IS NULL),
      SUM(v.amount) FILTER (WHERE p.outcome <> 'open' AND p.stage_id <> v.stage_id),
      SUM(v.amount - p.amount) FILTER (WHERE p.outcome = 'open' AND v.amount > p.amount),
      SUM(p.amount - v.amount) FILTER (WHERE p.outcome = 'open' AND v.amount < p.amount),
      SUM(v.amount) FILTER (WHERE v.outcome = 'won' AND p.outcome = 'open'),
      SUM(v.amount) FILTER (WHERE v.outcome = 'lost' AND p.outcome = 'open'),
      SUM(v.amount) FILTER (WHERE v.outcome = 'no_decision' AND p.outcome = 'open'),
      SUM(v.amount) FILTER (WHERE v.outcome = 'no_go' AND p.outcome = 'open')
    FROM {VERSION} v LEFT JOIN {VERSION} p ON p.opportunity_id = v.opportunity_id AND p.valid_to = v.valid_from
    WHERE v.valid_from >= %(begin)s AND v.valid_from < %(end)s""",
    STANDING.format("begin"),
    STANDING.format("end"),
]
NIGHTLY = [
    f"""
    SELECT owner_id, team_id, stage_id, product_id, COUNT(*), SUM(amount),
      SUM((COALESCE(amount, 0) * win_rate + 5000) / 10000)
    FROM {VERSION} WHERE outcome = 'open' AND valid_from < %(end)s AND valid_to >= %(end)s GROUP BY 1, 2, 3, 4"""
]


def funnel(as_of: date | None) -> float:
    """Milliseconds of the funnel at the end of a day, or now."""
    end = calendar().end_of_day(as_of) if as_of else FOREVER
    return _timed(FUNNEL, {"day": as_of or today(), "end": end})


def waterfall(first: date, last: date) -> float:
    days = calendar()
    return _timed(WATERFALL, {"begin": days.end_of_day(first), "end": days.end_of_day(last)})


def nightly(day: date) -> float:
    """Milliseconds of adding a day up, without storing it."""
    return _timed(NIGHTLY, {"end": calendar().end_of_day(day)})


def _timed(statements: list[str], params: dict[str, Any]) -> float:
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, params)
            if cursor.description:
                cursor.fetchall()
    return (time.perf_counter() - begun) * 1000


def days_ago(days: int) -> date:
    return today() - timedelta(days=days)
