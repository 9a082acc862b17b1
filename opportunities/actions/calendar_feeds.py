"""The private address under which a calendar program reads a person's planned activities."""

import secrets

from django.db import transaction

from accounts import audit, edits
from accounts.models import User
from accounts.tokens import digest
from opportunities.models import CalendarFeed


@transaction.atomic
def make_calendar_feed(*, actor: User) -> str:
    """A new token, which cannot be read again; an older one of this person ends."""
    secret = secrets.token_urlsafe(32)
    edits.locked(actor)  # a person has one address, however often they ask at once
    CalendarFeed.objects.filter(user=actor).delete()
    CalendarFeed.objects.create(user=actor, token_hash=digest(secret))
    audit.record("make_calendar_feed", row=actor, actor=actor)
    return secret


@transaction.atomic
def revoke_calendar_feed(*, actor: User) -> None:
    """End the address at once; without one nothing happens."""
    gone, _by_model = CalendarFeed.objects.filter(user=actor).delete()
    if gone:
        audit.record("revoke_calendar_feed", row=actor, actor=actor)
