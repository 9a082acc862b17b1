"""The nightly work: which days are due, and the totals of one day (ARCHITECTURE rule 6).

The database is the truth: `due_days` reads there what has not been computed, one row a day and step holds the claim
under a lease, and a day is written in one transaction. Run twice, late, or by two workers, it leaves the same rows.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Min, Q
from django.utils import timezone

from accounts import outbox
from accounts.calendar import ONE_DAY
from accounts.models import Kind, User
from accounts.selectors import calendar, today
from opportunities.models import Opportunity
from opportunities.selectors.heights import floors_at
from opportunities.selectors.historical import forget_historical
from opportunities.selectors.stages import all_stages
from pipeline.models import DailyTotal, NightlyRun
from pipeline.scopes import Scope
from pipeline.selectors.measures import end_of, measures, open_versions
from pipeline.selectors.nights import finished_nights

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)
AFTER_HOUR = 2  # local time: what was undone or came in late around midnight has settled
SETTLED = timedelta(minutes=1)  # likewise when somebody asks for it at once: an undo is accepted for 15 seconds
LONGEST_ERROR = 500
STEP = NightlyRun.Step.TOTALS
State = NightlyRun.State
GROUP = ("owner_id", "team_id", "stage_id", "product_id")
STORED = ("count", "amount", "weighted", "counted", "unassessed_count", "unassessed_amount")  # as in measures()


class LostClaim(Exception):
    """While the day was computed its claim was taken away: what it was computed from has changed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of a day ended; `state` is None when somebody else has it in hand."""

    day: date
    state: str | None
    rows: int = 0
    error: str = ""


def last_day(now: datetime | None = None, *, at_once: bool = False) -> date:
    """The last day that may be computed: yesterday once it is 02:00 local time, or as soon as it has settled."""
    days, now = calendar(), now or timezone.now()
    if at_once:
        return days.local_date(now - SETTLED) - ONE_DAY
    local = now.astimezone(days.tz)
    return local.date() - ONE_DAY * (1 if local.hour >= AFTER_HOUR else 2)


def first_kept() -> date:
    """The first day whose totals are kept; what lies before it is read live, and never due."""
    return today() - ONE_DAY * settings.KEEP_NIGHTS_DAYS


def due_days(now: datetime | None = None, *, at_once: bool = False) -> list[date]:
    """The days kept without a finished run since the first opportunity, the latest first. Two queries."""
    created = Opportunity.objects.aggregate(first=Min("created_on"))["first"]
    last = last_day(now, at_once=at_once)
    if created is None or created > last:
        return []
    first = max(created, first_kept())
    finished = set(finished_nights().filter(day__range=(first, last)).values_list("day", flat=True))
    days = (last - ONE_DAY * back for back in range((last - first).days + 1))
    return [day for day in days if day not in finished]


def run_due(limit: int | None = None, *, at_once: bool = False) -> list[Outcome]:
    """Compute the days that are due, the latest first, at most `limit` of them."""
    return [run_day(day) for day in due_days(at_once=at_once)[:limit]]


def run_day(day: date, *, again: bool = False) -> Outcome:
    """Compute one ended day unless it has been (`again`: even then) or somebody is at it. ValueError before its end.

    A failure is kept on its run and leaves the day due.
    """
    if day > last_day(at_once=True):
        raise ValueError(f"{day} has not ended.")
    claim = _claim(day, again)
    if claim is None:
        return Outcome(day, None)
    try:
        rows = _compute(day, claim)
    except Exception as error:
        logger.exception("The nightly run of %s failed", day)
        return _fail(day, claim, error)
    return Outcome(day, State.FINISHED, rows)


def forget_from(day: date) -> None:
    """Make every day from this one on due again, in the caller's transaction: its past has been rewritten.

    The rows of days that were never computed are made too, so that a run under way has something to lose.
    """
    first = max(day, first_kept())
    ended = range(max((today() - first).days, 0))
    runs = [NightlyRun(day=first + ONE_DAY * n, step=STEP) for n in ended]
    NightlyRun.objects.bulk_create(runs, ignore_conflicts=True, batch_size=500)
    _runs().filter(day__gte=day).update(state=State.DUE, claim="", leased_until=None)
    transaction.on_commit(forget_historical)


def forget_every_night() -> None:
    """Likewise every day, each of which begins at another moment now; those before the first opportunity are gone."""
    first = Opportunity.objects.aggregate(first=Min("created_on"))["first"]
    if first is not None:
        DailyTotal.objects.filter(day__lt=first).delete()
        NightlyRun.objects.filter(day__lt=first).delete()
        forget_from(first)


def _runs() -> Any:
    return NightlyRun.objects.filter(step=STEP)


def _claim(day: date, again: bool) -> str | None:
    """Take the day under a lease; None when it is finished or in somebody's hands."""
    now, claim = timezone.now(), secrets.token_hex(16)
    NightlyRun.objects.bulk_create([NightlyRun(day=day, step=STEP)], ignore_conflicts=True)
    takeable = ~Q(state=State.RUNNING) | Q(leased_until__lt=now)
    if not again:
        takeable &= ~Q(pk__in=finished_nights().values("pk"))
    taken = _runs().filter(takeable, day=day).update(
        state=State.RUNNING, claim=claim, leased_until=now + LEASE, started_at=now, ended_at=None, rows=None, error=""
    )  # fmt: skip
    return claim if taken else None


@transaction.atomic
def _compute(day: date, claim: str) -> int:
    DailyTotal.objects.filter(day=day).delete()
    rows = _store_totals(day)
    finished = {"state": State.FINISHED, "claim": "", "leased_until": None, "ended_at": timezone.now(), "rows": rows}
    if not _runs().filter(day=day, claim=claim).update(**finished):
        raise LostClaim(f"The claim of {day} was lost.")
    return rows


def _store_totals(day: date) -> int:
    """INSERT … SELECT of the day's open versions, with the aggregates that every live reading uses."""
    end = end_of(calendar(), day)
    versions = open_versions(Scope("all"), end).order_by()
    groups = versions.values_list(*GROUP).annotate(**measures(floors_at(end, all_stages())))
    select, params = groups.query.sql_with_params()
    columns = ", ".join(('"day"', *(f'"{name}"' for name in (*GROUP, *STORED))))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {DailyTotal._meta.db_table} ({columns}) SELECT %s, totals.* FROM ({select}) AS totals",
            [connection.ops.adapt_datefield_value(day), *params],
        )
        return int(cursor.rowcount)


def _fail(day: date, claim: str, error: Exception) -> Outcome:
    text = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
    failed = {"state": State.FAILED, "claim": "", "leased_until": None, "ended_at": timezone.now(), "error": text}
    with transaction.atomic():
        if _runs().filter(day=day, claim=claim).update(**failed):
            _tell_administrators(_runs().get(day=day))
    return Outcome(day, State.FAILED, error=text)


def _tell_administrators(run: NightlyRun) -> None:
    """Once a day and step, however often it is tried."""
    admins = User.objects.active_on(today()).filter(role=User.Role.ADMIN)
    about = {"day": run.day.isoformat(), "step": run.step}
    once = f"nightly:{run.day}:{run.step}"
    outbox.announce(Kind.NIGHTLY_FAILED, to=admins, row=run, params=about, hold=False, once=once)
