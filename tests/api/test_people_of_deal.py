"""Stakeholders, joint plan, strategy sheet, competitors and decisions through the API."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.selectors import today
from opportunities import actions
from opportunities.models import Decision, JointTask, Stakeholder, StrategySheet
from tests import factories

pytestmark = pytest.mark.django_db
LONG, NUL = "x" * 10_000, "a\x00b"


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Crane")


@pytest.fixture
def contact(company, deal):
    return factories.contact(company.rep, deal.customer, "Li Wei", buying_role="decision_maker", influence=5)


def of(deal, what):
    return f"opportunities/{deal.pk}/{what}/"


# --- Stakeholders -----------------------------------------------------------------------------


def test_a_stakeholder_from_first_to_last(company, api, deal, contact):
    client = api(company.rep)
    made = client.post(of(deal, "stakeholders"), {"contact": contact.key, "stance": -1, "sensitive_note": "Quarrels"})
    assert made.status_code == 201, made.content
    row = made.json()
    assert (row["contact"], row["opportunity"], row["influence"], row["stance"]) == (contact.key, deal.key, 5, -1)
    assert (row["buying_role"], row["sensitive_note"], row["version"]) == ("decision_maker", "Quarrels", 1)
    path = f"stakeholders/{row['id']}/"
    plan = {"may_veto": True, "veto_state": "opposed", "veto_plan": "Visit", "veto_plan_owner": "manager"}
    saved = client.patch(path, {**plan, "version": 1})
    assert (saved.status_code, saved.json()["veto_plan_owner"], saved["ETag"]) == (200, "manager", '"2"')
    assert client.patch(path, {**saved.json(), "version": 2}).json()["version"] == 2  # sent back as it was read
    stale = client.patch(path, {"veto_plan": "Call", "version": 1})
    assert stale.status_code == 409
    assert (stale.json()["conflicts"], stale.json()["yours"]) == (["veto_plan"], {"veto_plan": "Call"})
    assert client.patch(path, {"goal": "Calm"}, headers={"If-Match": '"2"'}).status_code == 200
    assert client.patch(path, {"goal": "Calm"}).json().keys() == {"version"}
    assert client.delete(path).status_code == 204
    assert client.get(of(deal, "stakeholders")).json()["count"] == 0
    assert client.get(of(deal, "stakeholders"), {"archived": "true"}).json()["count"] == 1
    assert client.post(f"{path}restore/").json()["archived_at"] is None
    assert client.get("stakeholders/", {"opportunity": deal.key}).json()["count"] == 1


def test_who_reads_the_sensitive_note(company, api, deal, contact):
    actions.add_collaborator(opportunity=deal, user=company.mate, actor=company.rep)
    note = {"opportunity": deal, "actor": company.rep, "sensitive_note": "Quarrels"}
    row = actions.add_stakeholder(contact=contact, **note)
    path = f"stakeholders/{row.pk}/"
    told = {who: api(user).get(path) for who, user in company.people().items()}
    read = {who: answer.json()["sensitive_note"] for who, answer in told.items() if answer.status_code == 200}
    mine = dict.fromkeys(("rep", "manager", "director"), "Quarrels")
    assert read == {**mine, "mate": None, "executive": None, "admin": None}
    client = api(company.mate)
    assert client.patch(path, {**client.get(path).json(), "goal": "Calm"}).status_code == 200
    for guess in ("Quarrels", "Other", ""):  # the same answer, whatever stands there
        assert client.patch(path, {"sensitive_note": guess, "version": 2}).status_code == 403
    assert Stakeholder.objects.get().sensitive_note == "Quarrels"
    stale = client.patch(path, {"goal": "Fame", "version": 1})
    assert stale.status_code == 409 and stale.json()["current"]["sensitive_note"] is None
    own = client.post(of(deal, "stakeholders"), {"role_title": "Finance", "sensitive_note": "Mine"}).json()
    assert own["sensitive_note"] == "Mine"
    assert client.patch(f"stakeholders/{own['id']}/", {"sensitive_note": "Still", "version": 1}).status_code == 200


FIELDS = [
    ("contact", "nobody"), ("contact", 5), ("contact", NUL), ("influence", 6), ("influence", "x"), ("stance", -3),
    ("stance", None), ("buying_role", "boss"), ("goal", LONG), ("goal", NUL), ("goal_on", "9999-12-31"),
    ("goal_on", "soon"), ("veto_state", "x"), ("veto_plan_owner", "nobody"), ("veto_plan_owner", "admin"),
    ("may_veto", "perhaps"), ("sensitive_note", LONG), ("decision_style", 1), ("opportunity", "x"), ("key", "x"),
    ("no_such", 1),
]  # fmt: skip


def test_bad_stakeholders(company, api, deal, contact):
    client = api(company.rep)
    row = client.post(of(deal, "stakeholders"), {"role_title": "Finance"}).json()
    for field, value in FIELDS:
        for answer in (
            client.post(of(deal, "stakeholders"), {"role_title": "x", field: value}),
            client.patch(f"stakeholders/{row['id']}/", {"version": 1, field: value}),
        ):
            assert answer.status_code == 400, (field, value, answer.content)
            assert answer.json().keys() == {field}, (field, value)
    assert client.post(of(deal, "stakeholders"), {}).json().keys() == {"contact"}
    hidden = factories.contact(company.stranger, factories.customer(company.stranger))
    foreign = factories.contact(company.rep, factories.customer(company.rep))
    answers = [client.post(of(deal, "stakeholders"), {"contact": each.key}) for each in (hidden, foreign)]
    assert [answer.json() for answer in answers] == [{"contact": ["There is no such choice."]}] * 2
    assert Stakeholder.objects.count() == 1


# --- Joint plan -------------------------------------------------------------------------------


def test_the_plan_says_what_was_done_in_time(company, api, deal):
    client = api(company.rep)
    assert client.get(of(deal, "joint-plan")).json()["on_time"] == {"kept": 0, "due": 0, "share": None}
    for late in (0, 0, 3, None, "archived"):
        due = today() - timedelta(days=5)
        done = None if late is None else due + timedelta(days=late if isinstance(late, int) else 0)
        row = actions.add_task(opportunity=deal, actor=company.rep, title="x", due_on=due, done_on=done)
        if late == "archived":
            actions.archive_task(task=row, seen=None, actor=company.rep)
    answer = client.get(of(deal, "joint-plan") + "?page_size=1").json()
    assert (answer["count"], len(answer["results"])) == (4, 1)
    assert answer["on_time"] == {"kept": 2, "due": 4, "share": 0.5}
    assert api(company.executive).get(of(deal, "joint-plan")).json()["on_time"]["due"] == 4
    assert api(company.stranger).get(of(deal, "joint-plan")).status_code == 404


def test_a_task_from_first_to_last(company, api, deal, contact):
    client = api(company.rep)
    given = {"title": "Send the data", "side": "theirs", "contact": contact.key, "due_on": "2027-01-01"}
    row = client.post(of(deal, "joint-plan"), given).json()
    assert {**given, "owner": None, "done_on": None, "version": 1}.items() <= row.items()
    path = f"joint-tasks/{row['id']}/"
    assert client.patch(path, {"done_on": today().isoformat(), "version": 1}).json()["version"] == 2
    assert client.patch(path, {"done_on": None, "version": 1}).status_code == 409
    late = {"done_on": (today() + timedelta(days=1)).isoformat(), "version": 2}
    assert client.patch(path, late).json().keys() == {"done_on"}
    assert client.delete(path).status_code == 204
    assert client.post(f"{path}restore/").status_code == 200
    assert [each["title"] for each in client.get(of(deal, "joint-plan")).json()["results"]] == ["Send the data"]
    for wrong in ({"title": ""}, {"title": NUL}, {"side": "both"}, {"owner": "admin"}, {"due_on": "0001-01-01"}):
        answer = client.post(of(deal, "joint-plan"), {"title": "x", "side": "ours", **wrong})
        assert (answer.status_code, answer.json().keys()) == (400, wrong.keys())
    assert JointTask.objects.count() == 1


# --- Strategy ---------------------------------------------------------------------------------


def test_the_sheet(company, api, deal):
    client, path = api(company.rep), of(deal, "strategy")
    empty = client.get(path)
    assert (empty.status_code, empty["ETag"], empty.json()["sales_theme"]) == (200, '"1"', "")
    assert empty.json()["success_factors"]["pricing"] is None
    assert not StrategySheet.objects.exists()
    red = {"rating": "red", "fact": "8 % cheaper"}
    saved = client.patch(path, {"sales_theme": "On time", "price_floor": "500.00", "success_factors": {"pricing": red},
                                "version": 1})  # fmt: skip
    assert saved.status_code == 200, saved.content
    assert (saved.json()["price_floor"], saved.json()["success_factors"]["pricing"]) == ("500.00", red)
    assert saved.json()["updated_by"] == "rep"
    again = client.patch(path, saved.json())
    assert (again.status_code, again.json()["version"]) == (200, saved.json()["version"])
    stale = client.patch(path, {"sales_theme": "Cheap", "version": 1})
    assert stale.status_code == 409 and stale.json()["current"]["sales_theme"] == "On time"
    for wrong in (
        {"pricing": {"rating": "blue", "fact": "x"}}, {"pricing": {"rating": "red"}}, {"luck": red}, {"pricing": "red"},
        {"pricing": {"rating": "red", "fact": NUL}}, [], "x", None,
    ):  # fmt: skip
        answer = client.patch(path, {"success_factors": wrong, "version": 2})
        assert (answer.status_code, answer.json().keys()) == (400, {"success_factors"}), wrong
    for field, value in [("price", "-1"), ("price_floor", "x"), ("resources", LONG), ("sales_theme", NUL)]:
        assert client.patch(path, {field: value, "version": 2}).json().keys() == {field}


def test_who_reads_the_price_floor(company, api, deal):
    actions.add_collaborator(opportunity=deal, user=company.mate, actor=company.rep)
    api(company.rep).patch(of(deal, "strategy"), {"price_floor": "500.00", "version": 1})
    told = {who: api(user).get(of(deal, "strategy")) for who, user in company.people().items()}
    read = {who: answer.json()["price_floor"] for who, answer in told.items() if answer.status_code == 200}
    mine = dict.fromkeys(("rep", "manager", "director"), "500.00")
    assert read == {**mine, "mate": None, "executive": None, "admin": None}
    client = api(company.mate)
    shown = client.get(of(deal, "strategy")).json()
    assert client.patch(of(deal, "strategy"), {**shown, "resources": "Chairman"}).status_code == 200
    for guess in ("500.00", "1.00"):
        assert client.patch(of(deal, "strategy"), {"price_floor": guess, "version": 3}).status_code == 403
    assert StrategySheet.objects.get().price_floor == 500


def test_competitors_and_decisions(company, api, deal):
    client = api(company.rep)
    row = client.post(of(deal, "competitors"), {"name": "Rival"}).json()
    assert client.patch(f"competitors/{row['id']}/", {"counter": "Cost", "version": 1}).json()["counter"] == "Cost"
    assert client.delete(f"competitors/{row['id']}/").status_code == 204
    assert client.post(f"competitors/{row['id']}/restore/").status_code == 200
    assert client.post(of(deal, "competitors"), {"name": " "}).json().keys() == {"name"}
    made = client.post(of(deal, "decisions"), {"decision": "go", "reason": "Real"})
    assert (made.status_code, made.json()["decided_by"]) == (201, "rep")
    client.post(of(deal, "decisions"), {"decision": "no_go", "reason": "Budget", "look_again_on": "2027-01-01"})
    assert [each["decision"] for each in client.get(of(deal, "decisions")).json()["results"]] == ["no_go", "go"]
    for wrong in ({"decision": "x"}, {"reason": ""}, {"reason": NUL}, {"look_again_on": "x"}, {"decided_by": "rep"}):
        answer = client.post(of(deal, "decisions"), {"decision": "go", "reason": "x", **wrong})
        assert (answer.status_code, answer.json().keys()) == (400, wrong.keys())
    assert Decision.objects.count() == 2


def test_a_repeated_create_is_carried_out_once(company, api, deal):
    client = api(company.rep)
    for _time in range(2):
        answer = client.post(of(deal, "competitors"), {"name": "Rival"}, headers={"Idempotency-Key": "one"})
        assert answer.status_code == 201
    assert client.get(of(deal, "competitors")).json()["count"] == 1


# --- Queries ----------------------------------------------------------------------------------


def test_queries_do_not_grow_with_the_rows(company, api, deal):
    client = api(company.manager)
    paths = [of(deal, what) for what in ("stakeholders", "joint-plan", "competitors", "decisions", "strategy")]
    paths += ["stakeholders/", "joint-tasks/", "competitors/"]

    def counted():
        found = {}
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            found[path] = len(captured)
        return found

    def grow(number):
        for each in range(number):
            common = {"opportunity": deal, "actor": company.rep}
            contact = factories.contact(company.rep, deal.customer)
            actions.add_stakeholder(contact=contact, veto_plan_owner=company.mate, sensitive_note="x", **common)
            actions.add_task(title="x", side="theirs", contact=contact, **common)
            actions.add_competitor(name=f"Rival {each}", **common)
            actions.record_decision(decision="go", reason="x", **common)

    grow(2)
    counted()
    few = counted()
    grow(18)
    assert counted() == few
    assert max(few.values()) <= 8, few


def test_a_write_stays_within_its_budget(company, api, deal, contact):
    client = api(company.rep)
    row = client.post(of(deal, "stakeholders"), {"contact": contact.key}).json()
    writes = [
        (client.patch, f"stakeholders/{row['id']}/", {"stance": 2, "influence": 1, "version": 1}),
        (client.patch, of(deal, "strategy"), {"sales_theme": "x", "version": 1}),
        (client.post, of(deal, "joint-plan"), {"title": "x", "owner": "mate"}),
        (client.post, of(deal, "decisions"), {"decision": "go", "reason": "x"}),
    ]
    counts = {}
    for act, path, body in writes:
        with CaptureQueriesContext(connection) as captured:
            assert act(path, body).status_code < 300
        sql = [each["sql"] for each in captured if not each["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
        counts[path] = len(sql)
    assert max(counts.values()) <= 14, counts
