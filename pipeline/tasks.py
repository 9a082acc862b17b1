"""What Celery runs. Every task is a nudge: the database says what is due."""

from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

from opportunities.selectors.historical import keep_historical
from pipeline import contacts_kept, nightly, retention, runs
from pipeline.interchange import found
from pipeline.runs import imports

PORTION = 30  # days that one task computes


def nudge(task: Any) -> bool:
    """Have a task run soon; whether the broker took it. A broker that is down is no error: beat ticks anyway."""
    try:
        task.apply_async(retry=False)
    except (OperationalError, OSError):
        return False
    return True


@shared_task
def nightly_tick() -> None:
    """Every ten minutes: compute the days that are due, and what is read once a day."""
    if _portion(at_once=False):
        nudge(nightly_tick)
    keep_historical()


@shared_task
def run_nightly_now() -> None:
    """On an administrator's request: likewise, without waiting for 02:00."""
    if _portion(at_once=True):
        nudge(run_nightly_now)


def _portion(*, at_once: bool) -> bool:
    """Compute some of the days that are due, so that mail and imports get their turn; whether there is more to do."""
    outcomes = nightly.run_due(PORTION, at_once=at_once)
    return len(outcomes) == PORTION and any(each.state == nightly.State.FINISHED for each in outcomes)


@shared_task
def workspace_tick() -> None:
    """Every ten seconds, and when somebody asks: carry out imports and exports that are due."""
    runs.run_due()


@shared_task
def forget_old_runs() -> None:
    """Once a day: delete imports, exports and nights that are no longer kept, with their files."""
    retention.forget_old()
    retention.forget_nights()


@shared_task
def remind_of_contacts() -> None:
    """Every hour: once a quarter, tell administrators of contacts with whom nothing was done for years."""
    contacts_kept.remind()


@shared_task
def index_missing() -> None:
    """Every ten minutes: what an import left to be indexed for the search, and whose worker was lost."""
    found.catch_up()


@shared_task
def workspace_cleanup() -> None:
    """Every hour: remove uploads that nobody needs any more."""
    imports.expire_imports()
