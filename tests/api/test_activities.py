"""Activities and their kinds through the API."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from customers.actions import archive_contact, archive_customer, archive_product
from opportunities import actions
from opportunities.models import Activity, ActivityKind, Checkpoint, Opportunity
from tests import factories
from tests.opportunities.browser_door import queries_of

pytestmark = pytest.mark.django_db
LIST = "/api/v1/activities/"


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Line 4")


@pytest.fixture
def rep(company, signed_in):
    return signed_in(company.rep)


def send(client, method, url, body, **headers):
    return client.generic(method, url, json.dumps(body), content_type="application/json", headers=headers)


def test_one_call_records_what_was_done_and_what_follows(company, deal, rep):
    person = factories.contact(company.rep, deal.customer)
    said = {"contact": person.key, "said_on": "2026-01-05"}
    body = {
        "kind": "visit", "opportunity": deal.key, "contacts": [person.key], "done_at": "2026-01-05T15:30:00+08:00",
        "outcome": "They agree", "next_step": "Measure", "next_step_due": "2027-01-15",
        "evidence": [{"factor": "demand", "level": 1, "grade": "E1", "evidence": "x", **said}],
    }  # fmt: skip
    first = send(rep, "POST", LIST, body, **{"Idempotency-Key": "a1"})
    again = send(rep, "POST", LIST, body, **{"Idempotency-Key": "a1"})
    assert (first.status_code, again.json()) == (201, first.json())
    found = first.json()
    assert (found["customer"], found["owner"], found["contacts"]) == (deal.customer.key, "rep", [person.key])
    assert found["done_at"] == "2026-01-05T15:30:00+08:00"
    assert Checkpoint.objects.get().activity == Activity.objects.get()
    assert Opportunity.objects.get(pk=deal.pk).next_step == "Measure"
    back = send(rep, "PATCH", f"{LIST}{found['id']}/", {**found, "skill": "Listen", "version": 1})
    assert (back.status_code, back.json()["skill"]) == (200, "Listen")


def test_a_row_is_sent_back_as_it_was_read_when_what_it_names_was_archived(company, rep):
    person = factories.contact(company.rep, factories.customer(company.rep))
    other = factories.contact(company.rep, person.customer)
    visit = factories.activity(company.rep, customer=person.customer, contacts=[person])
    for contact in (person, other):
        archive_contact(contact=contact, seen=None, actor=company.rep)
    archive_customer(customer=person.customer, seen=None, actor=company.rep)
    url = f"{LIST}{visit.pk}/"
    back = send(rep, "PATCH", url, {**rep.get(url).json(), "objective": "Listen"})
    assert back.status_code == 200, back.content
    assert back.json()["contacts"] == [person.key]
    anew = send(rep, "PATCH", url, {"contacts": [person.key, other.key], "version": 2})
    assert (anew.status_code, anew.json()) == (400, {"contacts": ["There is no such choice."]})
    told = {"done_at": "2026-01-05T10:00:00+08:00", "contacts": [person.key], "version": 2}
    assert send(rep, "POST", f"{url}debrief/", told).status_code == 200


def test_a_deal_is_sent_back_with_a_product_that_was_archived(company, rep):
    product = factories.product(company.admin)
    deal = factories.opportunity(company.rep, product=product)
    archive_product(product=product, seen=None, actor=company.admin)
    url = f"/api/v1/opportunities/{deal.pk}/"
    back = send(rep, "PATCH", url, {**rep.get(url).json(), "title": "Line 5"})
    assert (back.status_code, back.json()["title"]) == (200, "Line 5"), back.content
    other = factories.opportunity(company.rep)
    anew = send(rep, "PATCH", f"/api/v1/opportunities/{other.pk}/", {"product": product.key, "version": 1})
    assert anew.status_code == 400


def test_plan_move_debrief_coach(company, deal, rep, signed_in):
    planned = {"kind": "call", "opportunity": deal.key, "planned_at": "2027-01-05T10:00:00+08:00", "objective": "Ask"}
    url = f"{LIST}{send(rep, 'POST', LIST, planned).json()['id']}/"
    moved = send(rep, "PATCH", url, {"planned_at": "2027-01-06T10:00:00+08:00", "objective": "Ask again", "version": 1})
    assert (moved.json()["planned_at"], moved.json()["objective"]) == ("2027-01-06T10:00:00+08:00", "Ask again")
    stale = send(rep, "POST", f"{url}cancel/", {"reason": "Ill", "version": 1})
    assert (stale.status_code, stale.json()["conflicts"]) == (409, ["planned_at"])
    done = {"done_at": "2026-01-05T10:00:00+08:00", "outcome": "They agree", "version": moved.json()["version"]}
    told = send(rep, "POST", f"{url}debrief/", done)
    assert told.json()["outcome"] == "They agree"
    note = {"note": "Ask why", "version": told.json()["version"]}
    assert send(rep, "POST", f"{url}coach/", note).status_code == 403
    coached = send(signed_in(company.manager), "POST", f"{url}coach/", note).json()
    assert (coached["coaching"], coached["coached_by"]) == ("Ask why", "manager")


E1 = {"factor": "demand", "level": 1, "grade": "E1", "said_on": "2026-01-01", "contact": None}
BAD = [
    ({"kind": "x"}, "kind"),
    ({"opportunity": "hidden"}, "opportunity"),
    ({"customer": "hidden"}, "customer"),
    ({"contacts": ["hidden"]}, "contacts"),
    ({"contacts": "x"}, "contacts"),
    ({"contacts": ["x"] * 51}, "contacts"),
    ({"outcome": "x"}, "outcome"),
    ({"planned_at": "9999-12-31T23:59:59Z"}, "planned_at"),
    ({"done_at": "2100-01-01T00:00:00Z"}, "done_at"),
    ({"done_at": "2026-01-01T00:00:00Z", "evidence": [{"factor": "x", "level": 9, "grade": "E9"}]}, "evidence"),
    ({"done_at": "2026-01-01T00:00:00Z", "evidence": [{**E1, "contact": "hidden"}]}, "evidence"),
    ({"done_at": "2026-01-01T00:00:00Z", "evidence": [{**E1, "contact": ["x\0"]}, "x"]}, "evidence"),
    ({"done_at": "2026-01-01T00:00:00Z", "evidence": [{**E1, "contact": "\0"}]}, "evidence"),
    ({"done_at": "2026-01-01T00:00:00Z", "evidence": [E1] * 31}, "evidence"),
    ({"done_at": "2026-01-01T00:00:00Z", "evidence": {"0": E1}}, "evidence"),
    ({"done_at": "2026-01-01T00:00:00Z", "next_step": "x"}, "opportunity"),
    ({"coaching": "x"}, "coaching"),
    ({"owner": "mate"}, "owner"),
    ({"nonsense": 1}, "nonsense"),
]


@pytest.mark.parametrize(("fields", "name"), BAD)
def test_what_is_refused_names_its_field(company, rep, fields, name):
    hidden = factories.opportunity(company.stranger)
    keys = {"opportunity": hidden.key, "customer": hidden.customer.key}
    sent = {field: keys.get(field, value) if value == "hidden" else value for field, value in fields.items()}
    answer = send(rep, "POST", LIST, {"kind": "visit", **sent})
    assert (answer.status_code, list(answer.json())) == (400, [name])
    assert not Activity.objects.exists()


def test_filters(company, deal, rep):
    visit = factories.activity(company.rep, opportunity=deal, planned_at=timezone.now() + timedelta(days=1))
    call = actions.log_activity(
        actor=company.rep, kind=ActivityKind.objects.get(key="call"), done_at=timezone.now(), customer=deal.customer
    )
    alone = factories.activity(company.rep, planned_at=timezone.now() + timedelta(days=1), objective="With nobody")
    factories.activity(company.stranger)
    cases = {
        "": {visit.key, call.key, alone.key}, "?state=planned": {visit.key, alone.key}, "?kind=call": {call.key},
        f"?opportunity={deal.key}": {visit.key}, f"?customer={deal.customer.key}": {visit.key, call.key},
        "?done_from=2020-01-01&done_to=2199-01-01": {call.key}, "?planned_to=2020-01-01": set(),
        "?owner=rep": {visit.key, call.key, alone.key}, "?serves_cadence=true": set(),
        "?serves_cadence=false": {visit.key, call.key, alone.key},
    }  # fmt: skip
    for query, keys in cases.items():
        assert {row["key"] for row in rep.get(LIST + query).json()["results"]} == keys, query
    assert rep.get(f"{LIST}?state=x").status_code == 400


def test_a_list_costs_the_same_whatever_there_is(company, deal, rep):
    def add(number):
        for _each in range(number):
            factories.activity(company.rep, opportunity=deal, contacts=[factories.contact(company.rep, deal.customer)])

    add(2)
    rep.get(LIST)
    few = queries_of(lambda: rep.get(LIST))
    add(30)
    assert queries_of(lambda: rep.get(LIST)) == few <= 8


def test_kinds(company, rep, signed_in):
    admin, url = signed_in(company.admin), "/api/v1/activity-kinds/"
    made = send(admin, "POST", url, {"name_zh": "晚餐", "name_en": "Dinner", "base": "meeting"})
    assert (made.status_code, made.json()["position"]) == (201, 9)
    one = f"{url}{made.json()['id']}/"
    assert send(rep, "PATCH", one, {"name_en": "x", "version": 1}).status_code == 403
    assert admin.delete(one).status_code == 204
    assert send(rep, "POST", LIST, {"kind": made.json()["key"]}).json() == {
        "kind": ["This kind of activity is no longer in use."]
    }
    assert send(admin, "POST", f"{one}restore/", {}).json()["archived_at"] is None


def test_a_plan_has_a_moment_and_keeps_one(company, deal, rep):
    answer = send(rep, "POST", LIST, {"kind": "visit", "opportunity": deal.key})
    assert (answer.status_code, list(answer.json())) == (400, ["planned_at"])
    row = factories.activity(company.rep, opportunity=deal)
    answer = send(rep, "PATCH", f"{LIST}{row.pk}/", {"planned_at": None, "version": row.version})
    assert (answer.status_code, list(answer.json())) == (400, ["planned_at"])
    assert Activity.objects.get().planned_at == row.planned_at


def test_a_day_wants_its_step_and_an_empty_step_leaves_the_present_one(company, deal, rep):
    done = {"kind": "visit", "opportunity": deal.key, "done_at": "2026-01-05T15:30:00+08:00"}
    assert send(rep, "POST", LIST, {**done, "next_step": "Measure", "next_step_due": "2027-01-15"}).status_code == 201
    alone = send(rep, "POST", LIST, {**done, "next_step_due": "2027-02-01"})
    assert (alone.status_code, list(alone.json())) == (400, ["next_step"])
    assert send(rep, "POST", LIST, {**done, "next_step": ""}).status_code == 201
    deal.refresh_from_db()
    assert (deal.next_step, str(deal.next_step_due)) == ("Measure", "2027-01-15")
