"""What Celery runs. Every task is a nudge: the database says what is due."""

from celery import shared_task

from customers import renewal_digest as digest


@shared_task
def renewal_digest() -> None:
    """Every ten minutes: tell owners of contracts that are about to end, 90 and 30 days before, once each."""
    digest.announce_renewals()
