"""When somebody was last here: noted every five minutes at most, and never by making anybody wait."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User

STEP = timedelta(minutes=5)
logger = logging.getLogger(__name__)


def note(person: User) -> None:
    """Note that this person is here now, unless that was done minutes ago or the database is busy just now.

    What is skipped is noted by their next request.
    """
    now = timezone.now()
    if person.last_seen_at is not None and person.last_seen_at > now - STEP:
        return
    unless_busy(User.objects.filter(pk=person.pk), last_seen_at=now)


def unless_busy(rows: QuerySet[Any], **noted: datetime) -> None:
    """Note these moments on rows, or leave it when somebody else is writing them just now."""
    try:
        if connection.vendor == "sqlite":
            _note_without_waiting(rows, noted)
        else:
            _note_unless_locked(rows, noted)
    except OperationalError:
        logger.debug("Busy: that somebody is here is noted another time")


def _note_without_waiting(rows: QuerySet[Any], noted: dict[str, datetime]) -> None:
    """While somebody else writes, an import for instance, SQLite refuses at once instead of after twenty seconds."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (patience,) = cursor.fetchone()
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            rows.update(**noted)
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")


def _note_unless_locked(rows: QuerySet[Any], noted: dict[str, datetime]) -> None:
    with transaction.atomic():
        free = rows.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
        rows.filter(pk__in=list(free)).update(**noted)
