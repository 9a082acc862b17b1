"""The daily word about overdue next steps: once a working day from 08:00 local time, however often it is asked for."""

from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from accounts import outbox
from accounts.models import Kind, OutboxMessage, User
from accounts.selectors import calendar, organisation
from opportunities.models import Opportunity

FROM_HOUR = 8  # local time


def announce_overdue(now: datetime | None = None) -> int:
    """Tell everybody who has an overdue next step today, unless today's word has gone out. How many people were told.

    As many queries however many people there are, and two ticks at once tell nobody twice.
    """
    days = calendar()
    local = (now or timezone.now()).astimezone(days.tz)
    today = local.date()
    if local.hour < FROM_HOUR or today.isoweekday() not in organisation().working_days:
        return 0
    if OutboxMessage.objects.filter(kind=Kind.OVERDUE, created_at__gte=days.start_of_day(today)).exists():
        return 0
    owners = Opportunity.objects.overdue(today).order_by().values_list("owner").annotate(Count("pk"))
    counts = dict(owners)
    people = User.objects.active_on(today).filter(pk__in=counts)
    outbox.announce(
        Kind.OVERDUE, to=(told := list(people)), hold=False, once=f"overdue:{today}",
        params=lambda person: {"count": counts[person.pk], "day": today.isoformat()},
    )  # fmt: skip
    return len(told)
