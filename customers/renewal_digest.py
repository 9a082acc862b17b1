"""The word about contracts that are about to end: 90 and 30 days before, once each, from 08:00 on working days."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts import outbox
from accounts.models import Kind, OutboxMessage, User
from accounts.selectors import calendar, organisation
from customers.selectors.renewals import LATEST, mark_of, to_remind_of

FROM_HOUR = 8  # local time


def announce_renewals(now: datetime | None = None) -> int:
    """Tell owners of customers which contracts reach a mark, in one word a day. How many people were told.

    What an earlier day has told is not told again, whatever was missed in between is made up for; as many queries
    however many people there are, and two ticks at once tell nobody twice.
    """
    days = calendar()
    local = (now or timezone.now()).astimezone(days.tz)
    today = local.date()
    if local.hour < FROM_HOUR or today.isoweekday() not in organisation().working_days:
        return 0
    since = days.start_of_day(today - timedelta(LATEST))
    said = OutboxMessage.objects.filter(kind=Kind.RENEWAL_DUE, created_at__gte=since)
    if said.filter(created_at__gte=days.start_of_day(today)).exists():
        return 0
    due = _due(today, _told(said.values_list("recipient", "params")))
    people = list(User.objects.active_on(today).filter(pk__in=due))
    outbox.announce(
        Kind.RENEWAL_DUE, to=people, hold=False, once=f"renewals:{today}",
        params=lambda person: {"day": today.isoformat(), "contracts": due[person.pk]},
    )  # fmt: skip
    return len(people)


def _told(said: object) -> set[tuple[int, int, int]]:
    """(person, contract, mark) of what was told."""
    return {(person, pk, mark) for person, params in said for pk, mark in params["contracts"]}  # type: ignore[attr-defined]


def _due(today: date, told: set[tuple[int, int, int]]) -> dict[int, list[list[int]]]:
    """[contract, mark] by the person who owns the customer."""
    found: dict[int, list[list[int]]] = defaultdict(list)
    for pk, owner, ends_on in to_remind_of(today).values_list("pk", "customer__owner", "ends_on"):
        mark = mark_of(ends_on, today)
        if mark is not None and (owner, pk, mark) not in told:
            found[owner].append([pk, mark])
    return dict(found)
