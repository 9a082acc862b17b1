"""What Celery runs. Every task is a nudge: the database says what is due."""

from celery import shared_task

from opportunities import digest, strays


@shared_task
def overdue_digest() -> None:
    """Every ten minutes: tell people of their overdue next steps, once a working day."""
    digest.announce_overdue()


@shared_task
def remove_stray_files() -> None:
    """Once a day: delete stored files that belong to nothing."""
    strays.remove_strays()
