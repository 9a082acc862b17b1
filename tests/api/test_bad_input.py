"""What comes in malformed is answered with 400 and a field, and nothing is written."""

import json

import pytest

from accounts.models import AuditEntry
from customers.models import Contact, Customer
from opportunities.models import Opportunity, OpportunityVersion
from tests import factories

LONG = "x" * 10_000
NUL = "a\x00b"
SURROGATE = "\\ud800"


@pytest.fixture
def row(company):
    return factories.opportunity(company.rep, "Crane")


def untouched():
    return [
        list(model.objects.order_by("pk").values_list("pk", *names))
        for model, *names in (
            (Opportunity, "version", "title"), (OpportunityVersion, "valid_to"), (Customer, "version", "name"),
            (Contact, "version"), (AuditEntry, "action"),
        )
    ]  # fmt: skip


FIELDS = [
    ("title", LONG), ("title", NUL), ("title", ""), ("title", "  "), ("title", None), ("title", {}), ("title", ["x"]),
    ("title", True),
    ("amount", "-1"), ("amount", -1), ("amount", 1e20), ("amount", "1e20"), ("amount", 10**20), ("amount", "9" * 5000),
    ("amount", "NaN"), ("amount", "0.001"), ("amount", "1,000"), ("amount", True), ("amount", []), ("amount", ""),
    ("amount", NUL), ("amount", 9_000_000_000_000.01), ("amount", "١٢"),
    ("expected_close_date", "9999-12-31"), ("expected_close_date", "0001-01-01"), ("expected_close_date", "2027-02-30"),
    ("expected_close_date", "tomorrow"), ("expected_close_date", 20270101), ("expected_close_date", []),
    ("expected_close_date", "2027-01-01T00:00:00Z"), ("expected_close_date", NUL),
    ("next_step_due", "10000-01-01"), ("signed_on", "9999-12-31"), ("signed_on", "2199-01-01"),
    ("next_step", LONG), ("next_step", NUL), ("source", LONG), ("competitor", NUL),
    ("customer", "nowhere"), ("customer", 1), ("customer", None), ("customer", []), ("customer", {"key": "x"}),
    ("customer", NUL), ("customer", LONG), ("customer", "' OR 1=1 --"), ("customer", True),
    ("product", "nowhere"), ("product", NUL), ("product", 7), ("product", "x\U0001f600"),
    ("owner", "nobody"), ("owner", None), ("owner", NUL), ("owner", 1), ("owner", "admin' --"),
    ("forecast_category", "sure"), ("forecast_category", 1), ("forecast_category", []), ("forecast_category", {}),
    ("forecast_category", NUL),
    ("collaborators", ["mate"]), ("no_such_field", 1), ("counted", 0.5), ("created_at", "2020-01-01"),
]  # fmt: skip


@pytest.mark.django_db
def test_fields_of_an_opportunity(company, api, row):
    client, path = api(company.rep), f"opportunities/{row.pk}/"
    before = untouched()
    good = {"customer": row.customer.key, "title": "T"}
    for field, value in FIELDS:
        for answer in (
            client.patch(path, {"version": 1, field: value}),
            client.post("opportunities/", {**good, field: value}),
        ):
            assert answer.status_code == 400, (field, value, answer.content)
            assert answer.json().keys() == {field}, (field, value)
    assert untouched() == before


@pytest.mark.parametrize("value", ["🏔️ 登顶", "<script>alert(1)</script>", "'; DROP TABLE x; --", "a\u202eb", "Ünïcødé"])
def test_odd_text_is_kept_as_it_is(company, api, row, value):
    answer = api(company.rep).patch(f"opportunities/{row.pk}/", {"title": value, "next_step": value, "version": 1})
    assert (answer.json()["title"], answer.json()["next_step"]) == (value, value)
    assert api(company.rep).get("opportunities/", {"q": value}).json()["count"] == 1


def test_an_emptied_amount_stays_empty(company, api, row):
    answer = api(company.rep).patch(f"opportunities/{row.pk}/", {"amount": None, "version": 1})
    assert answer.json()["amount"] is None


MOVES = [
    ({}, "stage"), ({"stage": "nowhere"}, "stage"), ({"stage": None}, "stage"), ({"stage": 3}, "stage"),
    ({"stage": NUL}, "stage"), ({"stage": ["lock"]}, "stage"),
    ({"stage": "lost"}, "reason"), ({"stage": "lost", "reason": " "}, "reason"),
    ({"stage": "lost", "reason": LONG}, "reason"),
    ({"stage": "lost", "reason": NUL}, "reason"),
    ({"stage": "won", "amount": "5"}, "signed_on"), ({"stage": "won", "signed_on": "2199-01-01"}, "signed_on"),
    ({"stage": "won", "signed_on": "9999-01-01"}, "signed_on"),
    ({"stage": "won", "signed_on": "2026-01-01", "amount": "0"}, "amount"),
    ({"stage": "won", "signed_on": "2026-01-01", "amount": "-5"}, "amount"),
    ({"stage": "lost", "reason": "x", "competitor": LONG}, "competitor"),
]  # fmt: skip


def test_moves(company, api, row):
    client, before = api(company.rep), untouched()
    for body, field in MOVES:
        answer = client.post(f"opportunities/{row.pk}/move/", {"version": 1, **body})
        assert answer.status_code == 400, (body, answer.content)
        assert answer.json().keys() == {field}, body
    assert untouched() == before


OTHERS = [
    ("customers/", {"name": LONG}, "name"), ("customers/", {"name": NUL}, "name"), ("customers/", {}, "name"),
    ("customers/", {"name": "N", "tier": "9A"}, "tier"),
    ("customers/", {"name": "N", "annual_spend": "-1"}, "annual_spend"),
    ("customers/", {"name": "N", "parent": "nowhere"}, "parent"),
    ("customers/", {"name": "N", "owner": "nobody"}, "owner"),
    ("customers/", {"name": "N", "owner": "stranger"}, "owner"), ("customers/", {"name": "N", "team": "west"}, "team"),
    ("customers/", {"name": "N", "created_on": "x"}, "created_on"),
    ("contacts/", {"name": "N"}, "customer"), ("contacts/", {"customer": "{key}"}, "name"),
    ("contacts/", {"customer": "{key}", "name": "N", "email": "x"}, "email"),
    ("contacts/", {"customer": "{key}", "name": "N", "influence": 6}, "influence"),
    ("contacts/", {"customer": "{key}", "name": "N", "influence": 10**30}, "influence"),
    ("contacts/", {"customer": "{key}", "name": "N", "stance": -3}, "stance"),
    ("contacts/", {"customer": "{key}", "name": "N", "stance": 0.5}, "stance"),
    ("contacts/", {"customer": "{key}", "name": "N", "buying_role": "boss"}, "buying_role"),
]  # fmt: skip


def test_customers_and_contacts(company, api, row):
    client, before = api(company.rep), untouched()
    for path, body, field in OTHERS:
        filled = {name: row.customer.key if value == "{key}" else value for name, value in body.items()}
        answer = client.post(path, filled)
        assert answer.status_code == 400, (body, answer.content)
        assert answer.json().keys() == {field}, body
    assert untouched() == before


BODIES = [
    b"", b"{", b"[]", b"null", b'"text"', b"1", b"\xff\xfe", b'{"title": NaN}', b'{"title": Infinity}',
    b'{"amount": ' + b"9" * 5000 + b"}", b'{"amount": 1e999, "version": 1}', b'{"title": "\\ud800", "version": 1}',
    b'{"\\udfff": 1, "version": 1}', b'{"forecast_category": "\\ud800", "version": 1}',
    b'{"title": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"title": ' + b"[" * 40 + b"]" * 40 + b"}",
    b'{"version": {"a": 1}}', b"version=1&title=x",
]  # fmt: skip


def test_bodies_that_are_no_json_object(company, api, row):
    client, before = api(company.rep), untouched()
    for body in BODIES:
        for method, path in (("patch", f"opportunities/{row.pk}/"), ("post", "opportunities/"), ("post", "auth/token/"),
                             ("post", "opportunities/bulk/"), ("post", f"opportunities/{row.pk}/move/")):  # fmt: skip
            answer = getattr(client, method)(path, body, content_type="application/json")
            assert answer.status_code in (400, 429), (body[:40], path, answer.content)
            assert not body.startswith(b'{"title": [') or answer.json().keys() == {"detail"}
    assert untouched() == before


def test_other_kinds_of_body(company, api, row):
    client = api(company.rep)
    for kind in (
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/xml",
    ):
        answer = client.patch(f"opportunities/{row.pk}/", b"version=1&title=X", content_type=kind)
        assert answer.status_code == 415, kind
    huge = json.dumps({"version": 1, "title": "x" * 6_000_000}).encode()
    answer = client.patch(f"opportunities/{row.pk}/", huge, content_type="application/json")
    assert answer.status_code == 413


QUERIES = [
    ("owner=nobody", 400), ("owner=%00", 400), ("owner=" + "x" * 5000, 400), ("team=nowhere", 400), ("stage=%00", 400),
    ("customer=' OR 1=1 --", 400), ("product=x", 400), ("tier=9A", 400), ("outcome=maybe", 400),
    ("forecast_category=x", 400), ("close_from=x", 400), ("close_to=9999-99-99", 400), ("close_to=9999-12-31", 200),
    ("amount_min=x", 400), ("amount_min=1e30", 400), ("amount_max=-1", 400), ("q=%00", 400), ("q=" + "x" * 300, 400),
    ("search=%00", 400), ("search=%ED%A0%80", 200), ("key=%00", 400), ("key=%27%22%3C", 200), ("ordering=x", 400),
    ("ordering=%00", 400), ("ordering=--title", 400), ("ordering=owner__password", 400), ("archived=x", 400),
    ("page=0", 404), ("page=x", 404), ("page=" + "9" * 40, 404), ("page=%00", 404), ("page=-1", 404),
    ("page_size=x", 200), ("page_size=99999999999999999999", 200), ("page_size=-1", 200), ("unknown=1", 200),
    ("entered_from=x", 400), ("%00=1", 200), ("q=%25_%5C", 200),
]  # fmt: skip


@pytest.mark.parametrize(("query", "status"), QUERIES, ids=[query[:30] for query, _status in QUERIES])
def test_queries(company, api, row, query, status):
    client = api(company.rep)
    answer = client.get(f"opportunities/?{query}")
    assert answer.status_code == status
    if status == 400:
        assert list(answer.json()) == [query.partition("=")[0]], "a map of the field"
    if "page" not in query:
        assert client.get(f"opportunities/board/?{query}").status_code == status


@pytest.mark.parametrize("path", ["customers/", "contacts/", "products/", "orders/", "users/", "teams/", "stages/"])
@pytest.mark.parametrize(
    "query", ["key=%00", "search=%00", "q=%00", "owner=%00", "customer=%00", "ordering=%00", "page=%00"]
)
def test_nul_in_queries(company, api, path, query):
    assert api(company.rep).get(f"{path}?{query}").status_code in (200, 400, 404)


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer x y", "Bearer \x00", "Bearer ä", "Basic x", "bearer unknown", "Bearer " + "x" * 9000]
)
def test_tokens_that_are_none(company, api, header):
    client = api()
    client.credentials(HTTP_AUTHORIZATION=header)
    assert client.get("me/").status_code == 401


@pytest.mark.parametrize("path", ["nowhere/", "opportunities/1/collaborators/a%0Ab/", "%0A/", "opportunities/x%2F/"])
def test_addresses_that_are_none(company, api, path):
    answer = api(company.rep).delete(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")
