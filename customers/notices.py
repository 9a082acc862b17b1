"""What people are told about contracts, in words (accounts/notifications.py)."""

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Notification, User
from accounts.notifications import Words
from accounts.selectors import today
from config.web.templatetags.formats import day, day_full
from customers.models import Contract
from customers.selectors.renewals import still_due

LONGEST_LIST = 20  # contracts that a mail names


def renewal_due(notes: list[Notification], reader: User) -> list[Words | None]:
    """As many as there were that morning; a mail that is being written names those still to be renewed.

    At most one query.
    """
    url = f"{reverse('contracts')}?due=true"
    if all(note.pk is not None for note in notes):
        return [Words(_title(note), url) for note in notes]
    rows = still_due(reader, (pk for note in notes for pk in _ids(note)), today())  # being sent just now
    by_id = {row.pk: row for row in rows}
    found = [[by_id[pk] for pk in _ids(note) if pk in by_id] for note in notes]
    return [Words(_title(note), url, _lines(left)) if left else None for note, left in zip(notes, found, strict=True)]


def _ids(note: Notification) -> list[int]:
    return [pk for pk, _mark in note.params["contracts"]]


def _title(note: Notification) -> str:
    count = len(note.params["contracts"])
    words = {"count": count, "day": day(date.fromisoformat(note.params["day"]))}
    said = ngettext(
        "%(count)d contract of your customers is about to end (%(day)s)",
        "%(count)d contracts of your customers are about to end (%(day)s)",
        count,
    )
    return said % words


def _lines(rows: list[Contract]) -> tuple[str, ...]:
    lines = [
        _("%(contract)s, %(customer)s: ends on %(day)s")
        % {"contract": row, "customer": row.customer.name, "day": day_full(row.ends_on)}
        for row in rows[:LONGEST_LIST]
    ]
    rest = len(rows) - LONGEST_LIST
    if rest > 0:
        lines.append(ngettext("and %(count)d more", "and %(count)d more", rest) % {"count": rest})
    return tuple(lines)
