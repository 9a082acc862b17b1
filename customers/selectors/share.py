"""The wallet share of one customer, and of many at once: orders of twelve months against what they spend a year."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, F, Max, Q, Sum
from django.db.models.functions import Cast

from accounts.calendar import t12m
from customers.models import Customer, Order
from customers.querysets import booked_in
from customers.rules.share import SHARE_THRESHOLD, share_of

PER_CENT = int(SHARE_THRESHOLD * 100)


def orders_of_year(day: date) -> Any:
    """The orders of the twelve months that end on the day, whoever sold them (FINE-PRINT 3, 41)."""
    months = t12m(day)
    return Order.objects.filter(booked_in(months.first, months.last)).order_by()


def computed_share(customer: Customer, day: date) -> Decimal | None:
    """The wallet share as of the day; None while the spend is not known. One query."""
    ours = orders_of_year(day).filter(customer=customer).aggregate(total=Sum("amount"))["total"]
    return share_of(ours, customer.annual_spend)


def has_low_share(day: date) -> Q:
    """Customers that are known to spend more, and buy less than the threshold of it from us; to the cent."""
    sums = orders_of_year(day).filter(customer__annual_spend__gt=0).values("customer_id")
    cents = Cast("amount", BigIntegerField()), Cast("customer__annual_spend", BigIntegerField())
    each = sums.annotate(ours=Sum(cents[0]) * 100, enough=Max(cents[1]) * PER_CENT)
    return Q(annual_spend__gt=0) & ~Q(pk__in=each.filter(ours__gte=F("enough")).values("customer_id"))
