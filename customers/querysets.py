"""The words of customers' querysets."""

from datetime import date
from typing import Any, Self

from django.db import models

from accounts import visibility
from accounts.calendar import OrgCalendar, t12m
from accounts.models import User
from accounts.selectors import calendar


class InUse(models.QuerySet[Any]):
    def in_use(self) -> Self:
        """Without the archived ones."""
        return self.filter(archived_at__isnull=True)

    def parted(self) -> tuple[list[Any], list[Any]]:
        """Those in use, and those that were archived. One query."""
        found = list(self)
        return [row for row in found if row.archived_at is None], [row for row in found if row.archived_at is not None]


class ProductQuerySet(InUse):
    """Products are seen by everybody signed in."""

    def on_sale(self) -> Self:
        """Those that can be chosen for a new opportunity."""
        return self.in_use().filter(active=True)


class CustomerQuerySet(InUse):
    def visible_to(self, user: User) -> Self:
        return visibility.visible_customers(self, user)  # type: ignore[return-value]

    def editable_by(self, user: User) -> Self:
        return visibility.editable_customers(self, user)  # type: ignore[return-value]


class ContactQuerySet(InUse):
    def visible_to(self, user: User) -> Self:
        return visibility.visible_contacts(self, user)  # type: ignore[return-value]

    def editable_by(self, user: User) -> Self:
        return visibility.editable_contacts(self, user)  # type: ignore[return-value]

    def called(self, text: str) -> Any:
        """The one of this key, else the first of just this name; None. One query."""
        if not text or "\x00" in text:
            return None
        by_key = models.Case(models.When(key=text, then=0), default=1)
        return self.filter(models.Q(key=text) | models.Q(name__iexact=text)).order_by(by_key, "pk").first()


def counts_on(day: date, days: OrgCalendar | None = None) -> models.Q:
    """Orders that figures as of a day hold: one that was archived later is in them still (FINE-PRINT 53)."""
    return models.Q(archived_at=None) | models.Q(archived_at__gte=(days or calendar()).end_of_day(day))


def booked_in(first: date, last: date, days: OrgCalendar | None = None) -> models.Q:
    """Orders of these days, as figures as of the last of them hold them; `days`: the calendar, if read already."""
    return models.Q(booked_on__range=(first, last)) & counts_on(last, days)


class OrderQuerySet(InUse):
    def visible_to(self, user: User) -> Self:
        return visibility.visible_orders(self, user)  # type: ignore[return-value]

    def editable_by(self, user: User) -> Self:
        return visibility.editable_with_customer(self, user)  # type: ignore[return-value]


class OfCustomerQuerySet(InUse):
    """What hangs on a customer and is seen and changed with it."""

    def visible_to(self, user: User) -> Self:
        return visibility.visible_with_customer(self, user)  # type: ignore[return-value]

    def editable_by(self, user: User) -> Self:
        return visibility.editable_with_customer(self, user)  # type: ignore[return-value]


class ContractQuerySet(OfCustomerQuerySet):
    def not_renewed(self) -> Self:
        """Those that nothing follows: one that was archived follows nothing."""
        return self.filter(models.Q(renewed_by=None) | models.Q(renewed_by__archived_at__isnull=False))

    def lapsed(self, day: date) -> Self:
        """Those that ended in the twelve months to the day, itself left out, and that nothing follows."""
        return self.not_renewed().filter(ends_on__gte=t12m(day).first, ends_on__lt=day)


class OfPlanQuerySet(InUse):
    """What hangs on an account plan, and so on its customer."""

    def visible_to(self, user: User) -> Self:
        return visibility.visible_with_customer(self, user, "plan__customer_id")  # type: ignore[return-value]

    def editable_by(self, user: User) -> Self:
        return visibility.editable_with_customer(self, user, "plan__customer_id")  # type: ignore[return-value]
