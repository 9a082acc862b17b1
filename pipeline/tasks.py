"""What Celery runs. Every task is a nudge: the database says what is due."""

from celery import shared_task

from pipeline import nightly


@shared_task
def nightly_tick() -> None:
    """Every ten minutes: compute the days that are due."""
    nightly.run_due()


@shared_task
def run_nightly_now() -> None:
    """On an administrator's request: likewise, without waiting for 02:00."""
    nightly.run_due(at_once=True)
