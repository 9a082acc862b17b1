"""The historical win rates of the company, read from its closed opportunities once a day."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from accounts.calendar import ONE_DAY
from accounts.selectors import calendar, today
from opportunities.rules.historical import BEGINS, LEAST, Cases, Historical, calibrated

Rates = Mapping[int, tuple[Historical, ...]]

KEPT, ALONE, SOON = timedelta(hours=25), timedelta(minutes=10), timedelta(minutes=1)
DAYS = {"sqlite": "CAST(julianday(left_on) - julianday(entered_on) AS INTEGER)"}  # elsewhere dates subtract

# The entries into stages up to a moment, each with the day of the next one and the outcome of the last one: outcomes
# change with stages alone. Of them each opportunity's longest stay in each open stage, of what was closed then.
ENTRIES = """
SELECT opportunity_id, stage_id, outcome, entered_on, LEAD(entered_on) OVER walk AS left_on,
  LAST_VALUE(outcome) OVER (walk ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS ended
FROM opportunities_opportunityversion
WHERE valid_from = entered_at AND valid_from < %(end)s
WINDOW walk AS (PARTITION BY opportunity_id ORDER BY valid_from)
"""
STAYS = """
SELECT stage_id, MAX({days}) AS days, MAX(CASE WHEN ended = 'won' THEN 1 ELSE 0 END) AS won
FROM ({entries}) AS entries
WHERE outcome = 'open' AND ended <> 'open'
GROUP BY opportunity_id, stage_id
"""


def historical_rates() -> Rates:
    """{stage id: the rate of each age band} by what was closed when today began: the same all day.

    One query when nothing has kept it, else none. What says little yet is read again soon: an import may tell more.
    """
    day = today()
    kept: Rates | None = cache.get(_key(day))
    if kept is None:
        kept = rates_of(day - ONE_DAY)
        lasting = any(band.n >= LEAST for bands in kept.values() for band in bands)
        cache.set(_key(day), kept, (_longest() if lasting else SOON).total_seconds())
    return kept


def _longest() -> timedelta:
    """Without Redis every process keeps its own, which an import in another one can't make it forget."""
    return KEPT if settings.REDIS_URL else ALONE


def keep_historical() -> None:
    """Read today's rates before somebody waits for them, some seconds with a million versions: where all may share."""
    if settings.REDIS_URL:
        historical_rates()


def forget_historical() -> None:
    """Read today's rates anew: the past has been rewritten."""
    cache.delete(_key(today()))


def _key(day: date) -> str:
    return f"historical:{day:%Y-%m-%d}"


def rates_of(day: date) -> Rates:
    """Likewise by what was closed at the end of a day. One query."""
    counts = [f"SUM(CASE WHEN days >= {begin:d} THEN {one} ELSE 0 END)" for begin in BEGINS for one in (1, "won")]
    stays = STAYS.format(days=DAYS.get(connection.vendor, "left_on - entered_on"), entries=ENTRIES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT stage_id, {', '.join(counts)} FROM ({stays}) AS stays GROUP BY stage_id",
            {"end": _adapted(calendar().end_of_day(day))},
        )
        return {stage_id: calibrated(_cases(figures)) for stage_id, *figures in cursor.fetchall()}


def _cases(figures: list[Any]) -> list[Cases]:
    return [Cases(int(n), int(won)) for n, won in zip(figures[::2], figures[1::2], strict=True)]


def _adapted(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
