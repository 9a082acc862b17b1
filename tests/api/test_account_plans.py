"""Account plans over the API: with their lines and joint actions in one call."""

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from customers import actions
from customers.models import AccountPlan, JointAction
from tests import factories
from tests.api.test_schema_and_counts import queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(company, client):
    client.force_login(company.rep)
    return client


def test_a_plan_is_created_and_changed_with_what_hangs_on_it(company, client):
    customer = factories.customer(company.rep)
    url = reverse("api-customer-account-plans", args=[customer.pk])
    body = {
        "year": 2026, "risks": "Prices", "our_leader": "rep", "lines": [{"strategy": "Zero stock", "revenue": "10.00"}],
        "joint_actions": [{"action": "Visit", "owner": "rep", "due_on": "2026-11-01"}],
    }  # fmt: skip
    answer = client.post(url, body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["lines"][0]["revenue"], made["joint_actions"][0]["owner"]) == ("10.00", "rep")
    assert client.post(url, body, content_type="application/json").status_code == 400
    change = {
        "version": made["version"], "share_aimed": 40,
        "lines": [{"key": made["lines"][0]["key"], "strategy": "Less stock"}, {"strategy": "Second"}],
    }  # fmt: skip
    detail = reverse("api-account-plan-detail", args=[made["id"]])
    answer = client.patch(detail, change, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert [line["strategy"] for line in answer.json()["lines"]] == ["Less stock", "Second"]
    assert client.get(url).json()["results"][0]["share_aimed"] == 40
    bad = {"version": answer.json()["version"], "risks": "x", "lines": [{"key": "nothing", "strategy": "x"}]}
    assert client.patch(detail, bad, content_type="application/json").status_code == 400
    assert AccountPlan.objects.get().risks == "Prices"


@pytest.mark.parametrize(("name", "text"), [("lines", "strategy"), ("joint_actions", "action")])
def test_of_two_who_change_an_item_the_second_is_told(company, client, name, text):
    url = reverse("api-customer-account-plans", args=[factories.customer(company.rep).pk])
    client.post(url, {"year": 2025, name: [{text: "of another plan"}]}, "application/json")
    made = client.post(url, {"year": 2026, name: [{text: "w"}, {text: "x"}]}, "application/json").json()
    detail = reverse("api-account-plan-detail", args=[made["id"]])
    item = {"key": made[name][0]["key"], "version": made[name][0]["version"]}
    answers = [
        client.patch(detail, {"version": made["version"], name: [{**item, text: said}]}, "application/json")
        for said in ("mine", "theirs")
    ]
    assert [answer.status_code for answer in answers] == [200, 409]
    told = answers[1].json()
    assert (told["conflicts"], told["yours"]) == ([name], {name: [{**item, text: "theirs"}]})
    assert told["current"] == client.get(detail).json()
    assert told["current"][name][0][text] == "mine"


@pytest.mark.parametrize("name", ["lines", "joint_actions"])
def test_so_many_at_once_and_no_more(company, client, name):
    url = reverse("api-customer-account-plans", args=[factories.customer(company.rep).pk])
    answer = client.post(url, {"year": 2026, name: [{"strategy": "x", "action": "x"}] * 201}, "application/json")
    assert (answer.status_code, list(answer.json())) == (400, [name])
    assert not AccountPlan.objects.exists()


def test_each_side_of_a_joint_action_is_settled_as_on_the_page(company, client):
    customer = factories.customer(company.rep)
    url = reverse("api-customer-account-plans", args=[customer.pk])
    said = {"year": 2026, "joint_actions": [{"action": "Visit", "their_state": "done"}, {"action": "Workshop"}]}
    made = client.post(url, said, content_type="application/json").json()
    visit, workshop = made["joint_actions"]
    assert (visit["state"], visit["their_state"], workshop["state"]) == ("open", "done", "open")
    detail = reverse("api-account-plan-detail", args=[made["id"]])

    def patch(**fields):
        body = {"version": made["version"], "joint_actions": [{"key": visit["key"], **fields}]}
        answer = client.patch(detail, body, content_type="application/json")
        assert answer.status_code == 200, answer.content
        return answer.json()["joint_actions"][0]

    row = patch(state="done", result="Agreed")
    assert (row["state"], row["their_state"], row["result"]) == ("done", "done", "Agreed")
    assert client.get(detail).json()["joint_actions"][0] == row
    both = {"state": "open", "their_state": "dropped"}
    assert patch(**both) == {**row, **both, "version": row["version"] + 2}
    before = AuditEntry.objects.count()
    patch(state="open", their_state="dropped")
    assert AuditEntry.objects.count() == before, "what stays as it is leaves no trace"
    verbs = AuditEntry.objects.filter(model="jointaction").exclude(action__in=("create", "edit"))
    assert list(verbs.order_by("id").values_list("action", flat=True)) == ["finish", "finish", "reopen", "drop"]
    bad = {"version": made["version"], "joint_actions": [{"key": visit["key"], "state": "perhaps"}]}
    assert client.patch(detail, bad, content_type="application/json").status_code == 400
    client.force_login(company.executive)
    body = {"version": made["version"], "joint_actions": [{"key": visit["key"], "state": "done"}]}
    assert client.patch(detail, body, content_type="application/json").status_code == 403
    assert JointAction.objects.get(key=visit["key"]).state == "open"


def test_what_a_patch_adds_needs_its_text(company, client):
    customer = factories.customer(company.rep)
    url = reverse("api-customer-account-plans", args=[customer.pk])
    made = client.post(url, {"year": 2026}, content_type="application/json").json()
    detail = reverse("api-account-plan-detail", args=[made["id"]])
    for name, item in (("lines", {"revenue": "1.00"}), ("joint_actions", {"owner": "rep"})):
        answer = client.patch(detail, {"version": made["version"], name: [item]}, content_type="application/json")
        assert (answer.status_code, list(answer.json())) == (400, [name])


def test_a_plan_is_copied_forward_once(company, client):
    customer = factories.customer(company.rep)
    said = {
        "year": 2026, "lines": [{"strategy": "Zero stock", "revenue": "1.00", "revenue_next": "2.00"}],
        "joint_actions": [{"action": "Open one"}, {"action": "Settled", "state": "done", "their_state": "dropped"}],
    }  # fmt: skip
    url = reverse("api-customer-account-plans", args=[customer.pk])
    made = client.post(url, said, content_type="application/json").json()
    forward = reverse("api-account-plan-forward", args=[made["id"]])
    answer = client.post(forward, {}, content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert (answer.json()["year"], answer.json()["lines"][0]["revenue"]) == (2027, "2.00")
    detail = reverse("api-account-plan-detail", args=[made["id"]])
    moved, stays = made["joint_actions"]
    assert [row["key"] for row in answer.json()["joint_actions"]] == [moved["key"]]
    assert [row["key"] for row in client.get(detail).json()["joint_actions"]] == [stays["key"]]
    again = client.post(forward, {}, content_type="application/json")
    assert (again.status_code, list(again.json())) == (400, ["year"])
    client.force_login(company.stranger)
    assert client.post(forward, {}, content_type="application/json").status_code == 404
    client.force_login(company.executive)
    assert client.post(forward, {}, content_type="application/json").status_code == 403


# --- Lines and joint actions at addresses of their own ------------------------------------------

LINE = ("plan-lines/", {"strategy": "Zero stock", "revenue": "10.00"}, "lines")
JOINT = ("joint-actions/", {"action": "Visit", "their_state": "done"}, "joint_actions")


@pytest.fixture
def plan(company):
    return actions.create_plan(actor=company.rep, customer=factories.customer(company.rep), year=2026)


@pytest.mark.parametrize(("path", "fields", "name"), [LINE, JOINT])
def test_what_hangs_on_a_plan_is_archived_and_restored(company, api, plan, path, fields, name):
    client, whole = api(company.rep), f"account-plans/{plan.pk}/"
    made = client.post(path, {"plan": plan.key, **fields})
    assert made.status_code == 201, made.content
    row = made.json()
    assert {"plan": plan.key, "archived_at": None, **fields}.items() <= row.items()
    assert [each["key"] for each in client.get(whole).json()[name]] == [row["key"]]
    assert client.delete(f"{path}{row['id']}/").status_code == 204
    assert client.get(whole).json()[name] == []
    assert client.get(path, {"plan": plan.key}).json()["count"] == 0
    gone = client.get(path, {"plan": plan.key, "archived": "true"}).json()["results"]
    assert [(each["key"], each["archived_at"] is not None) for each in gone] == [(row["key"], True)]
    first = next(iter(fields))
    refused = client.patch(f"{path}{row['id']}/", {"version": gone[0]["version"], first: "x"})
    assert refused.status_code == 400
    assert client.post(f"{path}{row['id']}/restore/", {"version": 1}).status_code == 409
    back = client.post(f"{path}{row['id']}/restore/", {})
    assert (back.status_code, back.json()["archived_at"]) == (200, None)
    assert [each["key"] for each in client.get(whole).json()[name]] == [row["key"]]
    actions.archive_plan(plan=plan, seen=None, actor=company.rep)
    assert client.delete(f"{path}{row['id']}/").status_code == 400, "its plan is archived"


@pytest.mark.parametrize(("path", "fields", "name"), [LINE, JOINT])
def test_only_those_who_edit_the_customer_change_it(company, api, plan, path, fields, name):
    row = api(company.rep).post(path, {"plan": plan.key, **fields}).json()
    for who, code in ((company.executive, 403), (company.admin, 403), (company.stranger, 404)):
        assert api(who).delete(f"{path}{row['id']}/").status_code == code
        assert api(who).post(f"{path}{row['id']}/restore/", {}).status_code == code
    assert api(company.executive).get(path).json()["count"] == 1
    assert api(company.stranger).get(path).json()["count"] == 0
    hidden = api(company.stranger).post(path, {"plan": plan.key, **fields})
    unknown = api(company.stranger).post(path, {"plan": "nothing", **fields})
    assert (hidden.status_code, hidden.json()) == (unknown.status_code, unknown.json()) == (400, hidden.json())
    assert api(company.stranger).get(path, {"plan": plan.key}).status_code == 400


def test_a_joint_action_is_changed_and_settled_at_once(company, api, plan):
    row = actions.add_joint_action(actor=company.rep, plan=plan, action="Visit")
    client, path = api(company.rep), f"joint-actions/{row.pk}/"
    said = {"version": 1, "result": "Agreed", "state": "done", "their_state": "dropped"}
    answer = client.patch(path, said)
    assert (answer.status_code, answer.json()["version"]) == (200, 4), answer.content
    assert said.items() <= {**answer.json(), "version": 1}.items()
    stale = client.patch(path, {"version": 1, "state": "open"})
    assert (stale.status_code, stale.json()["conflicts"]) == (409, ["state"])
    assert client.patch(path, {"version": 1, "due_on": "2026-11-01"}).status_code == 200, "another field"
    moved = client.patch(path, {"version": 5, "plan": "another"})
    assert (moved.status_code, list(moved.json())) == (400, ["plan"])


@pytest.mark.parametrize("path", ["plan-lines/", "joint-actions/"])
def test_as_many_queries_however_many_items(company, api, path):
    def more(number):
        for _each in range(number):
            its = actions.create_plan(actor=company.rep, customer=factories.customer(company.rep), year=2026)
            actions.add_plan_line(actor=company.rep, plan=its, strategy="Zero stock")
            actions.add_joint_action(actor=company.rep, plan=its, action="Visit", owner=company.rep)

    more(2)
    client = api(company.manager)
    client.get(path)
    few = len(queries(lambda: client.get(path)))
    more(20)
    assert len(queries(lambda: client.get(path))) == few
