"""An export that an administrator asked for: written by a worker, fetched by the same person until it expires."""

import logging
import shutil
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from accounts import audit, outbox
from accounts.actions import refuse_unless_admin
from accounts.models import Kind, User
from pipeline.interchange import export_workspace
from pipeline.models import ExportRun
from pipeline.runs import storage
from pipeline.runs.leases import MOST_ATTEMPTS, Heartbeat, LostClaim, described, settle, take

logger = logging.getLogger(__name__)
State = ExportRun.State
STEPS = {State.WAITING: State.RUNNING}
UNDER_WAY = (State.WAITING, State.RUNNING)


@transaction.atomic
def request_export(*, actor: User) -> ExportRun:
    """Ask for an export; the one of the same person that waits already does as well."""
    refuse_unless_admin(actor)
    waiting = ExportRun.objects.select_for_update().filter(requested_by=actor, state=State.WAITING).first()
    if waiting is not None:
        return waiting
    run = ExportRun.objects.create(requested_by=actor)
    audit.record("request", row=run, actor=actor)
    return run


def fetchable(run: ExportRun, user: User) -> Path | None:
    """The file, while it is there, for the person who asked for it; else None."""
    path = storage.folder_of(run) / storage.ZIP
    valid = run.state == State.FINISHED and run.expires_at is not None and run.expires_at > timezone.now()
    return path if user.is_admin and valid and run.requested_by_id == user.pk and path.exists() else None


def note_download(*, run: ExportRun, actor: User) -> None:
    """The trail says who has fetched the company's data."""
    audit.record("download", row=run, actor=actor)


def run_due() -> None:
    """Carry out what is due, one export after the other."""
    while (run := take(ExportRun, STEPS)) is not None:
        carry_out(run)


def carry_out(run: ExportRun) -> None:
    """Write the export in hand; how it ends is written down, whatever happens."""
    try:
        if run.attempts > MOST_ATTEMPTS:
            _end(run, state=State.FAILED)  # its worker was killed each time
        else:
            _export(run)
    except (LostClaim, OperationalError):
        logger.exception("The export %s waits for its lease to end", run.key)
    except Exception as error:
        logger.exception("The export %s failed", run.key)
        _fail(run, error)


def _fail(run: ExportRun, error: Exception) -> None:
    """Write the failure down and remove the files, unless the run and its folder are in other hands by now."""
    try:
        _end(run, state=State.FAILED, error=described(error))
    except (LostClaim, OperationalError):
        logger.warning("The export %s is in other hands, or the database is away", run.key)
    else:
        storage.remove(run)


def _export(run: ExportRun) -> None:
    folder = storage.folder_of(run)
    shutil.rmtree(folder, ignore_errors=True)  # of an attempt that was killed
    folder.mkdir(parents=True)
    with Heartbeat(run) as alive:
        counts = export_workspace(folder / storage.ZIP, actor=run.requested_by, progress=alive.progress)
    expires_at = timezone.now() + timedelta(hours=settings.EXPORT_HOURS)
    size = (folder / storage.ZIP).stat().st_size
    _end(run, state=State.FINISHED, counts=counts, size=size, expires_at=expires_at)


@transaction.atomic
def _end(run: ExportRun, *, state: str, **fields: object) -> None:
    settle(run, state=state, ended_at=timezone.now(), **fields)
    told = {"state": str(state)}
    outbox.announce(Kind.IMPORT_ENDED, to=[run.requested_by], row=run, params=told, hold=False)


def expire_exports() -> int:
    """Remove the files of exports whose time is over; how many."""
    rows = ExportRun.objects.filter(state=State.FINISHED, expires_at__lte=timezone.now())
    expired = list(rows)
    for run in expired:
        storage.remove(run)
    return rows.filter(pk__in=[run.pk for run in expired]).update(state=State.EXPIRED) if expired else 0
