"""The pyramid of customers against plain SQL on the golden companies, for everybody who may ask."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.selectors import calendar, today
from customers.models import Customer, CustomerTier
from customers.rules.tiers import TIERS
from customers.selectors.pyramid import moved, movement_periods, movements, pyramid
from customers.selectors.tiers import rules_now
from tests.pipeline.interchange.workspaces import load, shared
from tests.pipeline.test_golden import november

__all__ = ["november"]
CENT = Decimal("0.01")


@pytest.fixture(params=["case-a", "case-b"])
def golden(request, db):
    load(shared(f"golden/{request.param}/workspace"))
    _move_some()


def _move_some():
    """Changes of tier at several times, whatever history the files have brought."""
    now, tiers = timezone.now(), [*TIERS, ""]
    for number, customer in enumerate(Customer.objects.order_by("pk")[:16]):
        for days in (900, 500, 366, 365, 200, 30)[number % 6 :]:
            tier = tiers[(number + days) % len(tiers)]
            CustomerTier.objects.update_or_create(
                customer=customer, valid_from=now - timedelta(days=days, hours=number), defaults={"tier": tier}
            )
        last = CustomerTier.objects.filter(customer=customer).latest("valid_from")
        Customer.objects.filter(pk=customer.pk).update(tier=last.tier)


def rows(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def ids_seen_by(user):
    return set(Customer.objects.visible_to(user).in_use().values_list("pk", flat=True)) or {0}


def tiers_at(end):
    """{customer: tier held when a day ended}: the latest entry before, else the first, else the column."""
    found = dict(rows("SELECT id, tier FROM customers_customer"))
    first_seen = set()
    sql = "SELECT customer_id, tier, valid_from FROM customers_customertier ORDER BY customer_id, valid_from"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        history = cursor.fetchall()
    early = {pk for (pk,) in rows("SELECT DISTINCT customer_id FROM customers_customertier WHERE valid_from < %s", end)}
    before = rows(
        "SELECT h.customer_id, h.tier FROM customers_customertier h WHERE h.valid_from = (SELECT MAX(l.valid_from)"
        " FROM customers_customertier l WHERE l.customer_id = h.customer_id AND l.valid_from < %s)", end,
    )  # fmt: skip
    for pk, tier, _at in history:
        if pk not in first_seen and pk not in early:
            found[pk] = tier
        first_seen.add(pk)
    return {**found, **dict(before)}


def sums(first, last, ids):
    """{customer: cents of the orders of all sellers booked after `first`, up to `last`}."""
    marks = ", ".join(str(pk) for pk in ids)
    return dict(
        rows(
            "SELECT customer_id, SUM(amount) FROM customers_order WHERE archived_at IS NULL AND booked_on > %s"
            f" AND booked_on <= %s AND customer_id IN ({marks}) GROUP BY customer_id",
            first,
            last,
        )  # fmt: skip
    )


def amount(cents):
    return (Decimal(int(cents)) / 100).quantize(CENT)


@pytest.mark.parametrize("day", [date(2026, 11, 2), date(2026, 3, 31)])
def test_equal_to_plain_sql(golden, day):
    ago, before_that = day.replace(year=day.year - 1), day.replace(year=day.year - 2)
    spend = dict(rows("SELECT id, annual_spend FROM customers_customer"))
    since = dict(Customer.objects.values_list("pk", "created_on"))
    tier_now = dict(rows("SELECT id, tier FROM customers_customer"))
    tier_then = tiers_at(calendar().end_of_day(ago))
    assert tier_then != tier_now
    for user in User.objects.all():
        ids = ids_seen_by(user)
        now, before = sums(ago, day, ids), sums(before_that, ago, ids)
        found = pyramid(Customer.objects.visible_to(user), day, rules_now())
        for level in found.levels:
            mine = {pk for pk in ids - {0} if tier_now[pk] == level.tier}
            assert level.now.customers == len(mine)
            assert level.now.revenue == amount(sum(now.get(pk, 0) for pk in mine))
            known = {pk for pk in mine if spend[pk]}
            assert (level.now.known, level.now.potential) == (len(known), amount(sum(spend[pk] for pk in known)))
            assert level.now.ours == amount(sum(now.get(pk, 0) for pk in known))
            then = {pk for pk in ids - {0} if tier_then[pk] == level.tier}
            there = {pk for pk in then if since[pk] is None or since[pk] <= ago}
            assert level.before.customers == len(there)
            assert level.before.revenue == amount(sum(before.get(pk, 0) for pk in then))
            assert level.before.ours == amount(sum(before.get(pk, 0) for pk in there if spend[pk]))
        largest = amount(sum(sorted(now.values(), reverse=True)[:10]))
        whole = amount(sum(now.values()))
        assert found.total.now.revenue == whole
        assert found.largest == (largest / whole if whole else None)


def test_who_moved_equals_plain_sql(golden):
    some = 0
    for user in User.objects.all():
        seen = Customer.objects.visible_to(user)
        for period in movement_periods(today()).values():
            begin, end = calendar().moments(period)
            was, became = tiers_at(begin), tiers_at(end)
            ids = {pk for pk in ids_seen_by(user) - {0} if was[pk] and became[pk]}
            up, down = {pk for pk in ids if became[pk] > was[pk]}, {pk for pk in ids if became[pk] < was[pk]}
            found = movements(seen, period)
            assert (found["up"].count, found["down"].count) == (len(up), len(down))
            some += len(up) * len(down)
            assert set(moved(seen.in_use(), period, "up").values_list("pk", flat=True)) == up
            assert set(moved(seen.in_use(), period, "down").values_list("pk", flat=True)) == down
            for name, ids in (("up", up), ("down", down)):
                assert len(found[name].first) == min(3, len(ids))
                assert {each.pk for each in found[name].first} <= ids
                assert all((each.was, each.became) == (was[each.pk], became[each.pk]) for each in found[name].first)
    assert some, "the cases say something"
