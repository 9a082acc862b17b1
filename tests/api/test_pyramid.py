"""Customers by tier, their score and what they lack, by the API."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.calendar import add_months
from accounts.selectors import today
from customers.actions import edit_tier_rules
from customers.models import Customer
from customers.rules.tiers import shipped_review_depth
from customers.selectors.pyramid import pyramid
from customers.selectors.tiers import rules_now
from tests import factories
from tests.customers.test_customer_figures import assess, order

pytestmark = pytest.mark.django_db


def test_the_api_tells_the_score_and_finds_the_neglected(company, api):
    long_ago = add_months(today(), -24)
    late = factories.customer(company.rep, "Late", tier="5A", created_on=long_ago)
    assess(late, 431)
    factories.customer(company.rep, "Fine", tier="1A", created_on=long_ago)
    client = api(company.rep)
    rows = client.get("customers/").json()["results"]
    assert [(row["name"], row["score"]) for row in rows] == [("Fine", None), ("Late", 86.2)]
    assert [row["name"] for row in client.get("customers/?neglected=true").json()["results"]] == ["Late"]
    assert [row["name"] for row in client.get("customers/?tier=none").json()["results"]] == []
    assert client.get("customers/?moved=sideways").status_code == 400
    answer = client.patch(f"customers/{late.pk}/", {"version": late.version, "score": 90})
    assert (answer.status_code, list(answer.json())) == (400, ["score"])


@pytest.mark.parametrize(
    ("tier", "treated"),
    [("5A", (7, True, "weekly")), ("3A", (30, False, "monthly")), ("1A", (0, False, "none")), ("", None)],
)
def test_the_api_tells_what_the_tier_asks_of_us(company, api, tier, treated):
    row, client = factories.customer(company.rep, tier=tier), api(company.rep)
    names = ("cadence_days", "plan_required", "review_depth")
    said = treated and dict(zip(names, treated, strict=True))
    assert [each["treatment"] for each in client.get("customers/").json()["results"]] == [said]
    assert client.get(f"customers/{row.pk}/").json()["treatment"] == said
    depths = {**shipped_review_depth(), "3A": "weekly"}
    edit_tier_rules(changes={"review_depth": depths}, seen=None, actor=company.admin)
    now = client.patch(f"customers/{row.pk}/", {"version": row.version, "region": "North"}).json()["treatment"]
    assert now == (said and {**said, "review_depth": depths[tier]})
    answer = client.patch(f"customers/{row.pk}/", {"version": row.version + 1, "treatment": {"cadence_days": 3}})
    assert (answer.status_code, list(answer.json())) == (400, ["treatment"])


def test_the_api_answers_with_the_pyramid(company, api):
    customer = factories.customer(company.rep, tier="5A", annual_spend=Decimal(100))
    order(customer, "12.34", today())
    factories.customer(company.stranger, tier="5A", annual_spend=Decimal(7))
    found = api(company.rep).get("customers/pyramid/").json()
    assert [level["tier"] for level in found["levels"]] == ["5A", "4A", "3A", "2A", "1A", ""]
    assert found["levels"][0] == {
        "tier": "5A", "share": 1.0, "share_before": None,
        "now": {"customers": 1, "revenue": "12.34", "potential": "100.00", "known": 1, "missing": "87.66"},
        "before": {"customers": 0, "revenue": "0.00", "potential": "0.00", "known": 0, "missing": "0.00"},
    }  # fmt: skip
    assert (found["largest"], found["assessment_due"], found["total"]["now"]["customers"]) == (1.0, 1, 1)
    assert [(each["period"], each["up"], each["down"]) for each in found["moved"]] == [
        ("quarter", 0, 0),
        ("t12m", 0, 0),
    ]


def test_this_years_column_is_last_years_of_a_year_later(company):
    """Each column is of the customers in use on its day, with what they brought by then (FINE-PRINT 53)."""
    day = today()
    rows = [factories.customer(company.rep, tier="4A", annual_spend=Decimal(100)) for _each in range(3)]
    for customer in rows:
        order(customer, "10.00", add_months(day, -2))
    gone, leaving, _stays = rows
    Customer.objects.filter(pk=gone.pk).update(archived_at=timezone.now() - timedelta(days=9))
    now = pyramid(Customer.objects.all(), day, rules_now()).total.now
    Customer.objects.filter(pk=leaving.pk).update(archived_at=timezone.now() + timedelta(days=30))
    before = pyramid(Customer.objects.all(), add_months(day, 12), rules_now()).total.before
    said = [(each.customers, each.revenue, each.potential, each.ours) for each in (now, before)]
    assert said == [(2, Decimal("20.00"), Decimal(200), Decimal("20.00"))] * 2
