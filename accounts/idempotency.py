"""The same request under the same `Idempotency-Key` is carried out once, and answered each time as the first time.

The claim on the key, what the request writes and its answer are one transaction. So a crash leaves neither a key that
is stuck nor a write without its answer, and of two at the same time the second waits for the first: on the unique
index in PostgreSQL, on the lock of the database in SQLite. A refused request leaves its key free.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import IdempotencyRecord, User

KEPT = timedelta(hours=24)


class KeyUsed(Exception):
    """The key was used for another request."""


class Refused(Exception):
    """Wraps what a request was refused with: it leaves no answer, and what was written for the refusal stays."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        super().__init__()


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body, as JSON text or None; `again` says that it is the answer of an earlier request."""

    status: int
    body: str | None
    again: bool = False


def digest_of(method: str, path: str, body: bytes) -> str:
    """SHA-256 of a request: another method, address, query or body is another request."""
    found = hashlib.sha256()
    for part in (method.encode(), path.encode(), body):
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()


def answer_once(*, user: User, key: str, digest: str, act: Callable[[], Answer]) -> Answer:
    """What `act` answers, or has answered to this request before. KeyUsed for another request under the key.

    `act` raises Refused, which is raised again here, for a request that is not taken.
    """
    refused = None
    with transaction.atomic():
        record, new = _claimed(user, key, digest)
        if not new:
            return _again(record, digest)
        try:
            answer = act()
        except Refused as error:
            refused = error
            record.delete()
        else:
            record.status, record.body = answer.status, answer.body
            record.save(update_fields=["status", "body"])
    if refused is not None:
        raise refused
    return answer


def forget(values: Iterable[str]) -> None:
    """Blank the answers in which one of these texts stands; what they answered is carried out once all the same."""
    cells = [json.dumps(value, ensure_ascii=False) for value in values]
    told = IdempotencyRecord.objects.filter(body__isnull=False).values_list("pk", "body").iterator(500)
    found = [pk for pk, body in told if any(cell in str(body) for cell in cells)]
    IdempotencyRecord.objects.filter(pk__in=found).update(body=None)


def _claimed(user: User, key: str, digest: str) -> tuple[IdempotencyRecord, bool]:
    """The record of the key, and whether it is new; it waits for another request that holds the key just now."""
    try:
        with transaction.atomic():
            return IdempotencyRecord.objects.create(user=user, key=key, request_digest=digest), True
    except IntegrityError:
        IdempotencyRecord.objects.filter(user=user, key=key, created_at__lt=timezone.now() - KEPT).delete()
    return IdempotencyRecord.objects.get_or_create(user=user, key=key, defaults={"request_digest": digest})


def _again(record: IdempotencyRecord, digest: str) -> Answer:
    if record.request_digest != digest:
        raise KeyUsed
    assert record.status is not None
    return Answer(record.status, record.body, again=True)
