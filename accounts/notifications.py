"""What people are told, in words: which kind is worded by whom, and the list behind the bell.

Apps above accounts word what they know of; they stand here by dotted name, as models do in visibility.py:

- WORDS: kind -> `words(notes: list[Notification], reader: User) -> list[Words | None]`, in the active language, one for
  each note and None for one that there is nothing (any more) to say of. It asks a constant number of queries, and is
  only given notes whose row the reader may see. Such a kind goes by bell and mail, as its reader prefers.
- MAILS: kind of an OutboxMessage that goes by mail alone and can't be switched off -> `mail_of(message) -> (subject,
  text) | None`, in its reader's language; None drops it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string

from accounts.models import Kind, Notification, NotificationPreference, User

WORDS: dict[str, str] = {
    Kind.HANDED_OVER: "opportunities.notices.handed_over",
    Kind.OVERDUE: "opportunities.notices.overdue",
    Kind.RENEWAL_DUE: "customers.notices.renewal_due",
    Kind.IMPORT_ENDED: "pipeline.notices.run_ended",
    Kind.WAIVER_ASKED: "opportunities.notices.waiver_asked",
    Kind.WAIVER_DECIDED: "opportunities.notices.waiver_decided",
    Kind.COACHED: "opportunities.notices.coached",
    Kind.CONTACTS_KEPT: "pipeline.notices.contacts_kept",
    Kind.NIGHTLY_FAILED: "pipeline.notices.night_failed",
}
MAILS: dict[str, str] = {"invitation": "accounts.invitations.mail_of"}
ICONS: dict[str, str] = {
    Kind.HANDED_OVER: "arrows-right-left",
    Kind.OVERDUE: "clock-exclamation",
    Kind.RENEWAL_DUE: "refresh",
    Kind.IMPORT_ENDED: "database",
    Kind.WAIVER_ASKED: "send",
    Kind.WAIVER_DECIDED: "user-check",
    Kind.COACHED: "message",
    Kind.CONTACTS_KEPT: "user-off",
    Kind.NIGHTLY_FAILED: "alert-triangle",
}
FOR_ADMINS = (Kind.IMPORT_ENDED, Kind.CONTACTS_KEPT, Kind.NIGHTLY_FAILED)
FOR_JUDGES = (Kind.WAIVER_ASKED,)  # managers, and administrators where there is none
MOST = 99  # unread ones that the bell counts


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said: a sentence, the path that it leads to, and what a mail has room for besides."""

    title: str
    url: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A notification in words."""

    note: Notification
    words: Words
    icon: str


def told(notes: Iterable[Notification], reader: User) -> list[Told]:
    """These notifications in the active language, in their order, without those that there is nothing to say of.

    The reader must be allowed to see their rows (`visible_to`).
    """
    notes = list(notes)
    by_kind: dict[str, list[int]] = defaultdict(list)
    for place, note in enumerate(notes):
        by_kind[note.kind].append(place)
    said: dict[int, Words | None] = {}
    for kind, places in by_kind.items():
        words = import_string(WORDS[kind])([notes[place] for place in places], reader)
        said.update(zip(places, words, strict=True))
    found = ((note, said[place]) for place, note in enumerate(notes))
    return [Told(note, words, ICONS[note.kind]) for note, words in found if words is not None]


def unread_count(user: User) -> int:
    """How many unread ones the bell shows, MOST + 1 for more. One query; none for somebody loaded `with_unread`
    who has nothing unread at all.
    """
    if not getattr(user, "has_unread", True):
        return 0
    unread = Notification.objects.unread().visible_to(user).order_by().values("pk")
    return unread[: MOST + 1].count()


def kinds_for(user: User) -> list[Kind]:
    """What this person is ever told about."""
    never = () if user.is_admin else FOR_ADMINS if user.is_manager else (*FOR_ADMINS, *FOR_JUDGES)
    return [kind for kind in Kind if kind not in never]


def preferences_of(user: User) -> dict[Kind, NotificationPreference]:
    """How this person wants to be told of each kind; by bell and mail where they have said nothing."""
    said = {each.kind: each for each in NotificationPreference.objects.filter(user=user)}
    return {kind: said.get(kind) or NotificationPreference(user=user, kind=kind) for kind in kinds_for(user)}


def wants(preference: Any, channel: str) -> bool:
    """Whether somebody wants to be told this way; a preference that was never set (None) says yes."""
    return preference is None or bool(getattr(preference, channel))
