"""What has to be sent: written in the transaction of the change itself, sent by a sweep, dropped by an undo.

Nothing is handed to the broker when a transaction commits, so a broker that is down or loses its queue loses nothing.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import Kind, OutboxMessage, User
from config.web.revisions import Revised

HOLD = timedelta(seconds=16)  # an undo is accepted for 15 seconds (FINE-PRINT 52)
CHANNELS = (OutboxMessage.Channel.BELL, OutboxMessage.Channel.MAIL)


def announce(
    kind: Kind,
    *,
    to: Iterable[User],
    row: models.Model | None = None,
    params: dict[str, Any] | Callable[[User], dict[str, Any]] | None = None,
    hold: bool = True,
    once: str = "",
) -> None:
    """Have people told of something by bell and mail, about `row` if there is one.

    `params` (or what it says of each person) holds ids and numbers, never names or amounts: what is shown is read when
    it is sent, as far as the reader may see it then. `hold` waits until an undo of the change is no longer possible;
    without it no undo drops it. What has been announced under `once` before is not announced to the same person again.
    """
    now = timezone.now()
    of = params if callable(params) else lambda _person: params or {}
    about = _about(row, undoable=hold)
    messages = [
        OutboxMessage(
            channel=channel, kind=kind, recipient=person, params=of(person), created_at=now,
            due_at=now + HOLD if hold else now, once=f"{once}:{person.pk}:{channel}" if once else None, **about,
        )
        for person in to
        for channel in CHANNELS
    ]  # fmt: skip
    OutboxMessage.objects.bulk_create(messages, ignore_conflicts=bool(once))


def _about(row: models.Model | None, *, undoable: bool) -> dict[str, Any]:
    if row is None:
        return {}
    version = row.version if undoable and isinstance(row, Revised) else None
    return {"model": row._meta.model_name or "", "object_id": row.pk, "object_version": version}


def with_waiting(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Rows with `has_waiting`: whether something waits to be sent of the change that made their version."""
    about = {"model": rows.model._meta.model_name, "object_id": models.OuterRef("pk")}
    waiting = OutboxMessage.objects.waiting().filter(**about, object_version=models.OuterRef("version"))
    return rows.annotate(has_waiting=models.Exists(waiting))


def drop(row: Revised, *, version: int, at: datetime | None = None) -> None:
    """Drop what waits to be sent of the change that made `version` of this row: it was undone."""
    waiting = OutboxMessage.objects.waiting().filter(model=row._meta.model_name, object_id=row.pk)
    waiting.filter(object_version=version).update(dropped_at=at or timezone.now())
