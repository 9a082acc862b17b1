"""What each resource answers, to whom."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import AuditEntry, Organisation
from customers.actions import archive_product
from customers.models import Customer, Order
from opportunities.actions import add_collaborator, archive_opportunity, move_to_stage
from opportunities.models import Opportunity, Stage
from tests import factories

NO_HEIGHTS = {"claimed": 0, "verified": 0}
NO_EVIDENCE = {
    "declared": 0.1, "counted": 0.1, "unassessed": True, "evidenced": None, "historical": None, "weakest": "demand",
    "heights": dict.fromkeys(("demand", "power", "goal", "value", "coordination"), NO_HEIGHTS),
    "confidence": {"percent": 0, "grade": "D"}, "flags": [], "moved_without_proof": False,
}  # fmt: skip


def test_me(company, api):
    client = api(company.rep)
    answer = client.get("me/").json()
    assert answer["username"] == "rep"
    assert answer["team"] == "east"
    changed = client.patch("me/", {"name": "Ren Wei", "theme": "dark", "version": answer["version"]}).json()
    assert (changed["name"], changed["theme"], changed["version"]) == ("Ren Wei", "dark", answer["version"] + 1)
    assert client.patch("me/", {"role": "admin", "version": changed["version"]}).status_code == 400


def test_users_are_named_without_their_addresses(company, api):
    rows = api(company.stranger).get("users/?ordering=-username&page_size=3").json()
    assert rows["count"] == 8
    assert [row["username"] for row in rows["results"]] == ["stranger", "rep", "other_manager"]
    told = {name for name, value in rows["results"][0].items() if value is not None}
    assert told == {"id", "username", "name", "role", "team", "active", "version"}
    assert [row["username"] for row in api(company.rep).get("users/?team=east&role=manager").json()["results"]] == [
        "manager"
    ]


def test_teams(company, api):
    rows = api(company.rep).get("teams/").json()["results"]
    assert [(row["key"], row["parent"]) for row in rows] == [("east", "head"), ("head", None), ("west", "head")]
    assert api(company.rep).get(f"teams/{company.east.pk}/").json()["name"] == "East"


def test_organisation_is_changed_by_administrators(company, api):
    seen = api(company.rep).get("organisation/").json()
    assert seen == {
        "name": "Test Works", "industry": "manufacturing", "currency": "CNY", "timezone": "Asia/Shanghai",
        "fiscal_year_start_month": 1, "working_days": [1, 2, 3, 4, 5], "version": 1,
    }  # fmt: skip
    assert api(company.manager).patch("organisation/", {"name": "X", "version": 1}).status_code == 403
    changed = api(company.admin).patch("organisation/", {**seen, "name": "New", "fiscal_year_start_month": 4})
    assert changed.status_code == 200
    assert changed.json()["fiscal_year_start_month"] == 4
    assert Organisation.objects.get().name == "New"
    assert api(company.admin).patch("organisation/", {"currency": "XYZ", "version": 2}).status_code == 400
    assert api(company.admin).patch("organisation/", {"fiscal_year_start_month": 13, "version": 2}).status_code == 400


def test_stages_are_read_by_all_and_set_by_administrators(company, api):
    rows = api(company.rep).get("stages/").json()["results"]
    assert [row["key"] for row in rows][:5] == ["discover", "validate", "cocreate", "decide", "lock"]
    assert rows[1]["win_rate"] == 0.25
    admin = api(company.admin)
    body = {"key": "trial", "name_zh": "试用", "name_en": "Trial", "outcome": "open", "win_rate": 0.6}
    made = admin.post("stages/", body)
    assert made.status_code == 201
    changed = admin.patch(f"stages/{made.json()['id']}/", {"win_rate": 0.65, "version": made.json()["version"]})
    assert changed.json()["win_rate"] == 0.65
    keys = [row["key"] for row in admin.get("stages/").json()["results"]]
    turned = admin.post("stages/reorder/", {"order": [keys[-1], *keys[:-1]]})
    assert [row["key"] for row in turned.json()] == [keys[-1], *keys[:-1]]
    assert admin.post("stages/reorder/", {"order": keys[:3]}).status_code == 400


def test_a_stage_in_use_is_retired_with_its_opportunities(company, api):
    row = factories.opportunity(company.rep, stage="validate")
    admin, stage = api(company.admin), Stage.objects.get(key="validate")
    refused = admin.post(f"stages/{stage.pk}/retire/", {})
    assert refused.status_code == 400
    assert "target" in refused.json()
    assert admin.post(f"stages/{stage.pk}/retire/", {"target": "nowhere"}).json().keys() == {"target"}
    assert admin.post(f"stages/{stage.pk}/retire/", {"target": "cocreate"}).json()["retired_at"]
    row.refresh_from_db()
    assert row.stage.key == "cocreate"


def test_customers(company, api):
    client = api(company.rep)
    made = client.post("customers/", {"name": " Acme ", "tier": "4A", "annual_spend": "1000000.5"})
    assert made.status_code == 201
    row = made.json()
    assert (row["name"], row["owner"], row["team"], row["annual_spend"]) == ("Acme", "rep", "east", "1000000.50")
    assert made["ETag"] == '"1"'
    child = client.post("customers/", {"name": "Acme South", "parent": row["key"]}).json()
    assert child["parent"] == row["key"]
    changed = client.patch(f"customers/{row['id']}/", {"region": "South", "version": 1})
    assert (changed.json()["region"], changed.json()["version"]) == ("South", 2)
    assert client.delete(f"customers/{row['id']}/", {"version": 2}).status_code == 204
    assert [each["name"] for each in client.get("customers/").json()["results"]] == ["Acme South"]
    assert client.get("customers/?archived=true").json()["count"] == 2
    assert client.post(f"customers/{row['id']}/restore/", {"version": 3}).json()["archived_at"] is None
    assert client.get("customers/?tier=4A&q=acme").json()["count"] == 1


def test_a_parent_out_of_sight_is_null(company, api):
    parent = factories.customer(company.stranger, "Group")
    child = factories.customer(company.rep, "Branch")
    Customer.objects.filter(pk=child.pk).update(parent=parent)
    assert api(company.rep).get(f"customers/{child.pk}/").json()["parent"] is None
    assert api(company.admin).get(f"customers/{child.pk}/").json()["parent"] == parent.key


def test_a_customer_is_handed_over_by_patch(company, api):
    row = factories.customer(company.rep)
    mine, manager = api(company.rep), api(company.manager)
    assert mine.patch(f"customers/{row.pk}/", {"owner": "mate", "version": 1}).status_code == 403
    assert manager.patch(f"customers/{row.pk}/", {"owner": "stranger", "version": 1}).json().keys() == {"owner"}
    answer = manager.patch(f"customers/{row.pk}/", {"owner": "mate", "region": "North", "version": 1}).json()
    assert (answer["owner"], answer["region"]) == ("mate", "North")
    assert mine.get(f"customers/{row.pk}/").status_code == 404
    admin = api(company.admin)
    refused = admin.patch(f"customers/{row.pk}/", {"owner": "stranger", "region": "X", "version": answer["version"]})
    assert refused.status_code == 403
    row.refresh_from_db()
    assert (row.owner, row.region) == (company.mate, "North")
    taken = admin.patch(f"customers/{row.pk}/", {"owner": "stranger", "version": answer["version"]})
    assert taken.json()["team"] == "west"


def test_a_name_that_is_served_out_of_sight(company, api):
    factories.customer(company.stranger, "上海 Ａcme（重工）有限公司", tier="5A")
    client = api(company.rep)
    refused = client.post("customers/", {"name": "上海ACME重工有限公司"})
    assert refused.status_code == 400
    assert refused.json()["code"] == "already_served"
    assert set(refused.json()) == {"name", "code"}
    assert "stranger" not in refused.content.decode()
    assert AuditEntry.objects.filter(action="already_served", actor=company.rep, door="api").count() == 1
    assert client.post("customers/", {"name": "上海ACME有限公司"}).status_code == 201
    twice = {"name": "上海ACME重工有限公司", "another": True}
    assert api(company.admin).post("customers/", twice).status_code == 201


def test_probing_for_served_names_is_throttled(company, api):
    factories.customer(company.stranger, "Hidden Works")
    client = api(company.rep)
    codes = [client.post("customers/", {"name": "hidden works"}).status_code for _n in range(22)]
    assert codes == [400] * 20 + [429] * 2
    assert client.post("customers/", {"name": "Quite another"}).status_code == 429
    assert api(company.mate).post("customers/", {"name": "Quite another"}).status_code == 201


def test_contacts(company, api):
    customer = factories.customer(company.rep)
    client = api(company.rep)
    body = {"customer": customer.key, "name": "Li Lei", "buying_role": "coach", "influence": 4, "stance": -1}
    row = client.post("contacts/", body).json()
    assert (row["customer"], row["influence"]) == (customer.key, 4)
    changed = client.patch(f"contacts/{row['id']}/", {**row, "stance": 2})
    assert (changed.status_code, changed.json()["stance"]) == (200, 2)
    other = factories.customer(company.rep)
    moved = client.patch(f"contacts/{row['id']}/", {"customer": other.key, "version": 2})
    assert moved.json().keys() == {"customer"}
    assert client.delete(f"contacts/{row['id']}/", HTTP_IF_MATCH='W/"2"').status_code == 204
    assert client.get(f"contacts/?customer={customer.key}").json()["count"] == 0
    assert client.post(f"contacts/{row['id']}/restore/", {"version": 3}).status_code == 200
    assert api(company.stranger).get(f"contacts/{row['id']}/").status_code == 404


def test_products(company, api):
    admin = api(company.admin)
    row = admin.post("products/", {"name": "Stacker", "line": "Cranes", "is_core": True, "key": "P-1"}).json()
    assert (row["key"], row["active"], row["is_core"]) == ("P-1", True, True)
    assert admin.patch(f"products/{row['id']}/", {"active": False, "version": 1}).json()["active"] is False
    assert api(company.rep).get("products/?active=false&line=Cranes").json()["count"] == 1
    assert admin.delete(f"products/{row['id']}/", {"version": 2}).status_code == 204
    assert api(company.rep).get("products/").json()["count"] == 0
    assert admin.post(f"products/{row['id']}/restore/", {"version": 3}).status_code == 200


def test_an_order_of_a_customer_out_of_sight_names_no_customer(company, api):
    customer = factories.customer(company.stranger)
    product = factories.product(company.admin)
    order = Order.objects.create(
        key="o1", customer=customer, product=product, owner=company.rep, amount=Decimal("5"), booked_on=date(2026, 3, 1)
    )
    answer = api(company.rep).get(f"orders/{order.pk}/").json()
    assert answer["customer"] is None
    assert (answer["product"], answer["owner"], answer["amount"]) == (product.key, "rep", "5.00")
    assert api(company.stranger).get("orders/").json()["results"][0]["customer"] == customer.key
    assert api(company.mate).get("orders/").json()["count"] == 0
    assert api(company.rep).get(f"orders/?customer={customer.key}").status_code == 400
    assert set(api(company.rep).post("orders/", {}).json()) == {"customer", "amount", "booked_on"}


def test_an_opportunity_is_created_and_read(company, api):
    customer, product = factories.customer(company.rep), factories.product(company.admin)
    client = api(company.rep)
    body = {
        "customer": customer.key, "title": "Sorter ⛰", "amount": "1200000", "expected_close_date": "2027-03-31",
        "product": product.key, "next_step": "Call", "next_step_due": "2027-01-05", "source": "fair",
    }  # fmt: skip
    made = client.post("opportunities/", body)
    assert made.status_code == 201
    row = made.json()
    assert row == client.get(f"opportunities/{row['id']}/").json()
    expected = {
        "title": "Sorter ⛰", "customer": customer.key, "owner": "rep", "team": "east", "stage": "discover",
        "amount": "1200000.00", "product": product.key, **NO_EVIDENCE,
        "forecast_category": "pipeline", "collaborators": [], "closed_at": None, "archived_at": None, "version": 1,
    }  # fmt: skip
    assert expected.items() <= row.items()
    assert row["created_at"].endswith("+08:00")
    made = client.post("opportunities/", {"customer": customer.key, "title": "Bare"}).json()
    assert (made["amount"], made["expected_close_date"]) == (None, None)


def test_a_closed_one_stands_at_the_rate_of_its_stage(company, api):
    row = factories.opportunity(company.rep)
    client = api(company.rep)
    missing = client.post(f"opportunities/{row.pk}/move/", {"stage": "won", "version": 1})
    assert (missing.status_code, set(missing.json())) == (400, {"signed_on"})
    won = client.post(
        f"opportunities/{row.pk}/move/", {"stage": "won", "version": 1, "signed_on": "2026-01-02", "amount": "99.90"}
    ).json()
    assert (won["declared"], won["counted"], won["outcome"], won["amount"]) == (1.0, 1.0, "won", "99.90")
    assert won["closed_at"] == won["stage_entered_at"]
    reopened = client.post(f"opportunities/{row.pk}/move/", {"stage": "lock", "version": 2, "reason": "again"})
    assert reopened.status_code == 403


def test_keys_are_set_by_administrators_on_create(company, api):
    customer = factories.customer(company.rep)
    body = {"customer": customer.key, "title": "T", "key": "CRM-1"}
    assert api(company.rep).post("opportunities/", body).json().keys() == {"key"}
    assert api(company.rep).post("customers/", {"name": "N", "key": "C-1"}).json().keys() == {"key"}
    admin = api(company.admin)
    made = admin.post("opportunities/", {**body, "owner": "mate"})
    assert (made.json()["key"], made.json()["owner"], made.json()["team"]) == ("CRM-1", "mate", "east")
    assert admin.post("opportunities/", {**body, "owner": "mate"}).json().keys() == {"key"}
    assert api(company.mate).get("opportunities/?key=CRM-1").json()["count"] == 1
    mine = api(company.mate).patch(f"opportunities/{made.json()['id']}/", {"key": "other", "version": 1})
    assert mine.json().keys() == {"key"}


def test_an_administrator_names_the_owner(company, api):
    customer = factories.customer(company.rep)
    refused = api(company.admin).post("opportunities/", {"customer": customer.key, "title": "T"})
    assert refused.json().keys() == {"owner"}
    assert Opportunity.objects.count() == 0


def test_collaborators_are_named_and_removed(company, api):
    row = factories.opportunity(company.rep)
    client = api(company.rep)
    answer = client.post(f"opportunities/{row.pk}/collaborators/", {"user": "stranger"})
    assert answer.json()["collaborators"] == ["stranger"]
    guest = api(company.stranger)
    assert guest.patch(f"opportunities/{row.pk}/", {"next_step": "Call", "version": 1}).status_code == 200
    assert guest.post(f"opportunities/{row.pk}/collaborators/", {"user": "mate"}).status_code == 403
    assert client.post(f"opportunities/{row.pk}/collaborators/", {"user": "nobody"}).json().keys() == {"user"}
    assert client.delete(f"opportunities/{row.pk}/collaborators/mate/").status_code == 404
    assert client.delete(f"opportunities/{row.pk}/collaborators/stranger/").status_code == 204
    assert guest.get(f"opportunities/{row.pk}/").status_code == 404


def test_versions_and_timeline(company, api):
    row = factories.opportunity(company.rep, amount=Decimal("10.00"))
    client = api(company.rep)
    client.post(f"opportunities/{row.pk}/move/", {"stage": "validate", "version": 1})
    client.post(f"opportunities/{row.pk}/move/", {"stage": "discover", "version": 2, "reason": "misjudged"})
    versions = client.get(f"opportunities/{row.pk}/versions/").json()["results"]
    assert [each["stage"] for each in versions] == ["discover", "validate", "discover"]
    assert versions[0]["valid_to"] == versions[1]["valid_from"]
    assert versions[2]["valid_to"] is None
    assert (versions[2]["reason"], versions[2]["actor"]) == ("misjudged", "rep")
    changes = client.get(f"opportunities/{row.pk}/timeline/").json()["results"]
    assert changes[0]["changes"] == [{"field": "stage", "from": "validate", "to": "discover"}]
    assert changes[-1]["created"] is True
    assert client.get(f"opportunities/{row.pk}/timeline/?page=x").status_code == 404


def test_versions_and_timeline_say_the_products_own_reason_in_the_callers_language(company, api):
    type(company.rep).objects.filter(pk=company.rep.pk).update(language="zh-hans")
    row = factories.opportunity(company.rep)
    archive_opportunity(opportunity=row, seen=1, actor=company.rep)
    client = api(company.rep)
    version = client.get(f"opportunities/{row.pk}/versions/").json()["results"][-1]
    event = client.get(f"opportunities/{row.pk}/timeline/").json()["results"][0]
    assert (version["reason"], event["reason"]) == ("误录", "误录")


def test_the_board_sums_all_that_match(company, api):
    for number in range(15):
        factories.opportunity(company.rep, amount=Decimal("100.05"), title=f"A {number}")
    stranger = factories.opportunity(company.stranger)
    add_collaborator(opportunity=stranger, user=company.rep, actor=company.stranger)
    won = factories.opportunity(company.rep, amount=Decimal("7"))
    move_to_stage(
        opportunity=won, stage=Stage.objects.get(key="won"), seen=1, actor=company.rep, signed_on=date(2026, 1, 1)
    )
    client = api(company.rep)
    columns = {column["stage"]: column for column in client.get("opportunities/board/").json()["columns"]}
    assert list(columns) == ["discover", "validate", "cocreate", "decide", "lock", "won"]
    first = columns["discover"]
    assert first["count"] == 16
    assert first["amount"] == "101500.75"
    assert first["weighted"] == first["counted"] == "10150.15"  # 15 × 10.01 (10.005 rounds up) + 10,000.00
    assert first["unassessed"] == {"count": 16, "amount": "101500.75"}
    assert len(first["results"]) == 12
    rest = client.get(first["next"]).json()
    assert rest["count"] == 16
    ids = [row["id"] for row in first["results"] + rest["results"]]
    assert len(set(ids)) == 16
    assert columns["won"]["amount"] == "7.00"
    assert columns["won"]["next"] is None
    mine = client.get("opportunities/board/?owner=rep&ordering=-title").json()["columns"][0]
    rest = client.get(mine["next"]).json()
    assert [row["title"] for row in rest["results"]] == ["A 11", "A 10", "A 1", "A 0"][1:]
    filtered = client.get("opportunities/board/?owner=rep&q=A 1&ordering=-amount").json()["columns"][0]
    assert (filtered["count"], filtered["amount"]) == (6, "600.30")
    assert [row["title"] for row in filtered["results"]] == [f"A {number}" for number in (14, 13, 12, 11, 10, 1)]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["c", "b", "a"]),
        ("ordering=amount", ["b", "a", "c"]),
        ("ordering=-amount", ["a", "b", "c"]),
        ("ordering=title&page_size=1&page=2", ["b"]),
        ("search=a", ["a"]),
        ("amount_min=15", ["a"]),
        ("stage=validate", ["c"]),
        ("stage=validate&stage=discover&amount_max=20", ["b", "a"]),
        ("close_from=2027-02-01&close_to=2027-03-01", ["b"]),
        ("team=head&owner=rep", ["c", "b", "a"]),
        ("team=west", []),
        ("outcome=won", []),
    ],
)
def test_lists_are_filtered_and_ordered(company, api, query, titles):
    customer = factories.customer(company.rep)
    factories.opportunity(company.rep, "a", customer=customer, amount=Decimal(20), expected_close_date=date(2027, 1, 1))
    factories.opportunity(company.rep, "b", customer=customer, amount=Decimal(10), expected_close_date=date(2027, 2, 1))
    factories.opportunity(company.rep, "c", customer=customer, amount=None, stage="validate")
    answer = api(company.rep).get(f"opportunities/?{query}")
    assert [row["title"] for row in answer.json()["results"]] == titles


def test_an_archived_product_is_no_choice(company, api):
    row, product = factories.opportunity(company.rep), factories.product(company.admin)
    archive_product(product=product, seen=1, actor=company.admin)
    answer = api(company.rep).patch(f"opportunities/{row.pk}/", {"product": product.key, "version": 1})
    assert answer.json().keys() == {"product"}


def test_an_address_that_is_not_there_answers_in_json(company, api):
    answer = api(company.rep).get("nothing/here/")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
    assert Client().get("/api/v1/nothing/here/").status_code == 401
