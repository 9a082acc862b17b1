"""What pages and writes may ask the database (ARCHITECTURE, rule 5), at few and many rows."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEntry
from opportunities import actions
from opportunities.models import Activity, Attachment, Checkpoint, Collaborator, Opportunity, Stage, Waiver
from tests import factories
from tests.opportunities.browser_door import HTMX, post, queries_of, text_of
from tests.opportunities.test_evidence import PDF, add, typed
from tests.opportunities.test_gate import climb, enforce

A_WRITE, A_PAGE = 12, 15


@pytest.fixture
def company(db):
    return factories.company(gated=True)


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Sorting line")


@pytest.fixture
def contact(company, deal):
    return factories.contact(company.rep, deal.customer, "Li Wei")


@pytest.fixture
def rep(company, signed_in):
    return signed_in(company.rep)


@pytest.mark.parametrize("part", ["rep", "manager", "admin"])
def test_a_page_with_everything_on_it(company, deal, contact, signed_in, part):
    client = signed_in(getattr(company, part))

    def fill(number):
        for each in range(number):
            actions.add_competitor(opportunity=deal, actor=company.rep, name=f"Rival {each}")
            actions.record_decision(opportunity=deal, actor=company.rep, decision="go", reason="Real")
            factories.activity(company.rep, opportunity=deal, contacts=[contact])
            actions.add_task(opportunity=deal, actor=company.rep, title="Trial", owner=company.rep)
            actions.add_stakeholder(opportunity=deal, actor=company.rep, role_title=f"Buyer {each}")
            helper = factories.person(f"helper{Collaborator.objects.count()}", role="rep", team=company.west)
            actions.add_collaborator(opportunity=deal, user=helper, actor=company.manager)
        actions.ask_waiver(opportunity=deal, stage=Stage.objects.get(key="lock"), reason="Now", actor=company.rep)

    climb(deal, company.rep, demand=2)
    enforce()
    fill(2)
    client.get(f"/opportunities/{deal.pk}/")  # the historical rates are read once a day
    few = queries_of(lambda: client.get(f"/opportunities/{deal.pk}/"))
    fill(10)
    page = []
    assert queries_of(lambda: page.append(client.get(f"/opportunities/{deal.pk}/"))) == few <= A_PAGE
    assert ("Rival 9" in text_of(page[0])) and ("Helper" in text_of(page[0]))


def test_evidence_of_one_level_and_of_several(company, deal, contact, rep):
    assert queries_of(lambda: add(rep, deal, **typed(contact))) <= A_WRITE
    data = typed(contact, 2, 3, 4, grade="E2", link="https://example.com/mail")
    assert queries_of(lambda: add(rep, deal, **data)) <= A_WRITE  # what stood so far ends where this begins
    assert deal.heights.current().get().power == 4
    assert list(deal.heights.order_by("valid_from").values_list("power", flat=True)) == [1, 4]


def test_evidence_with_a_file_and_somebody_new_on_the_map(company, deal, contact, rep):
    data = typed(contact, grade="E2")
    add(rep, deal, **data, link="https://example.com/mail")
    assert queries_of(lambda: add(rep, deal, **data, file=SimpleUploadedFile("a.pdf", PDF))) <= A_WRITE
    given = {"person": "Chen Wang", "buying_role": "user", "influence": "4", "stance": "1", "sensitive_note": "a"}
    assert queries_of(lambda: post(rep, f"/opportunities/{deal.pk}/people/new/", given)) <= A_WRITE
    assert deal.stakeholders.get().contact.name == "Chen Wang"
    new = {**typed(), "somebody": "Li Na"}
    assert queries_of(lambda: add(rep, deal, **new)) <= A_WRITE + 4  # two rows, each with its trail


def test_a_file_is_kept_once_with_its_record_or_for_the_form_that_comes_back(company, deal, contact, rep):
    for told, shown in ((typed(None, grade="E3"), 422), (typed(contact, grade="E3"), 200)):
        assert add(rep, deal, **told, file=SimpleUploadedFile("a.pdf", PDF)).status_code == shown
        row = Attachment.objects.latest("pk")
        assert row.stored.read() == PDF
        entries = AuditEntry.objects.filter(action="add_file", object_id=deal.pk)
        assert entries.count() == Attachment.objects.count()
    assert Attachment.objects.count() == 2
    assert Checkpoint.objects.get().file == row


def test_a_visit_planned_logged_and_debriefed(company, deal, contact, rep):
    common = {"kind": "visit", "about": f"deal:{deal.key}", "draft": "activity:x", "contacts": contact.key}
    plan = {**common, "when": "plan", "at": "2127-02-01T10:00", "objective": "Meet"}
    for sent in (plan, {**common, "when": "now", "outcome": "They agree"}):
        assert queries_of(lambda: post(rep, "/activities/new/", sent)) <= A_WRITE  # noqa: B023
    visit = Activity.objects.planned().get()
    assert list(visit.contacts.all()) == [contact]
    told = {"done_at": "2026-01-05T10:00", "version": 1, "outcome": "They agree", "contacts": contact.key}
    assert queries_of(lambda: post(rep, f"/activities/{visit.pk}/debrief/", told)) <= A_WRITE
    visit.refresh_from_db()
    assert (visit.outcome, list(visit.contacts.all())) == ("They agree", [contact])


THREE_ACTS = 25  # a debrief, the evidence, the next step: each with what it locks, its past and its trail


@pytest.mark.parametrize("level", [1, 3])
def test_a_debrief_with_evidence_and_the_next_step_in_one_save(company, deal, contact, rep, level):
    if level > 1:
        climb(deal, company.rep, demand=2, power=2, goal=2)
    for each in range(10 * level):
        factories.contact(company.rep, deal.customer, f"Colleague {each}")
    visit = factories.activity(company.rep, opportunity=deal)
    told = {
        "done_at": "2026-01-05T10:00", "version": 1, "outcome": "They agree", "contacts": contact.key,
        "rung": f"demand-{level}", "grade": "E2", "link": "https://example.com/mail", "next_step": "Measure",
        "next_step_due": "2127-01-15", "opportunity_version": deal.version,
    }  # fmt: skip
    assert queries_of(lambda: post(rep, f"/activities/{visit.pk}/debrief/", told)) == THREE_ACTS
    assert deal.heights.current().get().demand == level
    assert Opportunity.objects.get(pk=deal.pk).next_step == "Measure"


@pytest.mark.parametrize("several", [1, 6])
def test_evidence_of_several_people_costs_no_more_than_of_one(company, deal, rep, several):
    people = [factories.contact(company.rep, deal.customer, f"Person {each}") for each in range(several)]
    common = {"factor": "demand", "grade": "E2", "said_on": "2026-01-05", "link": "https://example.com/mail"}
    sent = {
        "kind": "visit", "opportunity": deal.key, "done_at": "2026-01-05T10:00:00+08:00",
        "evidence": [
            {**common, "level": level, "contact": who.key} for level, who in enumerate(people, 1)
        ],
    }  # fmt: skip
    url, body = "/api/v1/activities/", json.dumps(sent)
    assert queries_of(lambda: rep.post(url, body, content_type="application/json")) <= 18
    assert [row.contact for row in Checkpoint.objects.order_by("level")] == people


def test_confirming_and_withdrawing(company, deal, contact, rep, signed_in):
    climb(deal, company.rep, demand=4)
    record = actions.add_checkpoints(
        opportunity=deal, records=[actions.Evidence("demand", 5, "E2", "Mail", contact, deal.created_on, "https://x.example/m")],
        actor=company.rep,
    )[0]  # fmt: skip
    manager = signed_in(company.manager)
    assert queries_of(lambda: post(manager, f"/evidence/{record.pk}/confirm/", {})) <= A_WRITE
    assert deal.heights.current().get().demand == 5
    assert queries_of(lambda: post(rep, f"/evidence/{record.pk}/withdraw/", {"reason": "No"})) <= A_WRITE
    assert deal.heights.current().get().demand == 4


def test_a_waiver_asked_for_granted_and_refused(company, deal, rep, signed_in):
    enforce()
    manager = signed_in(company.manager)

    def ask():
        version = Opportunity.objects.get(pk=deal.pk).version
        return post(rep, f"/opportunities/{deal.pk}/waivers/", {"stage": "lock", "reason": "Now", "version": version})

    assert queries_of(ask) - 1 <= A_WRITE  # without reading the version
    for decision in ("refuse", "grant"):
        ask()
        waiver = Waiver.objects.get(state="asked")
        given = {"decision": decision, "reason": "Too early" if decision == "refuse" else ""}
        assert queries_of(lambda: post(manager, f"/waivers/{waiver.pk}/", given)) <= A_WRITE  # noqa: B023
    assert Opportunity.objects.get(pk=deal.pk).stage.key == "lock"


def test_a_stakeholder_added_and_edited_in_every_field(company, deal, contact, rep):
    other = factories.contact(company.rep, deal.customer, "Wang")
    given = {"person": contact.key, "buying_role": "user", "influence": "4", "stance": "1", "sensitive_note": "a"}
    assert queries_of(lambda: post(rep, f"/opportunities/{deal.pk}/people/new/", given)) <= A_WRITE
    row = deal.stakeholders.get()
    url = f"/stakeholders/{row.pk}/edit/"
    drawn = re.findall(r'name="(initial-[^"]+)"[^>]* value="([^"]*)"', text_of(rep.get(url, headers=HTMX)))
    changed = {
        "person": other.key, "buying_role": "decision_maker", "influence": "5", "stance": "2", "may_veto": "on",
        "veto_state": "opposed", "veto_plan": "Talk", "veto_plan_owner": company.rep.username, "sensitive_note": "b",
    }  # fmt: skip
    assert queries_of(lambda: post(rep, url, {**dict(drawn), **changed, "version": row.version})) <= A_WRITE
    row.refresh_from_db()
    assert (row.contact, row.influence, row.veto_plan, row.sensitive_note) == (other, 5, "Talk", "b")
    assert row.sensitive_by == company.rep
