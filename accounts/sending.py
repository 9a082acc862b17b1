"""The sweep that sends the outbox: bells become notifications, mails go out.

It asks the database what is due and takes it under a lease, so that any number of workers may sweep side by side, and
a worker that dies has its messages sent by another when the lease ends. A bell is written in the transaction that
marks it sent: once, whatever happens. A mail is handed to the mail server first and marked then, so a kill -9 between
the two sends it a second time (under the same Message-ID, by which a mailbox may know it) and never loses it.
"""

import logging
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts import visibility
from accounts.models import Kind, Notification, NotificationPreference, OutboxMessage, User
from accounts.notifications import MAILS, told, wants
from accounts.selectors import drawer, today

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
PEOPLE = 50  # whose messages are taken at once
PAUSES = (1, 2, 5, 15, 60, 120, 240, 480, 960)  # minutes after each failure: a day and a half
ATTEMPTS = len(PAUSES) + 1
LONGEST_ERROR = 500
Channel = OutboxMessage.Channel


class LostClaim(Exception):
    """A message was dropped, or taken by another worker, since it was claimed: nothing is sent."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes to one person at once: one message, or several hand-overs by the same actor as one."""

    messages: list[OutboxMessage]
    note: Notification | None  # None: a kind of MAILS

    @property
    def first(self) -> OutboxMessage:
        return self.messages[0]

    @property
    def ids(self) -> list[int]:
        return [message.pk for message in self.messages]


def sweep() -> Counter[str]:
    """Send everything that is due; how many messages were `sent`, `dropped`, `failed` (for now or for good)."""
    outcome: Counter[str] = Counter()
    while claim := _claim():
        kept = drawer.set({})
        try:
            outcome += _send_claimed(claim)
        finally:
            drawer.reset(kept)
    return outcome


def _claim() -> str | None:
    """Take what is due of some people under a lease; None when nothing is."""
    if not OutboxMessage.objects.due().exists():
        return None
    claim, now = secrets.token_hex(16), timezone.now()
    with transaction.atomic():
        ready = OutboxMessage.objects.due().gathered().order_by("due_at", "pk")
        people = set(ready.values_list("recipient", flat=True)[:PEOPLE])
        taken = ready.filter(recipient__in=people).select_for_update(skip_locked=True, of=("self",))
        rows = OutboxMessage.objects.filter(pk__in=list(taken.values_list("pk", flat=True)))
        count = rows.update(claim=claim, leased_until=now + LEASE, attempts=F("attempts") + 1)
    return claim if count else None


def _send_claimed(claim: str) -> Counter[str]:
    claimed = OutboxMessage.objects.filter(claim=claim).select_related("recipient__team").order_by("pk")
    messages, outcome = list(claimed), Counter[str]()
    wanted = list(_wanted(messages))
    outcome["dropped"] += _drop({message.pk for message in messages} - {message.pk for message in wanted}, claim)
    with Post() as post:
        for parcel in _parcels(wanted):
            outcome[_deliver(parcel, claim, post)] += len(parcel.messages)
    return outcome


def _drop(ids: Iterable[int], claim: str) -> int:
    mine = OutboxMessage.objects.waiting().filter(pk__in=ids, claim=claim)
    return mine.update(dropped_at=timezone.now(), claim="", leased_until=None)


# --- Who is told of what


def _wanted(messages: list[OutboxMessage]) -> Iterator[OutboxMessage]:
    """Those whose reader is still here, wants to be told this way, and may see the row."""
    day, people = today(), {message.recipient_id for message in messages}
    said = NotificationPreference.objects.filter(user__in=people)
    preferences = {(each.user_id, each.kind): each for each in said}
    shown = _shown(messages)
    for message in messages:
        if not _reachable(message, day):
            continue
        about = (message.recipient_id, message.model)
        if message.kind in MAILS or (
            wants(preferences.get((message.recipient_id, message.kind)), message.channel)
            and (message.object_id is None or message.object_id in shown[about])
        ):
            yield message


def _reachable(message: OutboxMessage, day: date) -> bool:
    person = message.recipient
    if message.channel == Channel.MAIL and not person.email:
        return False
    return message.kind in MAILS or person.active_on(day)


def _shown(messages: list[OutboxMessage]) -> dict[tuple[int, str], set[int]]:
    """The ids of the rows that each reader may see, by person and model."""
    asked: dict[tuple[User, str], set[int]] = defaultdict(set)
    for message in messages:
        if message.object_id is not None and message.kind not in MAILS:
            asked[message.recipient, message.model].add(message.object_id)
    return {(person.pk, model): visibility.may_see(person, model, ids) for (person, model), ids in asked.items()}


def _parcels(messages: list[OutboxMessage]) -> list[Parcel]:
    """Hand-overs of deals and customers to one person by one actor go together."""
    together: dict[Any, list[OutboxMessage]] = defaultdict(list)
    for message in messages:
        params = message.params
        gathers = message.kind == Kind.HANDED_OVER and "by" in params
        key = (message.recipient_id, message.channel, params["by"], params.get("added")) if gathers else message.pk
        together[key].append(message)
    return [Parcel(each, _note(each)) for each in together.values()]


def _note(messages: list[OutboxMessage]) -> Notification | None:
    """The notification of these messages; of several it holds their rows, by model."""
    first = messages[0]
    if first.kind in MAILS:
        return None
    note = Notification(recipient=first.recipient, kind=first.kind, created_at=timezone.now(), params=first.params)
    rows = sorted({(message.model, message.object_id) for message in messages})
    if len(rows) == 1:
        note.model, note.object_id = rows[0]
    else:
        note.params = {**first.params, "rows": rows}
    return note


# --- By bell and by mail


def _deliver(parcel: Parcel, claim: str, post: "Post") -> str:
    """Send one parcel; a failure is kept on its messages and tried again later."""
    try:
        if parcel.first.channel == Channel.BELL:
            return _ring(parcel, claim)
        return _mail(parcel, claim, post)
    except LostClaim:
        OutboxMessage.objects.filter(pk__in=parcel.ids, claim=claim).update(claim="", leased_until=None)
        return "lost"
    except Exception as error:
        logger.exception("Message %s (%s) was not sent", parcel.first.pk, parcel.first.kind)
        return _postpone(parcel, claim, error)


@transaction.atomic
def _ring(parcel: Parcel, claim: str) -> str:
    note = parcel.note
    assert note is not None
    if not told([note], note.recipient):
        _drop(parcel.ids, claim)
        return "dropped"
    rows = note.params.pop("rows", [])
    if rows:  # how many there are is told; which they are is no longer asked
        count = Counter(model for model, _pk in rows)
        note.params |= {"opportunities": count["opportunity"], "customers": count["customer"]}
    note.save()
    if _mark_sent(parcel, claim) != len(parcel.messages):
        raise LostClaim
    return "sent"


def _mail(parcel: Parcel, claim: str, post: "Post") -> str:
    person = parcel.first.recipient
    with translation.override(person.language):
        mail = _written(parcel)
    if mail is None:
        _drop(parcel.ids, claim)
        return "dropped"
    if _mine(parcel, claim).update(leased_until=timezone.now() + LEASE) != len(parcel.messages):
        raise LostClaim
    post.send(mail)
    _mark_sent(parcel, claim)
    return "sent"


def _mine(parcel: Parcel, claim: str) -> Any:
    """Those of the parcel's messages that nobody has dropped or taken meanwhile."""
    return OutboxMessage.objects.waiting().filter(pk__in=parcel.ids, claim=claim)


def _mark_sent(parcel: Parcel, claim: str) -> int:
    sent = {"sent_at": timezone.now(), "claim": "", "leased_until": None, "error": ""}
    return _mine(parcel, claim).update(**sent)  # type: ignore[no-any-return]


def _postpone(parcel: Parcel, claim: str, error: Exception) -> str:
    now, text = timezone.now(), f"{type(error).__name__}: {error}"[:LONGEST_ERROR].replace("\x00", "")
    mine, attempts = _mine(parcel, claim), max(message.attempts for message in parcel.messages)
    fields = {"claim": "", "leased_until": None, "error": text}
    if attempts >= ATTEMPTS:
        mine.update(failed_at=now, **fields)
    else:
        mine.update(due_at=now + timedelta(minutes=PAUSES[attempts - 1]), **fields)
    return "failed"


# --- Mails


def absolute(path: str) -> str:
    """The address of a page as a mail names it."""
    return settings.BASE_URL.rstrip("/") + path


def _written(parcel: Parcel) -> EmailMultiAlternatives | None:
    """The mail in the active language; None when there is nothing (any more) to say."""
    message = parcel.first
    if parcel.note is None:
        written = import_string(MAILS[message.kind])(message)
        return _mail_to(message, *written) if written else None
    said = told([parcel.note], message.recipient)
    if not said:
        return None
    words = said[0].words
    context = {
        "words": words, "url": absolute(words.url), "preferences": absolute(reverse("notification_preferences"))
    }  # fmt: skip
    mail = _mail_to(message, words.title, render_to_string("notifications/mail.txt", context))
    mail.attach_alternative(render_to_string("notifications/mail.html", context), "text/html")
    return mail


def _mail_to(message: OutboxMessage, subject: str, text: str) -> EmailMultiAlternatives:
    """Subject on one line, with the product's name; the same Message-ID each time that this message is sent."""
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >") or "localhost"
    return EmailMultiAlternatives(
        subject=f"[{_('Ascent')}] " + " ".join(subject.split()), body=text, to=[message.recipient.email],
        headers={"Message-ID": f"<outbox-{message.pk}-{int(message.created_at.timestamp())}@{host}>",
                 "Auto-Submitted": "auto-generated"},
    )  # fmt: skip


class Post:
    """One connection to the mail server for all mails of a batch; while it can't be reached, none is tried again."""

    def __init__(self) -> None:
        self.connection = get_connection()
        self.down: OSError | None = None

    def __enter__(self) -> "Post":
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def send(self, mail: EmailMultiAlternatives) -> None:
        """Raises what the mail server said."""
        if self.down is not None:
            raise self.down
        try:
            self.connection.open()
        except OSError as error:
            self.down = error
            raise
        try:
            self.connection.send_messages([mail])
        except Exception:
            self.connection.close()  # the next mail begins with a fresh one
            raise
