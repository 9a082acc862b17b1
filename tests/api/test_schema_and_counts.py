"""The schema holds, and queries do not grow with the rows."""

import copy
import json

from django.core.management import call_command
from django.db import connection
from django.db.models.base import ModelState
from django.test.utils import CaptureQueriesContext

from config.web.revisions import random_key
from customers.models import Order
from opportunities.models import Collaborator
from tests import factories

READ, WRITE = 8, 12


def test_the_schema_is_valid_and_without_a_warning(tmp_path, db):
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", "--file", f"{tmp_path}/s")
    schema = json.loads((tmp_path / "s").read_text())
    assert schema["openapi"].startswith("3.1")
    assert schema["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}
    assert "/api/v1/opportunities/{id}/move/" in schema["paths"]
    row = schema["components"]["schemas"]["Opportunity"]["properties"]
    assert row["declared"]["type"] == "number"
    assert row["customer"]["type"] == "string"


def test_the_schema_is_for_people_signed_in(company, api, signed_in):
    assert api(company.rep).get("schema/").json()["openapi"].startswith("3.1")
    assert api().get("schema/").status_code == 401
    page = signed_in(company.rep).get("/api/v1/docs/")
    assert page.status_code == 200
    assert "'unsafe-inline'" in page["Content-Security-Policy"].split("style-src")[1].split(";")[0]
    assert "unsafe" not in page["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    assert b"cdn" not in page.content
    assert signed_in(company.rep).get("/api/v1/docs/?script=").status_code == 200
    assert api().get("docs/").status_code == 302
    assert "unsafe" not in signed_in(company.rep).get("/api/v1/me/")["Content-Security-Policy"]


def queries(act):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = act()
    assert answer.status_code < 400, answer.content
    return [query["sql"] for query in captured if not query["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]


LISTS = [
    "opportunities/",
    "opportunities/board/",
    "customers/",
    "customers/?search=yhqc",
    "customers/capacity/",
    "contacts/",
    "orders/",
    "products/",
    "users/",
    "teams/",
]


def fill(company, number):
    """So many more customers, each with a contact, an order and an opportunity with a collaborator."""
    product = factories.product(company.admin)
    first = factories.opportunity(company.rep, product=product, next_step="Call")
    contact = factories.contact(company.rep, first.customer)
    order = Order(product=product, owner=company.rep, amount=5, booked_on=first.created_on)
    customers = clones(first.customer, number, name="Another")
    clones(contact, number, customer=customers)
    clones(order, number, customer=customers)
    rows = clones(first, number, customer=customers)
    Collaborator.objects.bulk_create(Collaborator(opportunity=row, user=company.stranger) for row in rows)


def clones(row, number, **changed):
    """So many rows like this one; a list in `changed` gives each its own value."""
    made = []
    for place in range(number):
        twin = copy.copy(row)
        twin.pk, twin.key, twin._state = None, random_key(), ModelState()
        for name, value in changed.items():
            setattr(twin, name, value[place] if isinstance(value, list) else value)
        made.append(twin)
    return type(row).objects.bulk_create(made)


def test_reading_takes_as_many_queries_for_two_rows_as_for_two_hundred(company, api, signed_in):
    clients = {"token": api(company.manager), "session": signed_in(company.manager)}
    paths = [*LISTS, "opportunities/?owner=rep&team=east&ordering=customer&search=Opp&page_size=500"]

    def counted():
        return {
            (kind, path): len(queries(lambda client=client, path=path: client.get(f"/api/v1/{path}")))
            for kind, client in clients.items()
            for path in paths
        }

    fill(company, 2)
    counted()
    few = counted()
    fill(company, 200)
    assert clients["token"].get("opportunities/").json()["count"] > 200
    assert counted() == few
    assert max(few.values()) <= READ + 2, few
    assert max(count for (_kind, path), count in few.items() if "owner=" not in path) <= READ, few


def test_one_row_and_writes_stay_within_their_budget(company, api):
    customer, product = factories.customer(company.rep), factories.product(company.admin)
    client = api(company.manager)
    client.get(f"opportunities/{factories.opportunity(company.rep, customer=customer).pk}/")  # rates kept for the day
    body = {
        "customer": customer.key, "title": "T", "amount": "5", "expected_close_date": "2027-01-01", "owner": "rep",
        "product": product.key,
    }  # fmt: skip
    made = []
    counts = {"create": len(queries(lambda: made.append(client.post("opportunities/", body)) or made[0]))}
    path = f"opportunities/{made[0].json()['id']}/"
    assert made[0].json() == client.get(path).json(), "what is answered to a creation is not read again"
    for name, method, where, given in [
        ("retrieve", "get", path, None),
        ("versions", "get", f"{path}versions/", None),
        ("patch", "patch", path, {"version": 1, "product": None, "customer": customer.key, "amount": "7"}),
        ("hand over", "patch", path, {"version": 2, "owner": "mate", "amount": "8"}),
        ("move", "post", f"{path}move/", {"version": 3, "stage": "validate"}),
        ("undo", "post", f"{path}undo/", {"version": 4}),
        ("customer", "post", "customers/", {"name": "New", "owner": "rep"}),
    ]:
        act = getattr(client, method)
        counts[name] = len(queries(lambda act=act, where=where, given=given: act(where, given)))
    assert {name: count for name, count in counts.items() if count > WRITE} == {}, counts
    assert counts["retrieve"] <= READ
