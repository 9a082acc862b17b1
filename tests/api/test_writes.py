"""Versions, conflicts, undo and many rows at once."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from accounts.models import AuditEntry
from opportunities.actions import edit_opportunity
from opportunities.models import OpportunityVersion
from tests import factories


@pytest.fixture
def row(company):
    return factories.opportunity(company.rep, "Crane", amount=Decimal("100.00"))


def change(row, actor, **changes):
    return edit_opportunity(opportunity=row, changes=changes, seen=None, actor=actor)


def test_a_write_says_which_version_it_saw(company, api, row):
    client = api(company.rep)
    path = f"opportunities/{row.pk}/"
    for method, where in (("patch", path), ("post", f"{path}move/"), ("post", f"{path}undo/")):
        answer = getattr(client, method)(where, {"stage": "lock"} if "move" in where else {})
        assert answer.status_code == 400
        assert answer.json().keys() == {"version"}
    for wrong in ("x", 0, -1, True, 1.5, [], {}, 10**30, 2):
        assert client.patch(path, {"title": "X", "version": wrong}).json().keys() == {"version"}, wrong
    assert client.patch(path, {"title": "X"}, HTTP_IF_MATCH="*").status_code == 400
    assert client.patch(path, {"title": "X"}, HTTP_IF_MATCH='"1"').json()["title"] == "X"
    assert client.patch(path, {"title": "Y"}, HTTP_IF_MATCH='W/"2"').json()["title"] == "Y"
    assert client.patch(path, {"title": "Z", "version": 3})["ETag"] == '"4"'


def test_a_stale_write_of_other_fields_is_taken(company, api, row):
    change(row, company.manager, next_step="Call")
    answer = api(company.rep).patch(f"opportunities/{row.pk}/", {"amount": "5", "version": 1})
    assert answer.status_code == 200
    assert (answer.json()["amount"], answer.json()["next_step"]) == ("5.00", "Call")


def test_a_stale_write_is_refused_with_both_values(company, api, row):
    change(row, company.manager, amount=Decimal("7.00"))
    sent = {"amount": "5", "next_step": "Call", "version": 1}
    answer = api(company.rep).patch(f"opportunities/{row.pk}/", sent)
    assert answer.status_code == 409
    body = answer.json()
    assert body["conflicts"] == ["amount"]
    assert body["yours"] == {"amount": "5", "next_step": "Call"}
    assert body["current"] == api(company.rep).get(f"opportunities/{row.pk}/").json()
    row.refresh_from_db()
    assert (row.amount, row.next_step) == (Decimal("7.00"), "")


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("customers/", {"name": "Works"}),
        ("products/", {"name": "Pump"}),
        ("opportunities/", {"title": "Press", "owner": "rep", "amount": "5", "expected_close_date": "2027-01-31"}),
    ],
)
def test_a_key_that_another_program_took_meanwhile_is_refused(company, api, row, monkeypatch, path, sent):
    """Two that bring the same rows in at once: the checks of the second ran before the first was there."""
    monkeypatch.setattr("django.db.models.Model.full_clean", lambda self, *args, **options: None)
    monkeypatch.setattr("rest_framework.validators.UniqueValidator.__call__", lambda *args: None)
    if path == "opportunities/":
        sent = {**sent, "customer": row.customer.key}
    client = api(company.admin)
    assert client.post(path, {**sent, "key": "K-1"}).status_code == 201
    answer = client.post(path, {**sent, "key": "K-1"})
    assert (answer.status_code, list(answer.json())) == (400, ["key"])


def test_the_same_value_is_no_conflict(company, api, row):
    change(row, company.manager, amount=Decimal("7.00"))
    answer = api(company.rep).patch(f"opportunities/{row.pk}/", {"amount": "7.00", "version": 1})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)


def test_moves_conflict_with_moves(company, api, row):
    client = api(company.rep)
    client.post(f"opportunities/{row.pk}/move/", {"stage": "validate", "version": 1})
    stale = client.post(f"opportunities/{row.pk}/move/", {"stage": "lock", "version": 1})
    assert stale.status_code == 409
    assert stale.json()["yours"] == {"stage": "lock"}
    assert stale.json()["current"]["stage"] == "validate"
    assert client.delete(f"opportunities/{row.pk}/", {"version": 1}).status_code == 409


def test_other_rows_conflict_too(company, api):
    customer = factories.customer(company.rep)
    client, path = api(company.manager), f"customers/{customer.pk}/"
    assert client.patch(path, {"region": "North", "version": 1}).status_code == 200
    stale = client.patch(path, {"region": "South", "industry": "Mining", "version": 1})
    assert (stale.status_code, stale.json()["conflicts"]) == (409, ["region"])
    assert stale.json()["current"]["industry"] == ""
    assert client.patch(path, {"owner": "mate", "region": "South", "version": 1}).status_code == 409
    customer.refresh_from_db()
    assert customer.owner == company.rep


def test_a_row_is_sent_back_as_it_was_read(company, api, row):
    client = api(company.rep)
    read = client.get(f"opportunities/{row.pk}/").json()
    answer = client.patch(f"opportunities/{row.pk}/", read)
    assert (answer.status_code, answer.json()) == (200, read)


@pytest.mark.parametrize("field", ["stage", "team", "declared", "created_at", "version_", "outcome", "id"])
def test_what_cannot_be_set_is_refused(company, api, row, field):
    answer = api(company.rep).patch(f"opportunities/{row.pk}/", {field: "won", "title": "X", "version": 1})
    assert answer.json().keys() == {field}
    row.refresh_from_db()
    assert row.title == "Crane"


def test_a_hand_over_and_an_edit_are_one_change(company, api, row):
    client = api(company.manager)
    answer = client.patch(f"opportunities/{row.pk}/", {"owner": "mate", "amount": "250", "version": 1}).json()
    assert (answer["owner"], answer["amount"], answer["version"]) == ("mate", "250.00", 2)
    assert OpportunityVersion.objects.filter(opportunity=row).count() == 2
    undone = client.post(f"opportunities/{row.pk}/undo/", {"version": 2}).json()
    assert (undone["owner"], undone["amount"], undone["version"]) == ("rep", "100.00", 3)
    assert OpportunityVersion.objects.filter(opportunity=row).count() == 1


def test_undo_takes_back_ones_own_last_change(company, api, row):
    client = api(company.rep)
    client.post(f"opportunities/{row.pk}/move/", {"stage": "validate", "version": 1})
    assert api(company.manager).post(f"opportunities/{row.pk}/undo/", {"version": 2}).status_code == 409
    assert client.post(f"opportunities/{row.pk}/undo/", {"version": 1}).status_code == 409
    answer = client.post(f"opportunities/{row.pk}/undo/", {"version": 2})
    assert (answer.status_code, answer.json()["stage"], answer.json()["version"]) == (200, "discover", 3)


def test_undo_comes_too_late(company, api, row):
    client = api(company.rep)
    client.post(f"opportunities/{row.pk}/move/", {"stage": "validate", "version": 1})
    row.refresh_from_db()
    with time_machine.travel(row.changed_at + timedelta(seconds=16)):
        answer = client.post(f"opportunities/{row.pk}/undo/", {"version": 2})
    assert answer.status_code == 409
    assert answer.json().keys() == {"detail", "current", "yours", "conflicts"}
    assert answer.json()["current"]["stage"] == "validate"


def test_archive_and_restore(company, api, row):
    client = api(company.rep)
    assert client.delete(f"opportunities/{row.pk}/", {"version": 1}).status_code == 204
    assert client.get("opportunities/").json()["count"] == 0
    listed = client.get("opportunities/?archived=true").json()["results"]
    assert listed[0]["archived_at"]
    assert client.patch(f"opportunities/{row.pk}/", {"title": "X", "version": 2}).status_code == 400
    answer = client.post(f"opportunities/{row.pk}/restore/", {"version": 2}).json()
    assert (answer["archived_at"], answer["stage"]) == (None, "discover")


def test_bulk_answers_each_row(company, api):
    first, second = (factories.opportunity(company.rep, expected_close_date=date(2027, 1, 1)) for _n in range(2))
    empty = factories.opportunity(company.rep, expected_close_date=None)
    hidden = factories.opportunity(company.stranger)
    ids = [second.pk, hidden.pk, empty.pk, first.pk]
    answer = api(company.rep).post("opportunities/bulk/", {"ids": ids, "action": "shift_close_date", "days": 31})
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [(result["id"], result["status"]) for result in results] == list(zip(ids, [200, 404, 400, 200], strict=True))
    assert results[0]["opportunity"]["expected_close_date"] == "2027-02-01"
    assert results[2]["errors"].keys() == {"expected_close_date"}
    assert "opportunity" not in results[1]


def test_a_shift_is_from_the_day_that_it_read(company, api, monkeypatch):
    row = factories.opportunity(company.rep, expected_close_date=date(2027, 1, 1))

    def meanwhile(**given):
        change(row, company.manager, expected_close_date=date(2027, 6, 1))
        return edit_opportunity(**given)

    monkeypatch.setattr("opportunities.api.bulk.edit_opportunity", meanwhile)
    answer = api(company.rep).post("opportunities/bulk/", {"ids": [row.pk], "action": "shift_close_date", "days": 1})
    assert answer.json()["results"][0]["status"] == 409
    row.refresh_from_db()
    assert row.expected_close_date == date(2027, 6, 1)


def test_bulk_does_what_the_single_verbs_do(company, api):
    rows = [factories.opportunity(company.rep) for _n in range(3)]
    ids = [row.pk for row in rows]
    manager = api(company.manager)
    change(rows[2], company.rep, expected_close_date=None)
    edited = manager.post(
        "opportunities/bulk/",
        {"ids": ids, "action": "set_close_date", "expected_close_date": "2027-05-05", "versions": {str(ids[2]): 1}},
    )
    assert [result["status"] for result in edited.json()["results"]] == [200, 200, 409]
    moved = manager.post("opportunities/bulk/", {"ids": ids, "action": "move", "stage": "lost"})
    assert [result["errors"].keys() for result in moved.json()["results"]] == [{"reason"}] * 3
    moved = manager.post("opportunities/bulk/", {"ids": ids, "action": "move", "stage": "validate"})
    assert {result["opportunity"]["stage"] for result in moved.json()["results"]} == {"validate"}
    given = manager.post("opportunities/bulk/", {"ids": ids, "action": "assign", "owner": "mate"})
    assert {result["opportunity"]["owner"] for result in given.json()["results"]} == {"mate"}
    assert [each["status"] for each in api(company.rep).post(
        "opportunities/bulk/", {"ids": ids, "action": "assign", "owner": "rep"}
    ).json()["results"]] == [404] * 3  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "ids"),
        ({"ids": [], "action": "move"}, "ids"),
        ({"ids": list(range(1, 202)), "action": "move"}, "ids"),
        ({"ids": [10**30], "action": "move"}, "ids"),
        ({"ids": ["x"], "action": "move"}, "ids"),
        ({"ids": [1], "action": "destroy"}, "action"),
        ({"ids": [1], "action": "move"}, "stage"),
        ({"ids": [1], "action": "move", "stage": "nowhere"}, "stage"),
        ({"ids": [1], "action": "assign", "owner": "nobody"}, "owner"),
        ({"ids": [1], "action": "shift_close_date", "days": 10**9}, "days"),
        ({"ids": [1], "action": "set_close_date", "expected_close_date": "9999-01-01"}, "expected_close_date"),
        ({"ids": [1], "action": "move", "stage": "lock", "versions": [1]}, "versions"),
    ],
)
def test_bulk_refuses_a_body_that_is_not_right(company, api, body, field):
    answer = api(company.rep).post("opportunities/bulk/", body)
    assert answer.status_code == 400
    assert field in answer.json()


def test_the_trail_names_the_door(company, api, row):
    api(company.rep).patch(f"opportunities/{row.pk}/", {"amount": "5", "version": 1})
    entry = AuditEntry.objects.get(action="edit", object_id=row.pk)
    assert (entry.door, entry.actor, entry.changes) == ("api", company.rep, {"amount": ["100.00", "5.00"]})


def test_a_session_needs_its_csrf_token(company, row):
    client = Client(enforce_csrf_checks=True)
    client.force_login(company.rep)
    path = f"/api/v1/opportunities/{row.pk}/"
    body = {"title": "X", "version": 1}
    assert client.get(path).status_code == 200
    assert client.patch(path, body, content_type="application/json").status_code == 403
    client.cookies["csrftoken"] = "a" * 32
    answer = client.patch(path, body, content_type="application/json", headers={"X-CSRFToken": "a" * 32})
    assert answer.status_code == 200


def test_archiving_and_bringing_back_need_no_version_but_heed_one(company, api):
    row = factories.opportunity(company.rep)
    client = api(company.rep)
    assert client.delete(f"opportunities/{row.pk}/", {"version": 9}).status_code == 400
    assert client.delete(f"opportunities/{row.pk}/").status_code == 204
    assert client.post(f"opportunities/{row.pk}/restore/").json()["stage"] == "discover"
