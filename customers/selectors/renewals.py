"""When the owner of a customer is reminded of a contract that ends soon and that nothing renews yet."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from customers.models import Contract
from customers.selectors.facts import renewals_due

MARKS = (90, 30)  # days before the end on which the customer's owner is reminded
LATEST = 7  # days for which a reminder is made up for: weekends, holidays, a worker that was down


def mark_of(ends_on: date, day: date) -> int | None:
    """The reminder that is due on a day: one of MARKS, up to LATEST days late."""
    left = (ends_on - day).days
    return next((mark for mark in MARKS if mark - LATEST < left <= mark), None)


def to_remind_of(day: date) -> QuerySet[Any]:
    """Contracts of which a reminder is due on a day, whoever owns their customer."""
    ending = Q()
    for mark in MARKS:
        ending |= Q(ends_on__range=(day + timedelta(mark - LATEST + 1), day + timedelta(mark)))
    rows = Contract.objects.in_use().not_renewed().filter(ending, customer__archived_at=None)
    return rows.exclude(customer__owner=None).order_by("ends_on", "pk")


def still_due(user: User, pks: Iterable[int], day: date) -> list[Contract]:
    """Of these contracts those that the person still has to renew. One query."""
    return list(renewals_due(user, day, max(MARKS)).filter(pk__in=set(pks), customer__owner=user))
