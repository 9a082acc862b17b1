"""The gate in the browser and in the API: what it says, and the ways past it (METHOD.md §2)."""

import json
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from accounts import notifications as notices
from accounts.models import Notification, OutboxMessage
from accounts.sending import sweep
from accounts.tokens import create_token
from opportunities.actions import (
    Evidence,
    add_checkpoints,
    ask_waiver,
    edit_stage,
    grant_waiver,
    move_to_stage,
    record_decision,
    refuse_waiver,
    retire_stage,
    undo,
)
from opportunities.actions.checkpoints import may_judge
from opportunities.models import Checkpoint, FactorKey, MethodSetting, Opportunity, Stage, Stakeholder, Waiver
from opportunities.selectors.gate_report import gate_report
from opportunities.selectors.waivers import waiting_for, waivers_waiting
from tests import factories
from tests.opportunities.browser_door import HTMX, events_of, post, queries_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(db):
    return factories.company(gated=True)


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Gate works")


def stage(key):
    return Stage.objects.get(key=key)


def enforce():
    MethodSetting.objects.update(gate_mode=MethodSetting.GateMode.ENFORCE)


def climb(row, actor, **heights):
    """Records that verify these heights."""
    contact = row.customer.contacts.first() or factories.contact(actor, row.customer, "Dr. Wei")
    records = [
        Evidence(factor, level, "E3", f"Minutes {factor} {level}", contact, date(2026, 11, 12), "https://x.example/m")
        for factor, height in heights.items()
        for level in range(1, height + 1)
    ]
    return add_checkpoints(opportunity=row, records=records, actor=actor)


def everything(row, actor, height):
    return climb(row, actor, **dict.fromkeys(FactorKey.values, height))


def move_url(row):
    return f"/opportunities/{row.pk}/move/"


def shown(report):
    return [(item.condition, item.met) for item in report.items]


# --- What is missing, in words ------------------------------------------------------------------


def test_the_report_names_every_condition_with_what_met_it_and_what_is_missing(company, deal):
    climb(deal, company.rep, demand=5, power=4, goal=5, value=4, coordination=4)
    record_decision(opportunity=deal, decision="go", reason="Worth it", actor=company.rep)
    move_to_stage(opportunity=deal, stage=stage("decide"), seen=None, actor=company.rep)
    Stakeholder.objects.create(opportunity=deal, role_title="Finance", may_veto=True, veto_state="opposed")
    report = gate_report(Opportunity.objects.get(pk=deal.pk), stage("lock"))
    assert report.lacking == 3
    goal, power, veto, floors = report.items
    assert goal.text.endswith("(Goal ≥ 5)")
    assert (goal.met, goal.details) == (True, ("12 Nov · Minutes goal 5 · recorded by Rep",))
    assert (power.met, power.details) == (False, ("Power verified to 4, 1 level missing",))
    assert (power.factor, power.level, power.stage.key) == ("power", 5, "decide")
    assert veto.stakeholder == Stakeholder.objects.get().pk
    assert (veto.met, veto.details) == (False, ("Finance: opposed, and there is no plan with an owner",))
    assert floors.text == "Stage floor: all five factors ≥ 5"
    assert floors.details == ("Power, Value, Coordination verified to 4, 1 level missing",)
    assert (floors.factor, floors.level) == ("power", 5)
    assert float(report.evidenced) == 0.75


def test_the_report_names_the_file_that_proves_it(company, deal):
    climb(deal, company.rep, demand=1)
    file = factories.attachment(deal, "纪要.txt")
    Checkpoint.objects.filter(opportunity=deal).update(file=file, link="", evidence="")
    (demand, *_) = gate_report(Opportunity.objects.get(pk=deal.pk), stage("validate")).items
    assert demand.details == ("12 Nov · 纪要.txt · recorded by Rep",)


def test_a_skip_asks_for_the_milestones_of_every_stage_that_is_passed(company, deal):
    report = gate_report(deal, stage("decide"))
    assert [item.condition for item in report.items] == [
        "demand>=1", "demand>=2", "power>=2", "power>=4", "go", "floors",
    ]  # fmt: skip
    assert report.evidenced is None
    assert report.items[4].details == ("There is no decision yet",)
    assert gate_report(deal, stage("discover")).items == gate_report(deal, stage("won")).items == ()


def test_the_page_counts_what_is_missing_as_the_gate_did_and_names_it_as_missing(company, deal, signed_in):
    climb(deal, company.rep, demand=4, power=4, goal=3, value=2, coordination=3)
    report = gate_report(Opportunity.objects.get(pk=deal.pk), stage("lock"))
    move_to_stage(opportunity=deal, stage=stage("lock"), seen=None, actor=company.rep, override=True, reason="Chairman")
    Stakeholder.objects.create(opportunity=deal, role_title="Finance", may_veto=True, veto_state="opposed")
    page = signed_in(company.rep).get(f"/opportunities/{deal.pk}/")
    go, goal, power, veto, floors = page.context["lacking"]
    assert len(page.context["lacking"]) == report.lacking + 1  # whom nobody knew of before
    assert (go, veto) == ("a Go decision", "a plan for a veto holder who is opposed")
    assert (goal[-10:], power[-11:]) == ("(Goal ≥ 5)", "(Power ≥ 5)")
    assert floors == (
        "the stage floor (Value verified to 2, 3 levels missing; Goal, Coordination verified to 3, 2 levels missing; "
        "Demand, Power verified to 4, 1 level missing)"
    )
    assert "5 are missing: a Go decision; " in page.content.decode()


def test_floors_that_differ_are_named_one_by_one(company, deal):
    Stage.objects.filter(key="validate").update(floor=None, floors={"demand": 3, "power": 2})
    climb(deal, company.rep, demand=2)
    floors = gate_report(deal, stage("validate")).items[-1]
    assert floors.text == "Stage floor: Demand ≥ 3, Power ≥ 2"
    assert floors.details == ("Power verified to 0, 2 levels missing", "Demand verified to 2, 1 level missing")


def test_the_report_costs_the_same_for_few_and_many_records(company, deal):
    def more(number):
        for _each in range(number):
            everything(deal, company.rep, 3)
            record_decision(opportunity=deal, decision="go", reason="Worth it", actor=company.rep)
            Stakeholder.objects.create(opportunity=deal, role_title="Finance", may_veto=True, veto_state="opposed")

    more(1)
    gate_report(deal, stage("lock"))
    few = queries_of(lambda: gate_report(deal, stage("lock")))
    more(5)
    assert queries_of(lambda: gate_report(deal, stage("lock"))) == few


# --- The dialog ---------------------------------------------------------------------------------


def test_a_move_too_early_is_answered_with_the_gate_and_changes_nothing(company, deal, signed_in):
    answer = post(signed_in(company.rep), move_url(deal), {"stage": "validate", "version": deal.version})
    page = text_of(answer)
    assert answer.status_code == 422
    assert "2 pieces of evidence missing for 25%" in page
    assert "Move anyway" in page
    assert "Ask for a waiver" not in page
    assert Opportunity.objects.get(pk=deal.pk).stage.key == "discover"


def test_move_anyway_needs_a_reason_and_leaves_the_mark(company, deal, signed_in):
    client, body = signed_in(company.rep), {"stage": "validate", "version": deal.version, "override": "yes"}
    refused = post(client, move_url(deal), {**body, "reason": " "})
    assert refused.status_code == 422
    assert "Say why" in text_of(refused)
    assert "evidence missing" in text_of(refused)
    moved = post(client, move_url(deal), {**body, "reason": "Green channel"})
    assert moved.status_code == 200
    assert "asc:close-dialog" in events_of(moved)
    row = Opportunity.objects.get(pk=deal.pk)
    assert (row.stage.key, row.unproven_from.key) == ("validate", "discover")


def test_the_gate_is_shown_at_once_when_a_move_is_only_asked_about(company, deal, signed_in):
    answer = signed_in(company.rep).get(f"{move_url(deal)}?stage=validate", headers=HTMX)
    assert answer.status_code == 200
    assert "Move anyway" in text_of(answer)
    page = signed_in(company.rep).get(f"{move_url(deal)}?stage=validate")
    assert "<html" in text_of(page)
    assert "Move anyway" in text_of(page)


def test_a_reopening_into_a_later_stage_keeps_what_was_typed(company, deal, signed_in):
    move_to_stage(opportunity=deal, stage=stage("lost"), seen=None, actor=company.rep, reason="Price")
    body = {"stage": "cocreate", "version": 2, "why": "budget", "reason": "New money"}
    client = signed_in(company.manager)
    answer = post(client, move_url(deal), body)
    assert answer.status_code == 422
    page = text_of(answer)
    assert "New money" in page
    assert 'value="budget" class="' in page or "checked" in page
    assert post(client, move_url(deal), {**body, "override": "yes"}).status_code == 200
    row = Opportunity.objects.get(pk=deal.pk)
    assert (row.stage.key, row.unproven_from.key) == ("cocreate", "discover")
    assert post(client, move_url(deal), {"stage": "discover", "version": row.version, "why": "need"}).status_code == 200
    assert Opportunity.objects.get(pk=deal.pk).unproven_from is None


def test_a_stage_edited_in_the_table_opens_the_gate(company, deal, signed_in):
    url = f"/opportunities/{deal.pk}/field/stage/"
    answer = post(signed_in(company.rep), url, {"stage": "validate", "version": 1, "in": "table"})
    assert answer.status_code == 200
    assert events_of(answer)["asc:ask"]["url"] == f"{move_url(deal)}?stage=validate"


def test_many_at_once_each_meets_the_gate_on_its_own(company, deal, signed_in):
    proven = factories.opportunity(company.rep, "Proven works")
    everything(proven, company.rep, 2)
    body = {"act": "move", "confirmed": "yes", "stage": "validate", "ids": [f"{deal.pk}-1", f"{proven.pk}-1"]}
    page = text_of(post(signed_in(company.rep), "/opportunities/bulk/", body))
    assert "Evidence is missing:" in page
    assert "Demand, Power, Goal, Value, Coordination verified to 0, 2 levels missing" in page
    assert Opportunity.objects.get(pk=proven.pk).stage.key == "validate"
    assert f'name="ids" value="{deal.pk}-1"' in page
    assert "Move 1 anyway" in page
    unexplained = post(signed_in(company.rep), "/opportunities/bulk/", {**body, "override": "on"})
    assert unexplained.status_code == 422
    post(signed_in(company.rep), "/opportunities/bulk/", {**body, "override": "on", "reason": "All of them"})
    assert Opportunity.objects.get(pk=deal.pk).unproven_from.key == "discover"
    assert Opportunity.objects.get(pk=proven.pk).unproven_from is None


def test_a_move_stays_within_twelve_queries(company, deal, signed_in):
    client = signed_in(company.rep)
    client.get("/opportunities/table/")
    body = {"stage": "lock", "version": deal.version}
    assert queries_of(lambda: post(client, move_url(deal), body)) <= 12
    assert queries_of(lambda: post(client, move_url(deal), {**body, "override": "yes", "reason": "Why"})) <= 12


# --- The API ------------------------------------------------------------------------------------


@pytest.fixture
def api(company):
    secrets = {name: create_token(user=user, name="t", scope="write")[1] for name, user in company.people().items()}

    def send(who, method, path, **body):
        return Client().generic(
            method, f"/api/v1/{path}", json.dumps(body), content_type="application/json",
            headers={"Authorization": f"Bearer {secrets[who]}"},
        )  # fmt: skip

    return send


FLOORS_OF_VALIDATE = [{"factor": factor, "verified": 0, "needed": 2} for factor in FactorKey.values]


def test_the_api_says_what_is_missing(company, deal, api):
    answer = api("rep", "POST", f"opportunities/{deal.pk}/move/", stage="validate", version=1)
    assert answer.status_code == 422
    missing = answer.json()["missing"]
    [milestone] = missing["milestones"]
    assert (milestone["stage"], milestone["condition"]) == ("discover", "demand>=1")
    assert milestone["text"].endswith("(Demand ≥ 1)")
    assert missing["floors"] == FLOORS_OF_VALIDATE
    assert "waiver_needed" not in answer.json()
    unexplained = api("rep", "POST", f"opportunities/{deal.pk}/move/", stage="validate", version=1, override=True)
    assert (unexplained.status_code, list(unexplained.json())) == (400, ["reason"])
    moved = api(
        "rep", "POST", f"opportunities/{deal.pk}/move/", stage="validate", version=1, override=True, reason="Trust me"
    )
    assert moved.status_code == 200


def test_an_enforced_gate_asks_for_a_waiver_of_everybody_but_managers_above(company, deal, api):
    enforce()
    body = {"stage": "validate", "version": 1, "override": True, "reason": "Trust me"}
    answer = api("rep", "POST", f"opportunities/{deal.pk}/move/", **body)
    assert (answer.status_code, answer.json()["waiver_needed"]) == (422, True)
    assert api("manager", "POST", f"opportunities/{deal.pk}/move/", **{**body, "override": False}).status_code == 422
    assert api("manager", "POST", f"opportunities/{deal.pk}/move/", **body).status_code == 200
    own = factories.opportunity(company.manager, "Own works")
    answer = api("manager", "POST", f"opportunities/{own.pk}/move/", **body)
    assert (answer.status_code, answer.json()["waiver_needed"]) == (422, True)


def test_creating_further_on_meets_the_gate(company, api):
    customer = factories.customer(company.rep)
    body = {"customer": customer.key, "title": "Late", "stage": "cocreate"}
    answer = api("rep", "POST", "opportunities/", **body)
    assert answer.status_code == 422
    assert [each["condition"] for each in answer.json()["missing"]["milestones"]] == [
        "demand>=1", "demand>=2", "power>=2",
    ]  # fmt: skip
    assert not Opportunity.objects.filter(title="Late").exists()
    made = api("rep", "POST", "opportunities/", **body, override=True, reason="Half done when we began")
    assert made.status_code == 201
    assert Opportunity.objects.get(title="Late").unproven_from.key == "discover"


def test_an_enforced_gate_holds_for_creation_too(company, api):
    enforce()
    customer = factories.customer(company.rep)
    body = {"customer": customer.key, "title": "Late", "stage": "cocreate", "override": True, "reason": "Half done"}
    answer = api("rep", "POST", "opportunities/", **body)
    assert (answer.status_code, answer.json()["waiver_needed"]) == (422, True)
    made = api("manager", "POST", "opportunities/", **body, owner="rep")
    assert (made.status_code, made.json().get("stage")) == (201, "cocreate")


def test_a_request_that_the_gate_stopped_may_be_sent_again(company, deal, api):
    """With the same Idempotency-Key: only what was carried out is kept."""
    secret = create_token(user=company.rep, name="again", scope="write")[1]

    def send():
        return Client().post(
            f"/api/v1/opportunities/{deal.pk}/move/", {"stage": "validate", "version": 1}, "application/json",
            headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "once"},
        )  # fmt: skip

    assert send().status_code == 422
    everything(deal, company.rep, 2)
    assert send().status_code == send().status_code == 200
    assert Opportunity.objects.get(pk=deal.pk).version == 2


def test_the_api_moves_many_each_with_its_own_answer(company, deal, api):
    proven = factories.opportunity(company.rep, "Proven works")
    everything(proven, company.rep, 2)
    body = {"ids": [deal.pk, proven.pk], "action": "move", "stage": "validate"}
    stopped, moved = api("rep", "POST", "opportunities/bulk/", **body).json()["results"]
    assert (stopped["id"], stopped["status"], moved["status"]) == (deal.pk, 422, 200)
    assert stopped["missing"]["floors"] == FLOORS_OF_VALIDATE
    body |= {"ids": [deal.pk], "override": True, "reason": "Trust me"}
    assert api("rep", "POST", "opportunities/bulk/", **body).json()["results"][0]["status"] == 200


# --- The mark -----------------------------------------------------------------------------------


def past_the_gate(company, deal):
    return move_to_stage(
        opportunity=deal, stage=stage("validate"), seen=None, actor=company.rep, override=True, reason="Trust me"
    )


def test_evidence_takes_the_mark_away(company, deal):
    past_the_gate(company, deal)
    everything(deal, company.rep, 1)
    assert Opportunity.objects.get(pk=deal.pk).unproven_from is not None
    everything(deal, company.rep, 2)
    assert Opportunity.objects.get(pk=deal.pk).unproven_from is None


def test_undoing_a_move_past_the_gate_restores_the_mark_as_it_was(company, deal):
    row = past_the_gate(company, deal)
    later = move_to_stage(
        opportunity=row, stage=stage("cocreate"), seen=None, actor=company.rep, override=True, reason="And on"
    )
    undo(opportunity=later, actor=company.rep, seen=later.version)
    row = Opportunity.objects.get(pk=deal.pk)
    assert (row.stage.key, row.unproven_from.key) == ("validate", "discover")
    other = factories.opportunity(company.rep, "Other works")
    moved = past_the_gate(company, other)
    undo(opportunity=moved, actor=company.rep, seen=moved.version)
    assert Opportunity.objects.get(pk=other.pk).unproven_from is None


# --- Waivers ------------------------------------------------------------------------------------


def ask(company, deal, key="validate", reason="Green channel", actor=None):
    enforce()
    return ask_waiver(opportunity=deal, stage=stage(key), reason=reason, actor=actor or company.rep)


def told(kind):
    messages = OutboxMessage.objects.filter(kind=kind, channel="bell").select_related("recipient")
    return sorted(message.recipient.username for message in messages)


def test_an_enforced_gate_offers_to_ask_for_a_waiver(company, deal, signed_in):
    enforce()
    client, body = signed_in(company.rep), {"stage": "validate", "version": 1}
    page = text_of(post(client, move_url(deal), body))
    assert "Ask for a waiver" in page
    assert "Move anyway" not in page
    assert "Move anyway" in text_of(post(signed_in(company.manager), move_url(deal), body))
    unexplained = post(client, f"/opportunities/{deal.pk}/waivers/", body)
    assert unexplained.status_code == 422
    assert "Say why" in text_of(unexplained)
    asked = post(client, f"/opportunities/{deal.pk}/waivers/", {**body, "reason": "Green channel"})
    assert asked.status_code == 200
    assert "asc:close-dialog" in events_of(asked)
    waiver = Waiver.objects.get()
    assert (waiver.state, waiver.stage.key, waiver.source.key) == ("asked", "validate", "discover")
    assert Opportunity.objects.get(pk=deal.pk).stage.key == "discover"
    assert told("waiver_asked") == ["director", "manager"]


def test_a_waiver_for_what_has_moved_meanwhile_is_a_conflict(company, deal, signed_in):
    move_to_stage(
        opportunity=deal, stage=stage("validate"), seen=1, actor=company.manager, override=True, reason="I say so"
    )
    body = {"stage": "cocreate", "version": 1, "reason": "Green channel"}
    answer = post(signed_in(company.rep), f"/opportunities/{deal.pk}/waivers/", body)
    assert answer.status_code == 409
    assert not Waiver.objects.exists()


def test_the_asked_one_stands_on_the_page_and_is_decided_there(company, deal, signed_in):
    enforce()
    waiver = ask(company, deal)
    page = text_of(signed_in(company.rep).get(f"/opportunities/{deal.pk}/"))
    assert "It waits for a manager above the owner." in page
    assert "Green channel" in page
    manager = signed_in(company.manager)
    assert f"/waivers/{waiver.pk}/" in text_of(manager.get(f"/opportunities/{deal.pk}/"))
    dialog = text_of(manager.get(f"/waivers/{waiver.pk}/", headers=HTMX))
    assert "Green channel" in dialog
    assert "Demand ≥ 1" in dialog
    unexplained = post(manager, f"/waivers/{waiver.pk}/", {"decision": "refuse"})
    assert unexplained.status_code == 422
    refused = post(manager, f"/waivers/{waiver.pk}/", {"decision": "refuse", "reason": "See the director first"})
    assert refused.status_code == 200
    page = text_of(signed_in(company.rep).get(f"/opportunities/{deal.pk}/"))
    assert "See the director first" in page
    assert told("waiver_decided") == ["rep"]
    assert post(manager, f"/waivers/{waiver.pk}/", {"decision": "grant"}).status_code == 422


def test_granting_makes_the_move_and_an_undo_has_it_wait_again(company, deal, signed_in):
    enforce()
    waiver = ask(company, deal)
    granted = post(signed_in(company.manager), f"/waivers/{waiver.pk}/", {"decision": "grant"})
    row = Opportunity.objects.get(pk=deal.pk)
    assert (row.stage.key, row.unproven_from.key) == ("validate", "discover")
    assert events_of(granted)["asc:toast"]["version"] == row.version
    undo(opportunity=row, actor=company.manager, seen=row.version)
    row = Opportunity.objects.get(pk=deal.pk)
    assert (row.stage.key, row.unproven_from) == ("discover", None)
    waiver.refresh_from_db()
    assert (waiver.state, waiver.decided_by) == ("asked", None)
    assert not OutboxMessage.objects.waiting().filter(kind="waiver_decided").exists()


def test_who_decides_a_waiver(company, deal, signed_in):
    own = factories.opportunity(company.manager, "Own works")
    theirs = ask(company, own, actor=company.manager)
    mine = ask(company, deal)
    assert [each.pk for each in waivers_waiting(company.manager)] == [mine.pk]
    assert [each.pk for each in waivers_waiting(company.director)] == [theirs.pk, mine.pk]
    assert waivers_waiting(company.rep) == waivers_waiting(company.admin) == waivers_waiting(company.stranger) == []
    with pytest.raises(PermissionDenied):
        grant_waiver(waiver=theirs, actor=company.manager)
    with pytest.raises(PermissionDenied):
        grant_waiver(waiver=mine, actor=company.admin)
    assert grant_waiver(waiver=theirs, actor=company.director).state == "granted"


def test_an_administrator_decides_where_no_manager_is_above(company, signed_in):
    top = factories.opportunity(company.director, "Top works")
    waiver = ask(company, top, actor=company.director)
    assert told("waiver_asked") == ["admin"]
    assert [each.pk for each in waivers_waiting(company.admin)] == [waiver.pk]
    answer = post(signed_in(company.admin), f"/waivers/{waiver.pk}/", {"decision": "grant"})
    assert answer.status_code == 200
    assert Opportunity.objects.get(pk=top.pk).stage.key == "validate"


def test_what_waits_and_who_may_judge_it_are_one_rule(company):
    """The list in SQL against the action's own judgement, for everybody and every waiver."""
    lone = factories.person("lone", role="manager")
    for owner in (company.rep, company.manager, company.director, company.stranger, lone):
        ask(company, factories.opportunity(owner), actor=owner)
    row = factories.opportunity(company.mate)  # asked for by somebody who has become a manager above since
    wish = {"source": row.stage, "stage": stage("validate"), "reason": "Why", "asked_by": company.manager}
    Waiver.objects.create(opportunity=row, **wish)
    for user in [*company.people().values(), lone]:
        judged = [each.pk for each in Waiver.objects.order_by("id") if may_judge(user, each.opportunity, each.asked_by)]
        assert [each.pk for each in waivers_waiting(user)] == judged, user


def test_a_moved_opportunity_is_not_moved_by_an_old_waiver(company, deal, signed_in):
    waiver = ask(company, deal)
    move_to_stage(
        opportunity=deal, stage=stage("validate"), seen=None, actor=company.manager, override=True, reason="I say so"
    )
    answer = post(signed_in(company.manager), f"/waivers/{waiver.pk}/", {"decision": "grant"})
    assert answer.status_code == 422
    assert "has been moved since" in text_of(answer)
    assert waivers_waiting(company.manager) == []
    assert "opp-waiver" not in text_of(signed_in(company.rep).get(f"/opportunities/{deal.pk}/"))


def test_waivers_through_the_api(company, deal, api):
    enforce()
    asked = api("rep", "POST", f"opportunities/{deal.pk}/waivers/", stage="validate", reason="Green channel")
    assert asked.status_code == 201
    waiver = asked.json()
    assert (waiver["opportunity"], waiver["stage"], waiver["state"]) == (deal.key, "validate", "asked")
    assert api("rep", "GET", f"opportunities/{deal.pk}/waivers/").json()["results"] == [waiver]
    assert api("manager", "GET", "waivers/?state=asked").json()["count"] == 1
    assert api("stranger", "GET", "waivers/").json()["count"] == 0
    assert api("stranger", "POST", f"waivers/{waiver['id']}/grant/").status_code == 404
    assert api("rep", "POST", f"waivers/{waiver['id']}/grant/").status_code == 403
    assert list(api("manager", "POST", f"waivers/{waiver['id']}/refuse/").json()) == ["reason"]
    refused = api("manager", "POST", f"waivers/{waiver['id']}/refuse/", reason="Too early")
    assert (refused.status_code, refused.json()["answer"]) == (200, "Too early")
    assert api("manager", "POST", f"waivers/{waiver['id']}/grant/").status_code == 400
    again = api("rep", "POST", f"opportunities/{deal.pk}/waivers/", stage="validate", reason="Now I have").json()
    assert api("manager", "POST", f"waivers/{again['id']}/grant/").json()["state"] == "granted"
    assert Opportunity.objects.get(pk=deal.pk).unproven_from.key == "discover"
    backward = api("rep", "POST", f"opportunities/{deal.pk}/waivers/", stage="discover", reason="Why")
    assert (backward.status_code, list(backward.json())) == (400, ["stage"])


def test_what_people_are_told_of_waivers(company, deal):
    waiver = ask(company, deal)
    sweep()
    note = Notification.objects.get(recipient=company.manager)
    [said] = notices.told([note], company.manager)
    assert said.words.title.startswith("Rep asks for a waiver: Gate works of")
    assert said.words.lines == ("Green channel",)
    refuse_waiver(waiver=waiver, reason="Too early", actor=company.manager)
    sweep()
    [said] = notices.told(Notification.objects.filter(recipient=company.rep), company.rep)
    assert said.words.title.startswith("Manager refused the waiver: Gate works of")
    assert said.words.lines == ("Too early",)
    anew = ask(company, deal)
    ask(company, deal, reason="Better reason")
    sweep()
    assert not Waiver.objects.filter(pk=anew.pk).exists()
    notes = Notification.objects.filter(recipient=company.manager)
    assert [each.words.lines for each in notices.told(notes, company.manager)] == [
        ("Better reason",), ("Green channel",),
    ]  # fmt: skip


def test_no_waiver_is_asked_for_where_nothing_is_missing(company, deal, signed_in):
    enforce()
    everything(deal, company.rep, 2)
    with pytest.raises(ValidationError, match="Nothing is missing"):
        ask(company, deal, "validate")
    form = {"stage": "validate", "reason": "To be sure", "version": deal.version}
    answer = post(signed_in(company.rep), f"/opportunities/{deal.pk}/waivers/", form)
    assert answer.status_code == 422
    assert "Nothing is missing for this move" in text_of(answer)
    assert not Waiver.objects.exists()


def test_waivers_stay_within_their_queries(company, deal, signed_in):
    enforce()
    for number in range(20):
        ask(company, factories.opportunity(company.rep, f"Deal {number}"))
    waiver = ask(company, deal)
    assert queries_of(lambda: waivers_waiting(company.manager)) == 1
    client = signed_in(company.manager)
    client.get("/opportunities/table/")
    assert queries_of(lambda: client.get(f"/waivers/{waiver.pk}/", headers=HTMX)) <= 12
    assert queries_of(lambda: post(client, f"/waivers/{waiver.pk}/", {"decision": "grant"})) <= 14


# --- What lasts and what doesn't ---------------------------------------------------------------


def moved(row, key, actor, **options):
    row = Opportunity.objects.get(pk=row.pk)
    stage = Stage.objects.get(key=key)
    return move_to_stage(opportunity=row, stage=stage, seen=None, actor=actor, reason="Sure", **options)


def test_the_mark_outlasts_a_closing_that_is_taken_back():
    company = factories.company(gated=True)
    row = factories.opportunity(company.rep)
    moved(row, "lock", company.rep, override=True)
    closed = moved(row, "lost", company.rep)
    assert not closed.moved_without_proof, "a closed one shows none"
    assert moved(row, "lock", company.manager).moved_without_proof


@pytest.mark.parametrize("back_to", ["discover", "validate", "decide"])
def test_going_back_takes_the_mark_away_however_far(back_to):
    company = factories.company(gated=True)
    row = factories.opportunity(company.rep)
    moved(row, "lock", company.rep, override=True)
    back = moved(row, back_to, company.rep)
    assert not back.moved_without_proof
    assert undo(opportunity=back, actor=company.rep, seen=back.version).moved_without_proof
    moved(row, back_to, company.rep)
    if back_to != "decide":
        assert moved(row, "decide", company.rep, override=True).moved_without_proof


def test_one_created_closed_is_marked_when_it_is_reopened_past_the_gate():
    company = factories.company(gated=True)
    lost = Stage.objects.get(key="lost")
    row = factories.opportunity(company.rep, stage=lost, reason="Known too late")
    assert moved(row, "lock", company.manager, override=True).moved_without_proof


def test_lower_demands_take_the_mark_away():
    company = factories.company(gated=True)
    row = factories.opportunity(company.rep)
    moved(row, "validate", company.rep, override=True)
    edit_stage(stage=Stage.objects.get(key="validate"), changes={"floor": 0}, seen=None, actor=company.admin)
    assert Opportunity.objects.get(pk=row.pk).moved_without_proof, "discover's milestone is not reached either"
    edit_stage(stage=Stage.objects.get(key="discover"), changes={"milestones": []}, seen=None, actor=company.admin)
    assert not Opportunity.objects.get(pk=row.pk).moved_without_proof


def test_no_waiver_leads_into_a_retired_stage_or_past_a_reopening():
    company = factories.company(gated=True)
    row = factories.opportunity(company.rep)
    waiver = ask(company, row, "lock")
    retire_stage(stage=Stage.objects.get(key="lock"), target=None, actor=company.admin)
    with pytest.raises(ValidationError):
        grant_waiver(waiver=waiver, actor=company.manager)
    waiver = ask(company, row, "decide")
    moved(row, "lost", company.rep)
    moved(row, "discover", company.manager)
    with pytest.raises(ValidationError):
        grant_waiver(waiver=waiver, actor=company.manager)
    assert list(waiting_for(company.manager)) == []


def test_a_waiver_is_asked_for_where_one_is_needed_alone(deal, api):
    wish = {"stage": "validate", "reason": "Green channel"}
    refused = api("rep", "POST", f"opportunities/{deal.pk}/waivers/", **wish)
    assert (refused.status_code, list(refused.json())) == (400, ["stage"])  # the gate only advises
    enforce()
    above = api("manager", "POST", f"opportunities/{deal.pk}/waivers/", **wish)
    assert (above.status_code, list(above.json())) == (400, ["stage"])  # who may move it past the gate
    assert not Waiver.objects.exists() and told("waiver_asked") == []
    assert api("rep", "POST", f"opportunities/{deal.pk}/waivers/", **wish).status_code == 201
