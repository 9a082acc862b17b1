"""Who may do what: one table for every verb, and nothing that tells of what is hidden."""

import pytest
from django.db import transaction

from customers.models import Customer
from opportunities.models import Opportunity, Stage
from tests import factories

EVERYBODY = ("rep", "mate", "manager", "other_manager", "stranger", "director", "executive", "admin")

# (method, path, body, {who: status}); whoever is not named gets the status under "".
OWNED = {"rep": 200, "manager": 200, "director": 200, "executive": 403, "admin": 403, "": 404}
READ = {"rep": 200, "manager": 200, "director": 200, "executive": 200, "admin": 200, "": 404}
ALL = {"": 200}
ADMIN = {"admin": 200, "": 403}
TABLE = [
    ("get", "me/", None, ALL),
    ("patch", "me/", {"name": "N", "version": 1}, ALL),
    ("get", "users/", None, ALL),
    ("get", "users/{rep}/", None, ALL),
    ("post", "users/", {"username": "new", "name": "N"}, {"admin": 201, "": 403}),
    ("patch", "users/{rep}/", {"name": "N", "version": 1}, ADMIN),
    ("post", "users/{rep}/hand_over/", {"to": ["mate"]}, ADMIN),
    ("post", "users/{rep}/deactivate/", {}, ADMIN),
    ("post", "users/{rep}/reactivate/", {}, ADMIN),
    ("post", "users/{guest}/invite/", {}, {"admin": 201, "": 403}),
    ("get", "teams/", None, ALL),
    ("get", "teams/{team}/", None, ALL),
    ("post", "teams/", {"name": "N"}, {"admin": 201, "": 403}),
    ("patch", "teams/{team}/", {"name": "N", "version": 1}, ADMIN),
    ("delete", "teams/{empty}/", {}, {"admin": 204, "": 403}),
    ("post", "teams/{empty}/restore/", {}, ADMIN),
    ("get", "organisation/", None, ALL),
    ("patch", "organisation/", {"name": "N", "version": 1}, ADMIN),
    ("get", "stages/", None, ALL),
    ("get", "stages/{stage}/", None, ALL),
    ("post", "stages/", {}, {"admin": 400, "": 403}),
    ("patch", "stages/{stage}/", {"expected_days": 9, "version": 1}, ADMIN),
    ("post", "stages/{stage}/retire/", {"target": "validate"}, ADMIN),
    ("post", "stages/reorder/", {}, {"admin": 400, "": 403}),
    ("get", "customers/", None, ALL),
    ("post", "customers/", {"name": "Brand new"}, {"executive": 403, "": 201}),
    ("get", "customers/{customer}/", None, READ),
    ("patch", "customers/{customer}/", {"region": "N", "version": 1}, OWNED),
    ("patch", "customers/{customer}/", {"owner": "mate", "version": 1}, {**OWNED, "rep": 403, "admin": 200}),
    ("delete", "customers/{idle}/", {"version": 1}, {**OWNED, "rep": 204, "manager": 204, "director": 204}),
    ("post", "customers/{idle}/restore/", {"version": 1}, OWNED),
    ("get", "contacts/", None, ALL),
    ("post", "contacts/", {"customer": "{customer_key}", "name": "N"},
     {"rep": 201, "manager": 201, "director": 201, "admin": 201, "executive": 403, "": 400}),
    ("get", "contacts/{contact}/", None, READ),
    ("patch", "contacts/{contact}/", {"title": "N", "version": 1}, OWNED),
    ("delete", "contacts/{contact}/", {"version": 1}, {**OWNED, "rep": 204, "manager": 204, "director": 204}),
    ("post", "contacts/{contact}/restore/", {"version": 1}, OWNED),
    ("get", "products/", None, ALL),
    ("post", "products/", {"name": "N"}, {"admin": 201, "": 403}),
    ("get", "products/{product}/", None, ALL),
    ("patch", "products/{product}/", {"line": "N", "version": 1}, ADMIN),
    ("delete", "products/{product}/", {"version": 1}, {"admin": 204, "": 403}),
    ("post", "products/{product}/restore/", {"version": 1}, ADMIN),
    ("get", "orders/", None, ALL),
    ("get", "opportunities/", None, ALL),
    ("get", "opportunities/board/", None, ALL),
    ("post", "opportunities/", {"customer": "{customer_key}", "title": "N"},
     {"rep": 201, "manager": 201, "director": 201, "executive": 403, "": 400}),
    ("post", "opportunities/bulk/", {"ids": [1], "action": "shift_close_date", "days": 1},
     {"executive": 403, "": 200}),
    ("get", "opportunities/{opportunity}/", None, READ),
    ("patch", "opportunities/{opportunity}/", {"next_step": "N", "version": 1}, OWNED),
    ("patch", "opportunities/{opportunity}/", {"owner": "mate", "version": 1}, {**OWNED, "rep": 403, "admin": 200}),
    ("patch", "opportunities/{opportunity}/", {"owner": "mate", "title": "N", "version": 1}, {**OWNED, "rep": 403}),
    ("delete", "opportunities/{opportunity}/", {"version": 1},
     {**OWNED, "rep": 204, "manager": 204, "director": 204}),
    ("post", "opportunities/{opportunity}/restore/", {"version": 1}, OWNED),
    ("post", "opportunities/{opportunity}/move/", {"stage": "validate", "version": 1}, OWNED),
    ("post", "opportunities/{opportunity}/undo/", {"version": 1},
     {"rep": 409, "manager": 409, "director": 409, "executive": 403, "admin": 409, "": 404}),
    ("get", "opportunities/{opportunity}/versions/", None, READ),
    ("get", "opportunities/{opportunity}/timeline/", None, READ),
    ("post", "opportunities/{opportunity}/collaborators/", {"user": "mate"}, OWNED),
    ("delete", "opportunities/{opportunity}/collaborators/other_manager/", None,
     {"rep": 204, "manager": 204, "director": 204, "executive": 403, "admin": 403, "other_manager": 403, "": 404}),
    ("get", "schema/", None, ALL),
]  # fmt: skip


@pytest.fixture
def rows(company):
    customer = factories.customer(company.rep, "Target")
    opportunity = factories.opportunity(company.rep, customer=customer)
    return {
        "rep": company.rep.pk,
        "team": company.east.pk,
        "empty": factories.team("Empty").pk,
        "guest": factories.invitation(company.admin).user_id,
        "stage": Stage.objects.get(key="lock").pk,
        "customer": customer.pk,
        "customer_key": customer.key,
        "idle": factories.customer(company.rep, "Idle").pk,
        "contact": factories.contact(company.rep, customer).pk,
        "product": factories.product(company.admin).pk,
        "opportunity": opportunity.pk,
    }


def filled(value, rows):
    if isinstance(value, dict):
        return {name: filled(each, rows) for name, each in value.items()}
    return value.format(**rows) if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"), TABLE, ids=[f"{row[0]} {row[1]} {n}" for n, row in enumerate(TABLE)]
)
def test_roles(company, api, rows, method, path, body, expected):
    if "collaborators/other_manager" in path:
        api(company.rep).post(filled("opportunities/{opportunity}/collaborators/", rows), {"user": "other_manager"})
    before = Opportunity.objects.count(), Customer.objects.count()
    answers = {}
    for who in EVERYBODY:
        with transaction.atomic():  # each begins with the same rows
            answer = getattr(api(company.people()[who]), method)(filled(path, rows), filled(body, rows))
            answers[who] = answer.status_code
            if answer.status_code >= 400:
                assert (Opportunity.objects.count(), Customer.objects.count()) == before
            transaction.set_rollback(True)
    assert answers == {who: expected.get(who, expected.get("")) for who in EVERYBODY}


@pytest.mark.parametrize(("method", "path"), sorted({(row[0], row[1]) for row in TABLE}))
def test_nobody_without_a_token(company, api, rows, method, path):
    answer = getattr(api(), method)(filled(path, rows), {})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["opportunities/{}/", "customers/{}/", "contacts/{}/", "users/{}/"])
@pytest.mark.parametrize("pk", ["0", "999999999999999999", "x", "-1", "1.5"])
def test_what_is_not_there(company, api, path, pk):
    assert api(company.admin).get(path.format(pk)).status_code == 404


def test_unknown_and_hidden_are_told_with_the_same_words(company, api):
    hidden = factories.customer(company.stranger)
    theirs = factories.opportunity(company.stranger, customer=hidden)
    client = api(company.rep)

    def told(key):
        body = client.post("opportunities/", {"customer": key, "title": "T"})
        query = client.get("opportunities/", {"customer": key})
        contact = client.post("contacts/", {"customer": key, "name": "N"})
        assert {body.status_code, query.status_code, contact.status_code} == {400}
        assert {*body.json(), *query.json(), *contact.json()} == {"customer"}
        return [each.content.decode().replace(key, "KEY") for each in (body, query, contact)]

    assert told(hidden.key) == told("nowhere")
    assert client.get(f"opportunities/{theirs.pk}/").content == client.get("opportunities/999/").content
    bulk = client.post("opportunities/bulk/", {"ids": [theirs.pk, 999], "action": "shift_close_date", "days": 1})
    first, second = bulk.json()["results"]
    assert {**first, "id": 0} == {**second, "id": 0}


def test_a_reading_token_reads(company, api):
    row = factories.opportunity(company.rep)
    client = api(company.rep, scope="read")
    assert client.get(f"opportunities/{row.pk}/").status_code == 200
    assert client.patch(f"opportunities/{row.pk}/", {"title": "X", "version": 1}).status_code == 403
    assert client.post(f"opportunities/{row.pk}/move/", {"stage": "lock", "version": 1}).status_code == 403


def test_lists_hold_what_one_may_see(company, api):
    mine, theirs = factories.opportunity(company.rep), factories.opportunity(company.stranger)

    def seen(user):
        return {row["id"] for row in api(user).get("opportunities/").json()["results"]}

    assert seen(company.rep) == seen(company.manager) == {mine.pk}
    assert seen(company.mate) == set()
    assert seen(company.other_manager) == {theirs.pk}
    assert seen(company.director) == seen(company.executive) == seen(company.admin) == {mine.pk, theirs.pk}
    counts = [column["count"] for column in api(company.rep).get("opportunities/board/").json()["columns"]]
    assert sum(counts) == 1
