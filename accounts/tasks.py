"""What Celery runs. Every task is a nudge: the database says what is due."""

from celery import shared_task

from accounts import sending


@shared_task
def send_outbox() -> None:
    """Every ten seconds: send what is due."""
    sending.sweep()
