"""The same figures in plain SQL, as somebody would write them in psql: what an aggregate costs at the least."""

import time
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from accounts.selectors import calendar, today
from config.web.money import to_ten_thousandths
from opportunities.querysets import FOREVER
from opportunities.rules.evidence import FACTORS, StageFloors
from opportunities.selectors.heights import floors_at
from opportunities.selectors.stages import all_stages
from pipeline.rules import CONVERSION_DAYS

VERSION, OPPORTUNITY = "opportunities_opportunityversion", "opportunities_opportunity"
HEIGHTS = "opportunities_heightsversion"
# Open at the end of a day, with the heights of then; {evidenced} is a CASE of the stages' floors.
STOOD = f"""
    FROM {VERSION} v LEFT JOIN {HEIGHTS} h
      ON h.opportunity_id = v.opportunity_id AND h.valid_from < %(end)s AND h.valid_to >= %(end)s
    WHERE v.outcome = 'open' AND v.valid_from < %(end)s AND v.valid_to >= %(end)s"""
SUMS = """COUNT(*), SUM(v.amount), SUM((COALESCE(v.amount, 0) * v.win_rate + 5000) / 10000),
      SUM((COALESCE(v.amount, 0) * LEAST(v.win_rate, {evidenced}) + 5000) / 10000),
      COUNT(*) FILTER (WHERE h.demand IS NULL), SUM(v.amount) FILTER (WHERE h.demand IS NULL)"""
FUNNEL = [
    f"""
    SELECT v.stage_id, {SUMS},
      PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %(day)s - v.entered_on) {STOOD} GROUP BY v.stage_id""",
    f"""
    SELECT v.furthest, COUNT(*) FROM {VERSION} v JOIN {OPPORTUNITY} o ON o.id = v.opportunity_id
    WHERE v.valid_from < %(end)s AND v.valid_to >= %(end)s
      AND o.created_on BETWEEN %(day)s - {CONVERSION_DAYS - 1} AND %(day)s
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
NIGHTLY = [f"SELECT v.owner_id, v.team_id, v.stage_id, v.product_id, {SUMS} {STOOD} GROUP BY 1, 2, 3, 4"]


def funnel(as_of: date | None) -> float:
    """Milliseconds of the funnel at the end of a day, or now."""
    end = calendar().end_of_day(as_of) if as_of else FOREVER
    return _timed(_with_floors(FUNNEL, end), {"day": as_of or today(), "end": end})


def waterfall(first: date, last: date) -> float:
    days = calendar()
    return _timed(WATERFALL, {"begin": days.end_of_day(first), "end": days.end_of_day(last)})


def nightly(day: date) -> float:
    """Milliseconds of adding a day up, without storing it."""
    end = calendar().end_of_day(day)
    return _timed(_with_floors(NIGHTLY, end), {"end": end})


def _with_floors(statements: list[str], end: datetime) -> list[str]:
    """The statements with the evidenced rate by what was demanded then; LEAST skips the NULL of unassessed ones."""
    furthest_first = sorted(floors_at(end, all_stages()), key=lambda stage: -stage.position)
    met = " ".join(f"WHEN {_reaches(stage)} THEN {to_ten_thousandths(stage.win_rate)}" for stage in furthest_first)
    evidenced = f"CASE WHEN h.demand IS NULL THEN NULL {met} ELSE 0 END"
    return [statement.replace("{evidenced}", evidenced) for statement in statements]


def _reaches(stage: StageFloors) -> str:
    wanted = (f"h.{factor} >= {floor}" for factor, floor in zip(FACTORS, stage.floors, strict=True) if floor)
    return " AND ".join(wanted) or "TRUE"


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
