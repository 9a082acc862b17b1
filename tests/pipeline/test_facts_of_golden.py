"""Wallet share, revenue per tier, renewals due on the golden companies: equal to plain SQL written here.

Raw amounts are whole cents, in the tables of both databases.
"""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import User
from accounts.selectors import calendar, today
from customers.models import Contract, Customer, Order
from customers.selectors.bought import wallet_share
from customers.selectors.facts import renewals_due
from customers.selectors.listing import rows_of
from customers.selectors.pyramid import pyramid
from customers.selectors.renewals import mark_of, to_remind_of
from customers.selectors.share import computed_share, has_low_share
from customers.selectors.tiers import rules_now
from tests.pipeline.interchange.workspaces import load, shared
from tests.pipeline.test_golden import november

__all__ = ["november"]
DAY, A_YEAR_AGO, TWO_YEARS_AGO = date(2026, 11, 2), date(2025, 11, 2), date(2024, 11, 2)


@pytest.fixture(params=["case-a", "case-b"])
def golden(request, db):
    load(shared(f"golden/{request.param}/workspace"))


@pytest.fixture
def whole():
    """Somebody who sees the whole company."""
    return User.objects.filter(role__in=("executive", "admin")).first()


def rows(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def amount(cents):
    return Decimal(int(cents)) / 100


SHARES = """
    SELECT c.id, c.annual_spend, COALESCE(SUM(o.amount), 0)
    FROM customers_customer c
    LEFT JOIN customers_order o
        ON o.customer_id = c.id AND (o.archived_at IS NULL OR o.archived_at > %s)
        AND o.booked_on > %s AND o.booked_on <= %s
    GROUP BY c.id, c.annual_spend
"""


def shares(after, until):
    """{customer: cents bought ÷ cents spent, at most 1, None where the spend is not known}, as of `until`."""
    found = rows(SHARES, calendar().end_of_day(until), after, until)
    return {pk: min(1, Decimal(int(ours)) / Decimal(int(spend))) if spend else None for pk, spend, ours in found}


def unsettle_some_orders():
    """One of nine is out of use, wherever it is counted; some are booked on the first and last days that count."""
    edges = [day + timedelta(n) for day in (DAY, A_YEAR_AGO, TWO_YEARS_AGO) for n in (0, 1)]
    for day, pk in zip(edges * 2, Order.objects.order_by("pk").values_list("pk", flat=True), strict=False):
        Order.objects.filter(pk=pk).update(booked_on=day)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_order SET archived_at = %s WHERE id %% 9 = 0", ["2026-10-01 00:00:00+00:00"])


def test_the_wallet_share_of_every_customer(golden, whole):
    unsettle_some_orders()
    assert today() == DAY
    now, before = shares(A_YEAR_AGO, DAY), shares(TWO_YEARS_AGO, A_YEAR_AGO)
    assert len({*now.values(), None}) > 5, "the cases say something"
    assert None in now.values()
    listed = rows_of(Customer.objects.values("pk"), user=whole, sort="name", day=DAY, rules=rules_now())
    assert {row.pk: row.share for row in listed} == now
    for customer in Customer.objects.all():
        found = wallet_share(customer, whole)
        share = now[customer.pk]
        assert (found.now, found.before) == (share, before[customer.pk])
        assert computed_share(customer, DAY) == share
    low = set(Customer.objects.filter(has_low_share(DAY)).values_list("pk", flat=True))
    assert low == {pk for pk, share in now.items() if share is not None and share < Decimal("0.3")}


OF_TIER = """
    SELECT c.tier, COALESCE(SUM(o.amount), 0)
    FROM customers_order o JOIN customers_customer c ON c.id = o.customer_id
    WHERE o.archived_at IS NULL AND c.archived_at IS NULL AND o.booked_on > %s AND o.booked_on <= %s
    GROUP BY c.tier
"""
HELD = "SELECT tier, COUNT(*) FROM customers_customer WHERE archived_at IS NULL GROUP BY tier"


def test_revenue_and_customers_of_every_tier(golden, whole):
    unsettle_some_orders()
    Customer.objects.filter(pk=Customer.objects.order_by("pk")[3].pk).update(archived_at="2026-10-01T00:00:00Z")
    revenue, held = dict(rows(OF_TIER, A_YEAR_AGO, DAY)), dict(rows(HELD))
    assert len(held) > 3, "the cases say something"
    found = pyramid(Customer.objects.visible_to(whole), DAY, rules_now())
    for level in found.levels:
        assert level.now.customers == held.get(level.tier, 0)
        assert level.now.revenue == amount(revenue.get(level.tier, 0))
        assert level.share == amount(revenue.get(level.tier, 0)) / amount(sum(revenue.values()))
    assert found.total.now.revenue == amount(sum(revenue.values()))


ENDING = """
    SELECT k.id, c.id, c.owner_id, k.ends_on
    FROM customers_contract k
    JOIN customers_customer c ON c.id = k.customer_id
    LEFT JOIN customers_contract n ON n.id = k.renewed_by_id AND n.archived_at IS NULL
    WHERE k.archived_at IS NULL AND c.archived_at IS NULL AND n.id IS NULL AND k.ends_on >= %s AND k.ends_on <= %s
    ORDER BY k.ends_on, k.id
"""
MARKED = {*range(84, 91), *range(24, 31)}  # days before the end
DAYS = [date(2024, 9, 1) + timedelta(days=13 * n) for n in range(80)]


def as_day(value):
    return value if isinstance(value, date) else date.fromisoformat(value)


def test_the_renewals_that_are_due(golden, whole):
    gone = Contract.objects.filter(renews__isnull=False).order_by("pk").values_list("pk", flat=True)[:4]
    Contract.objects.filter(pk__in=list(gone)).update(archived_at="2026-10-01T00:00:00Z")
    left = Contract.objects.filter(renewed_by=None, ends_on__range=(DAYS[0], DAYS[-1])).order_by("pk")[2].customer_id
    Customer.objects.filter(pk=left).update(archived_at="2026-10-01T00:00:00Z")
    some = 0
    for day in DAYS:
        ending = rows(ENDING, day, day + timedelta(days=90))
        assert list(renewals_due(whole, day).values_list("pk", flat=True)) == [pk for pk, *_rest in ending]
        some += len(ending)
        told = [pk for pk, _customer, owner, end in ending if owner and (as_day(end) - day).days in MARKED]
        assert list(to_remind_of(day).values_list("pk", flat=True)) == told
        assert all(mark_of(end, day) for end in to_remind_of(day).values_list("ends_on", flat=True))
    assert some, "the cases say something"


def test_of_the_renewals_everybody_is_shown_their_own(golden):
    ending = rows(ENDING, DAY - timedelta(days=400), DAY + timedelta(days=400))
    of_customer = defaultdict(set)
    for pk, customer, *_rest in ending:
        of_customer[customer].add(pk)
    for user in User.objects.all():
        seen = Customer.objects.visible_to(user).values_list("pk", flat=True)
        found = renewals_due(user, DAY - timedelta(days=400), days=800).values_list("pk", flat=True)
        assert set(found) == set().union(*(of_customer[pk] for pk in seen))


def test_list_and_api_say_the_same(golden, whole, signed_in):
    Contract.objects.filter(renewed_by=None, starts_on__lt=DAY).update(ends_on="2026-12-24")
    due = [pk for pk, *_rest in rows(ENDING, DAY, DAY + timedelta(days=90))]
    assert due
    client = signed_in(whole)
    page = client.get("/contracts/?due=true")
    assert {row.pk for row in page.context["page"].paginator.object_list} == set(due)
    assert page.context["due"] == len(due)
    answer = client.get("/api/v1/contracts/?due=true&page_size=200").json()
    assert {row["id"] for row in answer["results"]} == set(due)
