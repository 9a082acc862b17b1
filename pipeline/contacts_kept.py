"""The word to administrators about contacts with whom nothing was done for years: once at the start of a quarter."""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts import outbox
from accounts.models import Kind, OutboxMessage, User
from accounts.selectors import calendar
from pipeline.selectors.privacy import KEPT_YEARS, no_longer_met

FROM_HOUR = 8  # local time
LATEST = 14  # days into a quarter on which it is made up for; messages are kept longer


def remind(now: datetime | None = None) -> int:
    """Tell every administrator how many there are, if any; how many people were told. Twice in a quarter: nobody."""
    days = calendar()
    local = (now or timezone.now()).astimezone(days.tz)
    day = local.date()
    first = days.quarter(day).first
    if local.hour < FROM_HOUR or day > first + timedelta(days=LATEST):
        return 0
    if OutboxMessage.objects.filter(kind=Kind.CONTACTS_KEPT, created_at__gte=days.start_of_day(first)).exists():
        return 0
    count = no_longer_met(day).count()
    if not count:
        return 0
    people = list(User.objects.active_on(day).filter(role=User.Role.ADMIN))
    params = {"count": count, "years": KEPT_YEARS, "day": day.isoformat()}
    outbox.announce(Kind.CONTACTS_KEPT, to=people, params=params, hold=False, once=f"contacts-kept:{first}")
    return len(people)
