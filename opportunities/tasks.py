"""What Celery runs. Every task is a nudge: the database says what is due."""

from celery import shared_task

from opportunities import digest


@shared_task
def overdue_digest() -> None:
    """Every ten minutes: tell people of their overdue next steps, once a working day."""
    digest.announce_overdue()
