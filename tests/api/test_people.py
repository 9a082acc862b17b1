"""People and teams through the API: the same actions, the same refusals."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Invitation, Team, User
from accounts.selectors import today
from customers.models import Customer
from opportunities.models import Opportunity
from tests import factories

pytestmark = pytest.mark.django_db


def test_what_others_do_not_see_of_a_person(company, api):
    User.objects.filter(pk=company.rep.pk).update(email="rep@example.com", active_until="2030-01-01")
    shown = api(company.admin).get(f"users/{company.rep.pk}/").json()
    assert (shown["email"], shown["language"], shown["active_until"]) == ("rep@example.com", "en", "2030-01-01")
    assert shown["last_seen_at"] is not None
    for who in (company.mate, company.manager, company.executive):
        answer = api(who).get(f"users/{company.rep.pk}/")
        other = answer.json()
        assert set(other) == set(shown)
        hidden = ("email", "language", "active_from", "active_until", "last_seen_at")
        assert [other[name] for name in hidden] == [None] * 5
        assert "rep@example.com" not in api(who).get("users/?search=rep").content.decode()
    assert api(company.mate).get("users/?search=rep@example").json()["count"] == 0


def test_a_person_is_made_invited_changed_ended_and_begun_again(company, api):
    client = api(company.admin)
    body = {"username": "li.na", "name": "Li Na", "email": "li.na@example.com", "role": "rep", "team": "east"}
    made = client.post("users/", body)
    assert made.status_code == 201, made.content
    row = made.json()
    assert (row["username"], row["team"], row["active"], row["version"]) == ("li.na", "east", True, 1)
    path = f"users/{row['id']}/"
    link = client.post(f"{path}invite/").json()["link"]
    assert link.startswith("http://testserver/invitation/")
    assert Client().get(link).status_code == 200
    assert client.post(f"{path}invite/").json()["link"] != link
    assert Client().get(link).status_code == 404
    changed = client.patch(path, {"team": "west", "role": "manager", "language": "en", "version": 1})
    assert (changed.status_code, changed.json()["team"], changed["ETag"]) == (200, "west", '"2"')
    assert client.patch(path, {"team": "east", "version": 1}).status_code == 409
    ended = client.post(f"{path}deactivate/", {"version": 2}).json()
    assert (ended["active"], ended["active_until"]) == (False, today().isoformat())
    assert not Invitation.objects.usable().exists()
    assert client.post(f"{path}invite/").status_code == 400
    assert client.post(f"{path}reactivate/").json()["active"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"username": "rep"}, "username"),
        ({"username": None}, "username"),
        ({"username": ""}, "username"),
        ({"username": "x" * 65}, "username"),
        ({"username": "a\x00b"}, "username"),
        ({"email": "ADMIN@example.com"}, "email"),
        ({"email": 7}, "email"),
        ({"team": "nowhere"}, "team"),
        ({"team": ["east"]}, "team"),
        ({"role": "emperor"}, "role"),
        ({"language": None}, "language"),
        ({"active_until": "yesterday"}, "active_until"),
        ({"active_from": "2026-02-01", "active_until": "2026-01-01"}, "active_until"),
        ({"password": "x"}, "password"),
        ({"last_seen_at": "2026-01-01T00:00:00Z"}, "last_seen_at"),
    ],
)
def test_bad_input_is_named(company, api, body, field):
    User.objects.filter(pk=company.admin.pk).update(email="admin@example.com")
    client = api(company.admin)
    answer = client.post("users/", {"username": "new", "name": "N", **body})
    assert (answer.status_code, set(answer.json())) == (400, {field})
    assert User.objects.count() == 8
    if field != "username":
        answer = client.patch(f"users/{company.rep.pk}/", {"version": 1, **body})
        assert (answer.status_code, set(answer.json())) == (400, {field})


def test_the_last_administrator_and_oneself(company, api):
    client = api(company.admin)
    for body in ({"role": "rep"}, {"active_until": (today() - timedelta(1)).isoformat()}):
        assert client.patch(f"users/{company.admin.pk}/", {"version": 1, **body}).status_code == 400
    assert client.post(f"users/{company.admin.pk}/deactivate/").status_code == 400
    other = factories.person("other_admin", role="admin")
    assert client.patch(f"users/{other.pk}/", {"role": "rep", "version": 1}).status_code == 200
    assert api(other).patch(f"users/{company.admin.pk}/", {"role": "rep", "version": 1}).status_code == 403
    assert User.objects.get(pk=company.admin.pk).is_admin


@pytest.fixture
def book(company):
    big, small = factories.customer(company.rep, "Big"), factories.customer(company.rep, "Small")
    factories.opportunity(company.rep, "Big one", customer=big, amount=Decimal(900))
    factories.opportunity(company.rep, "Small one", customer=small, amount=Decimal(300))
    return {"big": big, "small": small}


def owners():
    return dict(Customer.objects.values_list("name", "owner__username"))


def test_a_portfolio_is_handed_over(company, api, book):
    client, path = api(company.admin), f"users/{company.rep.pk}/hand_over/"
    for body, field in (
        ({}, "to"),
        ({"to": []}, "to"),
        ({"to": "mate"}, "to"),
        ({"to": ["nobody"]}, "to"),
        ({"to": ["rep"]}, "to"),
        ({"to": ["admin"]}, "to"),
        ({"to": ["mate"], "customers": [{"customer": "x", "to": "mate"}]}, "customers"),
        ({"to": ["mate"], "customers": [{"customer": book["big"].key, "to": "executive"}]}, "to"),
        ({"to": ["mate"], "reason": "x" * 501}, "reason"),
    ):
        answer = client.post(path, body)
        assert (answer.status_code, set(answer.json())) == (400, {field}), body
    elsewhere = factories.customer(company.stranger)
    wrong = {"to": ["mate"], "customers": [{"customer": elsewhere.key, "to": "mate"}]}
    assert client.post(path, wrong).status_code == 400
    assert set(owners().values()) == {"rep", "stranger"}
    body = {"to": ["mate"], "customers": [{"customer": book["small"].key, "to": "manager"}], "reason": "Territories"}
    assert client.post(path, body).json() == {"customers": 2, "opportunities": 2}
    assert (owners()["Big"], owners()["Small"]) == ("mate", "manager")
    assert Opportunity.objects.get(title="Small one").owner == company.manager


def test_a_deactivation_with_a_hand_over_is_one_act(company, api, book):
    client, path = api(company.admin), f"users/{company.rep.pk}/deactivate/"
    assert client.post(path, {"hand_over": {"to": ["executive"]}}).status_code == 400
    assert client.post(path, {"hand_over": {"to": ["mate", "stranger"]}, "version": 9}).status_code == 400
    assert User.objects.get(pk=company.rep.pk).is_active
    assert client.post(path, {"hand_over": {"to": ["mate", "stranger"]}}).json()["active"] is False
    assert owners() == {"Big": "mate", "Small": "stranger"}


def test_the_tree_of_teams(company, api):
    client = api(company.admin)
    south = client.post("teams/", {"name": "South", "parent": "east", "key": "south"}).json()
    assert south["parent"] == "east"
    path = f"teams/{south['id']}/"
    assert client.patch(path, {"parent": "west", "version": 1}).json()["parent"] == "west"
    assert client.patch(f"teams/{company.west.pk}/", {"parent": "south", "version": 1}).status_code == 400
    assert client.delete(f"teams/{company.west.pk}/").status_code == 400
    assert client.delete(path).status_code == 204
    assert client.post("users/", {"username": "x", "name": "X", "team": "south"}).status_code == 400
    assert client.patch(path, {"name": "x", "version": 3}).status_code == 400
    assert client.post(f"{path}restore/").json()["archived_at"] is None
    for body, field in (({"name": ""}, "name"), ({"name": "x", "parent": "no"}, "parent"), ({"name": 7, "x": 1}, "x")):
        assert set(client.post("teams/", body).json()) == {field}
    assert client.post("teams/", {"name": "Again", "key": "south"}).status_code == 400
    assert Team.objects.get(key="south").path == f"{Team.objects.get(key='west').path}{south['id']}/"


def test_writes_stay_within_their_budget(company, api, book):
    client = api(company.admin)
    client.get("me/")

    def counted(method, path, body):
        with CaptureQueriesContext(connection) as captured:
            assert getattr(client, method)(path, body).status_code < 300
        return len([query for query in captured if not query["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))])

    guest = factories.invitation(company.admin).user_id
    counts = {
        "create": counted("post", "users/", {"username": "new", "name": "N", "team": "east"}),
        "edit": counted("patch", f"users/{company.mate.pk}/", {"name": "N", "role": "manager", "version": 1}),
        "invite": counted("post", f"users/{guest}/invite/", {}),
        "new team": counted("post", "teams/", {"name": "N", "parent": "east"}),
        "move team": counted("patch", f"teams/{company.east.pk}/", {"parent": "west", "version": 1}),
    }
    assert {name: count for name, count in counts.items() if count > 12} == {}, counts
