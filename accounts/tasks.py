"""What Celery runs. Every task is a nudge: the database says what is due."""

from celery import shared_task

from accounts import retention, sending


@shared_task
def send_outbox() -> None:
    """Every ten seconds: send what is due."""
    sending.sweep()


@shared_task
def forget_old() -> None:
    """Once a day: delete what is no longer kept."""
    retention.forget_old()
