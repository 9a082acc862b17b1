"""Merges and likely duplicates through the API."""

import pytest

from accounts.models import AuditEntry
from customers.actions import edit_customer
from customers.models import Customer, Merge
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


def test_those_in_sight_that_may_be_the_same_are_answered(company, api):
    mine = factories.customer(company.rep, "Far Sail Motors", phone="13800138000")
    hidden = factories.customer(company.stranger, "Sail Agency", phone="13800138000", domain="agency.cn")
    client, body = api(company.rep), {"name": "Quite another", "phone": "+86 138 0013 8000"}
    asked = client.post("customers/", body)
    found = [{
        "id": mine.pk, "key": mine.key, "name": "Far Sail Motors", "reasons": ["phone"], "formerly": "",
        "url": f"http://testserver/customers/{mine.pk}/",
    }]  # fmt: skip
    assert (asked.status_code, asked.json()["code"], asked.json()["candidates"]) == (400, "duplicate", found)
    assert "Far Sail Motors (same phone)" in asked.json()["another"][0]
    made = client.post("customers/", {**body, "another": True})
    assert (made.status_code, "another" in made.json()) == (201, False)
    refused = client.post("customers/", {"name": "FAR SAIL motors, Inc.", "another": True}).json()
    assert (set(refused), refused["code"]) == ({"name", "code", "candidates"}, "duplicate")
    assert client.post("customers/", {"name": "Far Sail"}).status_code == 201  # a similar name alone is for a person
    assert client.post("customers/", {"name": "Far", "domain": "agency.cn"}).status_code == 201
    assert hidden.name not in asked.content.decode()


def test_who_sees_none_of_them_is_told_nothing(company, api):
    factories.customer(company.stranger, "Far Sail Motors", phone="13800138000", domain="sail.cn", credit_code=CODE)
    for signs in ({"phone": "13800138000"}, {"domain": "sail.cn"}, {"name": "Far Sail"}):
        assert api(company.rep).post("customers/", {"name": f"New {len(str(signs))}", **signs}).status_code == 201
    refused = api(company.rep).post("customers/", {"name": "Far Sail Motors", "another": True})
    assert (set(refused.json()), refused.json()["code"]) == ({"name", "code"}, "already_served")


def test_a_row_of_another_system_is_not_held_up(company, api):
    factories.customer(company.rep, "Far Sail Motors", phone="13800138000")
    body = {"name": "Far Sail Works", "phone": "13800138000"}
    assert api(company.admin).post("customers/", body).status_code == 400
    assert api(company.admin).post("customers/", {**body, "key": "erp-7"}).status_code == 201
    row = api(company.rep).get("customers/?search=Motors").json()["results"][0]
    changed = api(company.rep).patch(f"customers/{row['id']}/", {"another": True, "version": row["version"]})
    assert set(changed.json()) == {"another"}


def test_the_api_merges_and_the_old_key_goes_on_finding(company, api):
    one, two = factories.customer(company.rep, "One"), factories.customer(company.rep, "Twin Works")
    client = api(company.manager)
    made = client.post(f"customers/{one.pk}/merge/", {"other": two.key})
    assert made.status_code == 201
    assert [row["key"] for row in client.get(f"customers/?key={two.key}").json()["results"]] == [one.key]
    assert client.get(f"customers/{two.pk}/").json()["merged_into"] == one.key
    for kind, row in (
        ("contacts", {"name": "Wang"}), ("opportunities", {"title": "Lamps"}), ("units", {"name": "North"}),
        ("orders", {"amount": "5", "booked_on": "2026-01-01"}),
        ("activities", {"objective": "Call", "kind": "visit", "planned_at": "2027-01-04T09:00:00+08:00"}),
        ("contracts", {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}),
        ("nps-responses", {"score": 9, "answered_on": "2026-01-01"}),
    ):  # fmt: skip
        posted = client.post(f"{kind}/", {"customer": two.key, **row})
        assert (posted.status_code, posted.json().get("customer")) == (201, one.key), (kind, posted.json())
    assert client.post("contacts/", {"customer": "nobody", "name": "Wang"}).status_code == 400
    for kind in ("orders", "contracts", "nps-responses", "contacts", "opportunities", "activities"):
        by_key = {key: client.get(f"{kind}/?customer={key}").json()["results"] for key in (one.key, two.key)}
        assert by_key[one.key] == by_key[two.key] != [], kind
    found = client.get("search/?q=Twin").json()
    assert one.key in str(found)
    undone = client.post(f"merges/{made.json()['id']}/undo/")
    assert (undone.status_code, undone.json()["elsewhere"]) == (200, {})
    rows = client.get("customers/duplicates/?name=twin works").json()
    assert [(row["key"], row["reasons"]) for row in rows] == [(two.key, ["normalised_name"])]


def test_a_merge_names_the_versions_that_were_seen(company, api):
    one, two = factories.customer(company.rep, "One"), factories.customer(company.rep, "Twin Works")
    edit_customer(customer=two, changes={"owner": None, "region": "East"}, seen=None, actor=company.rep)
    said = {"other": two.key, "version": 1, "other_version": 1}
    answer = api(company.manager).post(f"customers/{one.pk}/merge/", said)
    assert answer.status_code == 409
    assert api(company.manager).post(f"customers/{one.pk}/merge/", {**said, "other_version": 2}).status_code == 201


def test_an_edit_takes_no_other_companys_code(company, api):
    factories.customer(company.rep, "Far Sail Motors", credit_code=CODE)
    two = factories.customer(company.rep, "Twin Works")
    client = api(company.rep)
    refused = client.patch(f"customers/{two.pk}/", {"credit_code": CODE, "version": 1})
    assert (refused.status_code, list(refused.json())) == (400, ["credit_code"])
    assert client.patch(f"customers/{two.pk}/", {"region": "East", "version": 1}).status_code == 200


def test_the_second_of_two_merges_is_a_conflict(company, api, monkeypatch):
    one, two = factories.outrun_merge(company, monkeypatch)
    answer = api(company.manager).post(f"customers/{one.pk}/merge/", {"other": two.key})
    body = answer.json()
    assert (answer.status_code, body["conflicts"], body["yours"]) == (409, ["other"], {"other": two.key})
    assert body["current"]["key"] == one.key
    assert not Merge.objects.filter(survivor=one).exists()


def test_pairs_of_likely_duplicates(company, api, django_assert_max_num_queries):
    rows = [factories.customer(company.rep, name) for name in ("Acme Ltd", "Other")]
    Customer.objects.filter(pk__in=[row.pk for row in rows]).update(phone="13800138000", normalised_name="acme")
    Customer.objects.filter(pk=factories.customer(company.stranger, "Hidden").pk).update(normalised_name="acme")
    client = api(company.manager)
    with django_assert_max_num_queries(10):  # the token, which is used for the first time, and savepoints among them
        found = client.get("customers/duplicate-pairs/").json()
    assert found["results"] == [{
        "one": rows[0].key, "one_name": "Acme Ltd", "two": rows[1].key, "two_name": "Other",
        "reasons": ["normalised_name", "phone"],
    }]  # fmt: skip
    assert found["count"] == 1
    assert len(api(company.admin).get("customers/duplicate-pairs/").json()["results"]) == 2
    assert api(company.rep).get("customers/duplicate-pairs/").status_code == 403
