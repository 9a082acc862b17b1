"""An import from upload to end: what people ask for, and what the worker does of it."""

import logging
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit, outbox
from accounts.actions import refuse_unless_admin
from accounts.models import Kind, User
from pipeline.interchange import Report, SourceError, import_workspace
from pipeline.models import ImportRun
from pipeline.runs import reports, storage
from pipeline.runs.leases import MOST_ATTEMPTS, Heartbeat, LostClaim, described, settle, take

logger = logging.getLogger(__name__)
State = ImportRun.State
STEPS = {State.UPLOADED: State.CHECKING, State.CONFIRMED: State.WRITING}
WAITING_IN = {done: waits for waits, done in STEPS.items()}
UNDER_WAY = (State.UPLOADED, State.CHECKING, State.CONFIRMED, State.WRITING)
CANCELLABLE = (State.UPLOADED, State.CHECKING, State.CHECKED, State.REFUSED)
CHECKABLE = (State.CHECKED, State.REFUSED, State.FAILED)
NO_ADMINISTRATOR = gettext_lazy("Whoever confirmed this import is no longer an active administrator.")
GONE = gettext_lazy("The uploaded files are gone; please upload them again.")


# --- What people ask for ----------------------------------------------------------------------


def upload(*, files: Any, keep_edits: bool, actor: User) -> ImportRun:
    """Keep the uploaded files and have them checked. ValidationError, or DiskFull, and nothing is kept."""
    refuse_unless_admin(actor)
    kept = storage.chosen(files)
    names = [{"name": file.name[: storage.LONGEST_NAME], "size": file.size} for file in kept]
    run = ImportRun(requested_by=actor, files=names, keep_edits=keep_edits)
    storage.keep(run, kept)
    try:
        with transaction.atomic():
            run.save()
            audit.record("upload", row=run, actor=actor, changes={"keep_edits": (None, keep_edits)})
    except Exception:
        storage.remove(run)
        raise
    for mended in ImportRun.objects.filter(requested_by=actor, state=State.REFUSED):
        storage.remove_upload(mended)
    return run


def check_again(*, run: ImportRun, keep_edits: bool, actor: User) -> ImportRun:
    """Check the same files once more, with the other choice about what was changed in Ascent or after a failure."""
    if not storage.has_upload(run):
        raise ValidationError(GONE)
    changes = {"state": State.UPLOADED, "keep_edits": keep_edits, "attempts": 0, "report": None, "ended_at": None}
    return _go_on(run, "check_again", CHECKABLE, actor, **changes, confirmed_at=None, confirmed_by=None)


def confirm(*, run: ImportRun, actor: User) -> ImportRun:
    """Have what was checked written, in the actor's name whoever uploaded it."""
    signed = {"confirmed_at": timezone.now(), "confirmed_by": actor}
    return _go_on(run, "confirm", (State.CHECKED,), actor, state=State.CONFIRMED, attempts=0, **signed)


def cancel(*, run: ImportRun, actor: User) -> ImportRun:
    """Drop an import that nobody has confirmed, and its files."""
    now = timezone.now()
    run = _go_on(run, "cancel", CANCELLABLE, actor, state=State.CANCELLED, ended_at=now, claim="", leased_until=None)
    storage.remove(run)
    return run


@transaction.atomic
def _go_on(run: ImportRun, action: str, allowed: Any, actor: User, **fields: Any) -> ImportRun:
    refuse_unless_admin(actor)
    row = ImportRun.objects.select_for_update().get(pk=run.pk)
    if row.state not in allowed:
        raise ValidationError(_("The import has gone on meanwhile. Please look at it again."))
    noted: dict[str, tuple[Any, Any]] = {
        name: (getattr(row, name), fields[name]) for name in ("state", "keep_edits") if name in fields
    }
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))
    audit.record(action, row=row, actor=actor, changes=noted)
    return row


# --- What the worker does ---------------------------------------------------------------------


def run_due() -> None:
    """Carry out what is due, one import after the other."""
    while (run := take(ImportRun, STEPS)) is not None:
        carry_out(run)


def carry_out(run: ImportRun) -> None:
    """Check or write the import in hand; how it ends is written down, whatever happens."""
    try:
        if run.attempts > MOST_ATTEMPTS:
            _end(run, State.FAILED)  # its worker was killed each time: nobody was left to say why
        else:
            _import(run)
    except LostClaim:
        logger.warning("The import %s was cancelled, or is in other hands", run.key)
    except OperationalError as error:
        logger.exception("The import %s is tried again", run.key)
        _put_back(run, error)
    except Exception as error:
        logger.exception("The import %s failed", run.key)
        _unless_lost(run, State.FAILED, error=described(error))


def _import(run: ImportRun) -> None:
    if not storage.has_upload(run):
        _end(run, State.REFUSED, report=reports.refusal(GONE))
        return
    checking = run.state == State.CHECKING
    if not checking and not (run.in_charge.is_admin and run.in_charge.is_active):
        _end(run, State.REFUSED, report=reports.refusal(NO_ADMINISTRATOR))
        return
    finished = partial(_finish, run)
    try:
        with Heartbeat(run) as alive:
            report = import_workspace(
                storage.source_of(run), dry_run=checking, keep_edits=run.keep_edits, actor=run.in_charge,
                progress=alive.progress, written=finished,
            )  # fmt: skip
    except SourceError as error:
        _end(run, State.REFUSED, report=reports.refusal(error.args[0]))
        return
    if not report.ok:
        reports.write_bad_rows(storage.folder_of(run), report)
        _end(run, State.REFUSED, report=_kept(run, report))
    elif checking:
        settle(run, state=State.CHECKED, report=_kept(run, report))
    elif not report.written:
        finished(report)
    if report.ok and not checking:
        storage.remove(run)


def _finish(run: ImportRun, report: Report) -> None:
    """Belongs to the transaction that writes: the data and the run's end come together or not at all."""
    _end(run, State.FINISHED, report=_kept(run, report))


def _kept(run: ImportRun, report: Report) -> dict[str, Any]:
    return reports.as_json(report, [file["name"] for file in run.files if storage.is_table(file["name"])])


@transaction.atomic
def _end(run: ImportRun, state: str, **fields: Any) -> None:
    settle(run, state=state, ended_at=timezone.now(), **fields)
    told = {"state": str(state)}
    outbox.announce(Kind.IMPORT_ENDED, to={run.requested_by, run.in_charge}, row=run, params=told, hold=False)


def _put_back(run: ImportRun, error: Exception) -> None:
    """Let the next tick try again: the database was locked, full or away."""
    if run.attempts >= MOST_ATTEMPTS:
        _unless_lost(run, State.FAILED, error=described(error))
        return
    try:
        settle(run, state=WAITING_IN[State(run.state)], error=described(error))
    except (LostClaim, OperationalError):  # then its lease ends by itself
        logger.warning("The import %s waits for its lease to end", run.key)


def _unless_lost(run: ImportRun, state: str, **fields: Any) -> None:
    try:
        _end(run, state, **fields)
    except (LostClaim, OperationalError):
        logger.warning("The import %s is in other hands, or the database is away", run.key)


# --- Retention --------------------------------------------------------------------------------


def expire_imports() -> None:
    """Drop files that nobody needs: of ended imports at once, of those waiting for somebody after IMPORT_DAYS."""
    ended = ImportRun.objects.filter(state__in=(State.FINISHED, State.CANCELLED), key__in=storage.import_keys())
    for run in ended.defer("report"):
        storage.remove(run)
    old = timezone.now() - timedelta(days=settings.IMPORT_DAYS)
    waiting = ImportRun.objects.filter(state__in=CHECKABLE, created_at__lt=old, key__in=storage.import_keys())
    for run in waiting.defer("report"):
        _drop(run)
        storage.remove(run)
    storage.remove_strays()


@transaction.atomic
def _drop(run: ImportRun) -> None:
    """Cancel an import that nobody has confirmed; nobody did it, and the trail says so."""
    unconfirmed = ImportRun.objects.filter(pk=run.pk, state=State.CHECKED)
    if unconfirmed.update(state=State.CANCELLED, ended_at=timezone.now()):
        audit.record("cancel", row=run, actor=None, changes={"state": (State.CHECKED, State.CANCELLED)})
