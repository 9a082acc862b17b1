"""Wallet share, revenue, renewals, neglect, capacity, groups of the golden companies: equal to plain SQL written here.

Raw amounts are whole cents, in the tables of both databases.
"""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

import pytest
from django.db import connection

from accounts.models import User
from accounts.selectors import calendar, today
from customers.models import Contract, Customer, Order
from customers.rules.tiers import TIERS
from customers.selectors.attention import is_neglected
from customers.selectors.bought import wallet_share
from customers.selectors.capacity import loads, people_with_accounts
from customers.selectors.facts import renewals_due
from customers.selectors.group import group_of
from customers.selectors.listing import rows_of
from customers.selectors.pyramid import pyramid
from customers.selectors.renewals import mark_of, to_remind_of
from customers.selectors.share import computed_share, has_low_share
from customers.selectors.tiers import rules_now
from pipeline.interchange.staging import as_moment
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


LAST_DONE = """
    SELECT c.id, c.tier, c.created_on, c.created_at,
        (SELECT MAX(a.done_at) FROM opportunities_activity a WHERE a.customer_id = c.id),
        (SELECT MAX(a.done_at) FROM opportunities_activity a
            JOIN opportunities_activitykind k ON k.id = a.kind_id
            JOIN opportunities_activity_contacts w ON w.activity_id = a.id
            JOIN customers_contact p ON p.id = w.contact_id
            WHERE a.customer_id = c.id AND p.buying_role = 'decision_maker'
            AND k.base IN ('visit', 'meeting', 'demo', 'negotiation', 'survey'))
    FROM customers_customer c WHERE c.archived_at IS NULL
"""
CADENCE = {"5A": 7, "4A": 14, "3A": 30, "2A": 90}


def days_since(moment, since):
    moment = as_moment(moment)
    return (DAY - max(since, calendar().local_date(moment) if moment else since)).days


def test_who_is_neglected(golden, whole):
    expected = {}
    for pk, tier, created_on, created_at, touched, met in rows(LAST_DONE):
        since = as_day(created_on) if created_on else calendar().local_date(as_moment(created_at))
        missed = ["cadence"] if tier in CADENCE and days_since(touched, since) > CADENCE[tier] else []
        if tier in ("5A", "4A") and days_since(met, since) > rules_now().decision_maker_days:
            missed.append("decision_maker")
        expected[pk] = tuple(missed)
    assert rules_now().cadence_days == {**CADENCE, "1A": 0}
    assert {(), ("cadence",)} < set(expected.values()), "the cases say something"
    listed = rows_of(Customer.objects.in_use().values("pk"), user=whole, sort="name", day=DAY, rules=rules_now())
    assert {row.pk: row.neglect for row in listed} == expected
    found = Customer.objects.in_use().filter(is_neglected(whole, DAY, rules_now())).values_list("pk", flat=True)
    assert set(found) == {pk for pk, missed in expected.items() if missed}


SERVED = """
    SELECT a.owner_id, SUM(CASE WHEN a.done_at >= %s AND a.done_at < %s THEN 1 ELSE 0 END),
        SUM(CASE WHEN a.done_at IS NULL AND a.cancelled_at IS NULL AND o.archived_at IS NULL
            AND a.planned_at >= %s AND a.planned_at < %s THEN 1 ELSE 0 END)
    FROM opportunities_activity a
    JOIN customers_customer c ON c.id = a.customer_id AND c.owner_id = a.owner_id
    LEFT JOIN opportunities_opportunity o ON o.id = a.opportunity_id
    WHERE c.archived_at IS NULL AND c.tier IN ('5A', '4A', '3A', '2A')
    GROUP BY a.owner_id
"""
ACCOUNTS = """
    SELECT owner_id, tier, COUNT(*) FROM customers_customer
    WHERE archived_at IS NULL AND owner_id IS NOT NULL GROUP BY owner_id, tier
"""


def test_what_the_accounts_of_everybody_ask(golden, whole):
    tomorrow, behind, ahead = (calendar().start_of_day(DAY + timedelta(n)) for n in (1, -29, 30))
    served = {pk: (done, planned) for pk, done, planned in
              rows(SERVED, behind, tomorrow, calendar().start_of_day(DAY), ahead)}  # fmt: skip
    accounts = defaultdict(dict)
    for owner, tier, n in rows(ACCOUNTS):
        accounts[owner][tier] = n
    found = loads(list(people_with_accounts(whole, DAY)), whole, DAY, rules_now())
    assert {(each.person.pk, each.done, each.planned) for each in found} == {
        (each.person.pk, *served.get(each.person.pk, (0, 0))) for each in found
    }
    for each in found:
        held = accounts[each.person.pk]
        exact = sum(Decimal(30 * n) / CADENCE[tier] for tier, n in held.items() if tier in CADENCE)
        assert each.needed == ceil(exact)
        assert {row.tier: row.accounts for row in each.accounts} == {tier: held.get(tier, 0) for tier in TIERS}
    assert sum(each.needed for each in found) > 10 and sum(each.done for each in found), "the cases say something"


OF_GROUP = """
    SELECT c.id, c.parent_id,
        COALESCE((SELECT SUM(o.amount) FROM customers_order o WHERE o.customer_id = c.id AND o.archived_at IS NULL
            AND o.booked_on > %s AND o.booked_on <= %s), 0),
        COALESCE((SELECT SUM(d.amount) FROM opportunities_opportunity d WHERE d.customer_id = c.id
            AND d.outcome = 'open' AND d.archived_at IS NULL), 0),
        (SELECT COUNT(*) FROM opportunities_opportunity d WHERE d.customer_id = c.id AND d.outcome = 'open'
            AND d.archived_at IS NULL)
    FROM customers_customer c WHERE c.archived_at IS NULL
"""


def test_the_figures_of_every_group(golden, whole):
    unsettle_some_orders()
    plain = {pk: (parent, *figures) for pk, parent, *figures in rows(OF_GROUP, A_YEAR_AGO, DAY)}

    def top(pk):
        return pk if plain[pk][0] is None else top(plain[pk][0])

    groups = defaultdict(list)
    for pk in plain:
        groups[top(pk)].append(pk)
    assert any(len(members) > 1 for members in groups.values()), "the cases say something"
    for customer in Customer.objects.in_use():
        members = groups[top(customer.pk)]
        revenue, deals, count = (sum(plain[pk][n] for pk in members) for n in (1, 2, 3))
        found = group_of(customer, whole)
        assert {each.customer.pk for each in found.companies} == set(members)
        assert (found.revenue, found.open_amount, found.open_count) == (amount(revenue), amount(deals), count)
