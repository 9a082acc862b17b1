"""Ideal customers and the target list through the API."""

from datetime import date
from decimal import Decimal

import pytest

from customers import actions
from customers.models import IdealProfile, Order, TargetCustomer
from tests import factories
from tests.api.test_schema_and_counts import queries

CARS = {"kind": "industry", "value": "Cars", "weight": 60}
MET = {"kind": "decision_maker", "value": "", "weight": 40}


@pytest.fixture
def profile(company):
    return actions.create_profile(actor=company.manager, name="Car makers", line="Robots", criteria=[CARS, MET])


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Far Voyage Cars", industry="Cars")


# --- Profiles -----------------------------------------------------------------------------------


def test_a_profile_is_created_changed_archived_and_restored(company, api):
    client = api(company.manager)
    made = client.post("profiles/", {"name": "Car makers", "line": "Robots", "criteria": [CARS, MET]})
    assert made.status_code == 201, made.content
    assert made.json()["criteria"] == [CARS, MET]
    path = f"profiles/{made.json()['id']}/"
    changed = client.patch(path, {"version": 1, "criteria": [MET]})
    assert (changed.json()["criteria"], changed.json()["version"], changed["ETag"]) == ([MET], 2, '"2"')
    assert client.delete(path).status_code == 204
    assert client.get("profiles/").json()["count"] == 0
    assert client.get("profiles/", {"archived": "true"}).json()["count"] == 1
    assert client.post(f"{path}restore/").json()["archived_at"] is None
    assert client.get("profiles/", {"q": "makers", "line": "Robots"}).json()["count"] == 1


@pytest.mark.parametrize(
    "criteria",
    [
        [], [{"kind": "tier", "value": "6A", "weight": 1}], [{"kind": "x", "value": "", "weight": 1}],
        [{"kind": "decision_maker"}], [{**MET, "weight": 0}], [{**MET, "weight": 101}], [MET] * 9, "x", [7],
        [{**CARS, "value": "\x00"}],
    ],
)  # fmt: skip
def test_criteria_that_ask_nothing_are_refused_in_any_way_in(company, api, profile, criteria):
    client = api(company.manager)
    assert set(client.post("profiles/", {"name": "x", "criteria": criteria}).json()) == {"criteria"}
    answer = client.patch(f"profiles/{profile.pk}/", {"version": 1, "criteria": criteria})
    assert (answer.status_code, set(answer.json())) == (400, {"criteria"})
    assert IdealProfile.objects.count() == 1


def test_a_stale_change_is_a_conflict(company, api, profile):
    client, path = api(company.manager), f"profiles/{profile.pk}/"
    client.patch(path, {"version": 1, "criteria": [MET]})
    answer = client.patch(path, {"version": 1, "criteria": [CARS]})
    assert answer.status_code == 409
    assert answer.json()["conflicts"] == ["criteria"]
    assert answer.json()["current"]["criteria"] == [MET]
    assert answer.json()["yours"]["criteria"] == [CARS]
    assert client.patch(path, {"version": 1, "name": "New"}).status_code == 200


def test_reps_read_profiles_and_administrators_alone_set_keys(company, api, profile):
    client = api(company.rep)
    assert client.get(f"profiles/{profile.pk}/").json()["name"] == "Car makers"
    assert client.patch(f"profiles/{profile.pk}/", {"version": 1, "name": "x"}).status_code == 403
    body = {"name": "x", "key": "ours", "criteria": [MET]}
    assert set(api(company.manager).post("profiles/", body).json()) == {"key"}
    assert api(company.admin).post("profiles/", body).json()["key"] == "ours"


def test_the_fit_is_that_of_the_page(company, api, profile, customer):
    robot = factories.product(company.admin, line="Robots")
    bought = {"kind": "bought_line", "value": "", "weight": 40}
    spend = {"kind": "spend", "value": "100", "weight": 20}
    actions.edit_profile(profile=profile, changes={"criteria": [CARS, bought, spend]}, seen=1, actor=company.admin)
    Order.objects.create(customer=customer, product=robot, amount=Decimal(1), booked_on=date(2026, 3, 1))
    factories.customer(company.rep, "Bakery", annual_spend=Decimal("99.99"))
    factories.customer(company.stranger, "Hidden", industry="Cars")
    client = api(company.rep)
    found = client.get(f"profiles/{profile.pk}/fit/").json()
    best, other = found["results"]
    assert (found["count"], best["customer"], best["fit"], best["fits"]) == (2, customer.key, 0.83, True)
    assert [(each["holds"], each["found"]) for each in best["criteria"]] == [
        (True, "Cars"), (True, "2026-03-01"), (False, None),
    ]  # fmt: skip
    assert (other["fit"], other["criteria"][2]["found"], other["owner"]) == (0.0, "99.99", "rep")
    target = actions.add_target(actor=company.rep, profile=profile, customer=customer)
    assert client.get(f"profiles/{profile.pk}/fit/", {"show": "fits"}).json()["results"][0]["target"] == target.pk
    assert client.get(f"profiles/{profile.pk}/fit/", {"show": "new"}).json()["count"] == 0
    assert client.get(f"profiles/{profile.pk}/fit/", {"search": "Bak"}).json()["count"] == 1
    assert client.get(f"profiles/{profile.pk}/fit/", {"ordering": "name"}).json()["results"][0]["name"] == "Bakery"
    for asked in ({"show": "x"}, {"ordering": "x"}, {"search": "\x00"}):
        assert client.get(f"profiles/{profile.pk}/fit/", asked).status_code == 400


# --- Target customers ---------------------------------------------------------------------------


def test_a_target_is_added_edited_settled_and_pursued_again(company, api, profile, customer):
    client = api(company.rep)
    body = {"profile": profile.key, "customer": customer.key, "next_step": "Call", "next_step_due": "2026-12-24"}
    made = client.post("target-customers/", body)
    assert made.status_code == 201, made.content
    row = made.json()
    assert (row["owner"], row["state"], row["next_step_due"]) == ("rep", "open", "2026-12-24")
    assert set(client.post("target-customers/", body).json()) == {"customer"}
    path = f"target-customers/{row['id']}/"
    assert client.patch(path, {"version": 1, "next_step": "Visit"}).json()["version"] == 2
    assert client.patch(path, {"version": 1, "next_step": "Write"}).status_code == 409
    assert set(client.patch(path, {"version": 2, "state": "dropped"}).json()) == {"state"}
    assert set(client.patch(path, {"version": 2, "owner": "manager"}).json()) == {"owner"}
    assert client.post(f"{path}settle/", {"version": 2}).json()["state"] == "won_over"
    assert client.patch(path, {"version": 3, "next_step": "x"}).status_code == 400
    assert client.post(f"{path}reopen/").json()["state"] == "open"
    assert client.post(f"{path}drop/").json()["state"] == "dropped"
    assert client.delete(path).status_code == 405


def test_targets_are_narrowed_and_within_sight(company, api, profile, customer):
    actions.add_target(actor=company.rep, profile=profile, customer=customer, next_step_due=date(2026, 12, 1))
    other = factories.customer(company.mate, "Bakery")
    actions.add_target(actor=company.mate, profile=profile, customer=other, next_step="Visit")
    client = api(company.manager)
    for asked, n in (
        ({}, 2), ({"owner": "rep"}, 1), ({"profile": profile.key}, 2), ({"customer": other.key}, 1),
        ({"state": "dropped"}, 0), ({"due_to": "2026-12-01"}, 1), ({"due_from": "2026-12-02"}, 0), ({"q": "visit"}, 1),
    ):  # fmt: skip
        assert client.get("target-customers/", asked).json()["count"] == n, asked
    assert api(company.rep).get("target-customers/").json()["count"] == 1
    assert api(company.stranger).get("target-customers/").json()["count"] == 0


def test_hidden_and_unknown_customers_are_refused_alike(company, api, profile, customer):
    client = api(company.stranger)
    answers = [
        client.post("target-customers/", {"profile": profile.key, "customer": key}).content
        for key in (customer.key, "nothing")
    ]
    assert answers[0] == answers[1]
    assert b"customer" in answers[0]
    assert not TargetCustomer.objects.exists()


# --- Budget -------------------------------------------------------------------------------------


def test_queries_do_not_grow_with_the_rows_and_writes_stay_within_theirs(company, api, profile):
    for _ in range(20):
        actions.add_target(actor=company.rep, profile=profile, customer=factories.customer(company.rep))
        actions.create_profile(actor=company.manager, name="Another", criteria=[CARS, MET])
    client = api(company.manager)
    client.get("profiles/")
    for path in ("profiles/", f"profiles/{profile.pk}/fit/", "target-customers/"):
        asked = len(queries(lambda path=path: client.get(f"{path}?page_size=2")))
        assert len(queries(lambda path=path: client.get(f"{path}?page_size=20"))) == asked <= 8, path
    customer, target = factories.customer(company.rep), TargetCustomer.objects.first()
    body = {"profile": profile.key, "customer": customer.key, "owner": "rep"}
    counts = {
        "profile": len(queries(lambda: client.post("profiles/", {"name": "x", "criteria": [CARS, MET]}))),
        "patch": len(queries(lambda: client.patch(f"profiles/{profile.pk}/", {"version": 1, "criteria": [MET]}))),
        "target": len(queries(lambda: client.post("target-customers/", body))),
        "edit": len(
            queries(
                lambda: client.patch(
                    f"target-customers/{target.pk}/", {"version": 1, "next_step": "x", "owner": "manager"}
                )
            )
        ),
        "drop": len(queries(lambda: client.post(f"target-customers/{target.pk}/drop/"))),
    }
    assert {name: count for name, count in counts.items() if count > 12} == {}, counts
