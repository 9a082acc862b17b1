"""When somebody was last here: noted every five minutes at most, and never by making anybody wait."""

import logging
from datetime import timedelta

from django.db import OperationalError, connection, transaction
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
    try:
        if connection.vendor == "sqlite":
            _note_without_waiting(person, now)
        else:
            _note_unless_locked(person, now)
    except OperationalError:
        logger.debug("Busy: that %s is here is noted another time", person.pk)


def _note_without_waiting(person: User, now: object) -> None:
    """While somebody else writes, an import for instance, SQLite refuses at once instead of after twenty seconds."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (patience,) = cursor.fetchone()
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            User.objects.filter(pk=person.pk).update(last_seen_at=now)
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")


def _note_unless_locked(person: User, now: object) -> None:
    with transaction.atomic():
        free = User.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=person.pk)
        User.objects.filter(pk__in=list(free.values_list("pk", flat=True))).update(last_seen_at=now)
