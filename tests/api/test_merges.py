"""Merges and likely duplicates through the API."""

import pytest

from accounts.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db
CODE = "91110000600037341L"


def test_an_exact_code_out_of_sight_is_already_served(company, api):
    factories.customer(company.stranger, "Other", credit_code=CODE)
    refused = api(company.rep).post("customers/", {"name": "New", "credit_code": CODE.lower()})
    assert (refused.status_code, refused.json()["code"]) == (400, "already_served")
    assert AuditEntry.objects.filter(action="already_served", actor=company.rep).count() == 1
    wrong = api(company.rep).post("customers/", {"name": "New", "credit_code": "91110000600037341M"})
    assert set(wrong.json()) >= {"credit_code"}


def test_the_api_merges_and_the_old_key_goes_on_finding(company, api):
    one, two = factories.customer(company.rep, "One"), factories.customer(company.rep, "Twin Works")
    client = api(company.manager)
    made = client.post(f"customers/{one.pk}/merge/", {"other": two.key})
    assert made.status_code == 201
    assert [row["key"] for row in client.get(f"customers/?key={two.key}").json()["results"]] == [one.key]
    assert client.get(f"customers/{two.pk}/").json()["merged_into"] == one.key
    assert client.post("contacts/", {"customer": two.key, "name": "Wang"}).json()["customer"] == one.key
    found = client.get("search/?q=Twin").json()
    assert one.key in str(found)
    undone = client.post(f"merges/{made.json()['id']}/undo/")
    assert (undone.status_code, undone.json()["elsewhere"]) == (200, {})
    rows = client.get("customers/duplicates/?name=twin works").json()
    assert [(row["key"], row["reasons"]) for row in rows] == [(two.key, ["normalised_name"])]
