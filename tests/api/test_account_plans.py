"""Account plans over the API: with their lines and joint actions in one call."""

import pytest
from django.urls import reverse

from customers.models import AccountPlan
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(company, client):
    client.force_login(company.rep)
    return client


def test_a_plan_is_created_and_changed_with_what_hangs_on_it(company, client):
    customer = factories.customer(company.rep)
    url = reverse("api-customer-account-plans", args=[customer.pk])
    body = {
        "year": 2026, "risks": "Prices", "our_leader": "rep", "lines": [{"strategy": "Zero stock", "revenue": "10.00"}],
        "joint_actions": [{"action": "Visit", "owner": "rep", "due_on": "2026-11-01"}],
    }  # fmt: skip
    answer = client.post(url, body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["lines"][0]["revenue"], made["joint_actions"][0]["owner"]) == ("10.00", "rep")
    assert client.post(url, body, content_type="application/json").status_code == 400
    change = {
        "version": made["version"], "share_aimed": 40,
        "lines": [{"key": made["lines"][0]["key"], "strategy": "Less stock"}, {"strategy": "Second"}],
    }  # fmt: skip
    detail = reverse("api-account-plan-detail", args=[made["id"]])
    answer = client.patch(detail, change, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert [line["strategy"] for line in answer.json()["lines"]] == ["Less stock", "Second"]
    assert client.get(url).json()["results"][0]["share_aimed"] == 40
    bad = {"version": answer.json()["version"], "risks": "x", "lines": [{"key": "nothing", "strategy": "x"}]}
    assert client.patch(detail, bad, content_type="application/json").status_code == 400
    assert AccountPlan.objects.get().risks == "Prices"
