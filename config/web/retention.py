"""Deleting what is no longer kept, in batches: other writers get in between."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

BATCH = 500


def days_ago(days: int) -> datetime:
    """The moment this many times 24 hours before now."""
    return timezone.now() - timedelta(days=days)


def delete_in_batches(rows: QuerySet[Any]) -> int:
    """Delete these rows, BATCH in a transaction; how many there were."""
    deleted = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        deleted += rows.filter(pk__in=ids).delete()[0]
    return deleted
