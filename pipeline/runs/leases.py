"""Who has a run in hand until when, and how far it is. The database is the truth; the broker only nudges."""

import secrets
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from pipeline.models import WorkspaceRun

LEASE = timedelta(seconds=90)
BEAT = 2.0  # seconds between two signs of life
MOST_ATTEMPTS = 5
LONGEST_ERROR = 500
WRITING = "writing"  # the step after which one transaction does the rest
TAKEN = ("claim", "leased_until", "started_at", "step", "rows", "error", "attempts")
Run = TypeVar("Run", bound=WorkspaceRun)


class LostClaim(Exception):
    """The run was cancelled, or somebody else has taken it up."""


def take(model: type[Run], steps: Mapping[Any, Any]) -> Run | None:
    """Take up the run that is due, one at a time: `steps` is {state in which it waits: state in which it is done}.

    A run whose lease has ended, because its worker was killed, comes first. None when nothing is due or one is in hand.
    """
    rows = model._default_manager.filter(state__in=[*steps, *steps.values()])  # type: ignore[misc]
    if not rows.filter(_due(steps)).exists() or rows.filter(_in_hand(steps)).exists():
        return None  # and no lock was taken to find that out
    with transaction.atomic():
        found = list(rows.select_for_update().defer(*_large(model)).order_by("id"))
        now = timezone.now()
        begun = [run for run in found if run.state in steps.values()]  # type: ignore[attr-defined]
        if any(run.leased_until is not None and run.leased_until >= now for run in begun):
            return None
        return _begin([*begun, *found][0], steps, now) if found else None


def _begin(run: Run, steps: Mapping[Any, Any], now: datetime) -> Run:
    run.state = steps.get(run.state, run.state)  # type: ignore[attr-defined]
    run.claim, run.leased_until, run.started_at = secrets.token_hex(16), now + LEASE, now
    run.step, run.rows, run.error, run.attempts = "", 0, "", run.attempts + 1
    run.save(update_fields=["state", *TAKEN])
    return run


def _large(model: type[Run]) -> list[str]:
    return [field.name for field in model._meta.fields if field.name == "report"]


def _due(steps: Mapping[Any, Any]) -> Q:
    return Q(state__in=list(steps)) | Q(state__in=list(steps.values()), leased_until__lt=timezone.now())


def _in_hand(steps: Mapping[Any, Any]) -> Q:
    return Q(state__in=list(steps.values()), leased_until__gte=timezone.now())


def settle(run: WorkspaceRun, **fields: Any) -> None:
    """Write down how a run in hand has ended, in the caller's transaction, and let go of it. LostClaim without it."""
    rows = type(run)._default_manager.filter(pk=run.pk, claim=run.claim)
    if not rows.update(claim="", leased_until=None, **fields):
        raise LostClaim(f"{run.key} is in other hands.")


def described(error: Exception) -> str:
    """An error as it stands on a run."""
    return f"{type(error).__name__}: {error}"[:LONGEST_ERROR]


class Heartbeat:
    """Renews the lease of a run in hand and notes how far it is, from a thread, so over a connection of its own.

    So everybody sees it while the run's own transaction is open. On SQLite nobody else can write during that time, this
    thread neither; but nobody can take up the run either, so the lock stands in for the lease. That it writes is
    therefore noted by who is about to, before the transaction begins.
    """

    def __init__(self, run: WorkspaceRun) -> None:
        self.run, self.step, self.rows, self.lost = run, "", 0, False
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> "Heartbeat":
        self.thread.start()
        return self

    def __exit__(self, *_error: Any) -> None:
        self.over.set()
        self.thread.join()

    def progress(self, step: str, rows: int) -> None:
        """Note how far it is. LostClaim once the run is in other hands."""
        writes = step == WRITING != self.step
        self.step, self.rows = step, rows
        if writes:
            self._note()
        if self.lost:
            raise LostClaim(f"{self.run.key} is in other hands.")

    def _live(self) -> None:
        try:
            while not self.over.wait(BEAT):
                self._beat()
        finally:
            connection.close()

    def _note(self) -> None:
        rows = type(self.run)._default_manager.filter(pk=self.run.pk, claim=self.run.claim)
        self.lost = not rows.update(leased_until=timezone.now() + LEASE, step=self.step, rows=self.rows)

    def _beat(self) -> None:
        try:
            self._note()
        except OperationalError:  # locked on SQLite, or out of reach for a moment
            connection.close()
