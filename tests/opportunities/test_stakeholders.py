"""The customer's people on an opportunity: through the actions, the pages, the map; and what the veto list does."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.selectors import today
from config.web.revisions import StaleWrite
from customers.actions import archive_contact
from customers.models import Contact
from opportunities import actions
from opportunities.models import Activity, ActivityKind, Opportunity, Stakeholder
from opportunities.rules import people as rules
from opportunities.selectors.gate import standing_of
from opportunities.selectors.stakeholders import stakes_of
from opportunities.views.panels import people as panel
from tests import factories
from tests.opportunities.browser_door import as_drawn

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Crane")


def person(company, deal, name="Li Wei", **fields: Any) -> Contact:
    return factories.contact(company.rep, deal.customer, name, **fields)


def on_map(company, deal, **fields: Any) -> Stakeholder:
    if "role_title" not in fields:
        fields.setdefault("contact", person(company, deal, fields.pop("name", "Li Wei")))
    return actions.add_stakeholder(opportunity=deal, actor=company.rep, **fields)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


# --- Actions ----------------------------------------------------------------------------------


def test_what_the_customers_page_says_is_taken_over(company, deal):
    contact = person(company, deal, buying_role="technical_veto", influence=5, stance=-1)
    row = on_map(company, deal, contact=contact)
    assert (row.buying_role, row.influence, row.stance) == ("technical_veto", 5, -1)
    assert (row.may_veto, row.veto_state) == (True, "identified")
    other = on_map(company, deal, name="Wang", stance=2)
    assert (other.influence, other.stance, other.may_veto, other.veto_state) == (3, 2, False, "")


def test_a_post_may_stand_there_without_a_person(company, deal):
    row = on_map(company, deal, role_title=" Finance director ")
    assert (row.contact, row.role_title) == (None, "Finance director")
    with pytest.raises(ValidationError) as error:
        on_map(company, deal, role_title=" ")
    assert set(error.value.message_dict) == {"contact"}
    found = actions.edit_stakeholder(
        stakeholder=row, changes={"contact": person(company, deal)}, seen=1, actor=company.rep
    )
    assert found.contact.name == "Li Wei"
    with pytest.raises(ValidationError):
        actions.edit_stakeholder(
            stakeholder=found, changes={"contact": None, "role_title": ""}, seen=2, actor=company.rep
        )


def test_only_contacts_of_the_customer_each_once(company, deal):
    row = on_map(company, deal)
    gone = person(company, deal, "Gone")
    archive_contact(contact=gone, seen=None, actor=company.rep)
    elsewhere = factories.contact(company.rep, factories.customer(company.rep))
    for contact in (row.contact, Contact.objects.get(pk=gone.pk), elsewhere):
        with pytest.raises(ValidationError) as error:
            on_map(company, deal, contact=contact)
        assert set(error.value.message_dict) == {"contact"}
    actions.archive_stakeholder(stakeholder=row, seen=1, actor=company.rep)
    again = on_map(company, deal, contact=row.contact)
    with pytest.raises(ValidationError):
        actions.restore_stakeholder(stakeholder=fresh(row), seen=None, actor=company.rep)
    actions.archive_stakeholder(stakeholder=again, seen=None, actor=company.rep)
    assert actions.restore_stakeholder(stakeholder=fresh(row), seen=None, actor=company.rep).archived_at is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"influence": 6}, {"influence": 0}, {"stance": 3}, {"stance": -3}, {"buying_role": "boss"},
        {"veto_state": "x"}, {"goal": "x" * 301}, {"gains": "a\x00b"}, {"decision_style": "x"},
    ],
)  # fmt: skip
def test_what_is_not_accepted(company, deal, wrong):
    with pytest.raises(ValidationError) as error:
        on_map(company, deal, **wrong)
    assert set(error.value.message_dict) == set(wrong)
    row = on_map(company, deal, name="Another")
    with pytest.raises(ValidationError):
        actions.edit_stakeholder(stakeholder=row, changes=wrong, seen=1, actor=company.rep)
    assert fresh(row).version == 1


def test_the_owner_of_a_plan_is_somebody_who_sells(company, deal):
    for nobody in (company.executive, company.admin):
        with pytest.raises(ValidationError) as error:
            on_map(company, deal, name=f"For {nobody}", veto_plan_owner=nobody)
        assert set(error.value.message_dict) == {"veto_plan_owner"}


def test_who_may_write(company, deal):
    row = on_map(company, deal)
    for reader in (company.executive, company.admin):
        with pytest.raises(PermissionDenied):
            actions.edit_stakeholder(stakeholder=row, changes={"stance": 1}, seen=1, actor=reader)
    with pytest.raises(Http404):
        actions.add_stakeholder(opportunity=deal, role_title="x", actor=company.stranger)
    actions.add_collaborator(opportunity=deal, user=company.mate, actor=company.rep)
    assert actions.edit_stakeholder(stakeholder=row, changes={"stance": 1}, seen=1, actor=company.mate).stance == 1
    actions.archive_opportunity(opportunity=deal, seen=None, actor=company.rep)
    with pytest.raises(ValidationError):
        actions.edit_stakeholder(stakeholder=row, changes={"stance": 2}, seen=None, actor=company.rep)


def test_a_stale_write_is_refused_where_it_clashes(company, deal):
    row = on_map(company, deal)
    actions.edit_stakeholder(stakeholder=row, changes={"stance": 1}, seen=1, actor=company.manager)
    with pytest.raises(StaleWrite) as error:
        actions.edit_stakeholder(stakeholder=row, changes={"stance": -1}, seen=1, actor=company.rep)
    assert error.value.conflicts == ["stance"]
    assert actions.edit_stakeholder(stakeholder=row, changes={"goal": "Calm"}, seen=1, actor=company.rep).version == 3


# --- The veto list and the gate ---------------------------------------------------------------


def test_a_plan_for_who_is_opposed_clears_the_list_and_proves_the_stage(company):
    deal = factories.opportunity(company.rep, "Crane")
    stage = deal.stage.__class__.objects.get(key="validate")
    deal.stage.__class__.objects.filter(key="discover").update(milestones=["veto_clear"])
    row = on_map(company, deal, may_veto=True, veto_state="opposed")
    with pytest.raises(actions.GateClosed) as error:
        actions.move_to_stage(opportunity=deal, stage=stage, seen=None, actor=company.rep)
    assert [condition for _stage, condition in error.value.missing.milestones] == ["veto_clear"]
    actions.move_to_stage(opportunity=deal, stage=stage, seen=None, actor=company.rep, override=True, reason="Chairman")
    assert fresh(deal).moved_without_proof
    plan = {"veto_plan": "Visit with our chairman", "veto_plan_owner": company.manager}
    saved = actions.edit_stakeholder(stakeholder=row, changes=plan, seen=1, actor=company.rep)
    assert saved.veto_plan_owner == company.manager
    assert not fresh(deal).moved_without_proof


def test_a_plan_whose_owner_has_left_is_none(company, deal, signed_in):
    plan = {"veto_plan": "Visit with our chairman", "veto_plan_owner": company.mate}
    on_map(company, deal, name="Zhao Min", may_veto=True, veto_state="opposed", **plan)
    client = signed_in(company.rep)
    assert standing_of(deal).veto_clear
    assert "plan in hand" in client.get(f"/opportunities/{deal.pk}/").content.decode()
    leave(company.mate)
    assert not standing_of(deal).veto_clear
    page = client.get(f"/opportunities/{deal.pk}/").content.decode()
    assert ("plan in hand" not in page) and ("Zhao Min is against us, and there is no plan with an owner" in page)
    assert re.search(r"Mate</?[^<]*has left|Mate · has left", page)


def leave(person, **fields: Any):
    type(person).objects.filter(pk=person.pk).update(**(fields or {"deactivated_at": timezone.now()}))


OWNERS = {
    "rep": {"active_until": None}, "manager": {"active_from": date(2020, 1, 1)},
    "mate": {"deactivated_at": timezone.now()},
    "stranger": {"active_until": date(2020, 1, 1)}, "director": {"active_from": date(2199, 1, 1)},
}  # fmt: skip
STATES = st.tuples(
    st.booleans(), st.sampled_from(["", *Stakeholder.VetoState.values]), st.booleans(), st.sampled_from(["", *OWNERS]),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=40)
@given(people=st.lists(STATES, max_size=5))
def test_the_list_is_clear_exactly_while_nobody_is_opposed_without_a_plan(people):
    """Of random veto lists the SQL of the gate says what the rule says of each."""
    with transaction.atomic():
        company = factories.company()
        deal = factories.opportunity(company.rep)
        for name, fields in OWNERS.items():
            leave(getattr(company, name), **fields)
        for number, (may_veto, state, planned, owner, archived) in enumerate(people):
            Stakeholder.objects.create(
                opportunity=deal, role_title=f"Post {number}", may_veto=may_veto, veto_state=state,
                veto_plan="Plan" if planned else "", veto_plan_owner=getattr(company, owner) if owner else None,
                archived_at=timezone.now() if archived else None,
            )  # fmt: skip
        live = [each for each in stakes_of(deal, company.rep, today()) if each.row.archived_at is None]
        assert standing_of(deal).veto_clear == (not any(each.as_person().blocks for each in live))
        transaction.set_rollback(True)


# --- Rules ------------------------------------------------------------------------------------


def told(**fields: Any) -> rules.Person:
    known = {"id": 1, "role": "", "known": True, "stance": 0, "opposed": False, "planned": False, "met": True}
    return rules.Person(**{**known, **fields})


@pytest.mark.parametrize(
    ("people", "gaps"),
    [
        ([], ["no_decision_maker", "thin_contacts"]),
        ([told(role="decision_maker")] * 3, []),
        ([told(role="decision_maker"), told(), told(known=False)], ["unknown_person", "thin_contacts"]),
        ([told(role="decision_maker", met=False)] + [told()] * 2, ["decision_maker_not_met"]),
        ([told(role="decision_maker", stance=-1)] + [told()] * 2, ["opponent_without_plan"]),
        ([told(role="decision_maker", opposed=True, planned=True)] + [told()] * 2, []),
        ([told(stance=-2)] * 2, ["opponent_without_plan"] * 2 + ["no_decision_maker", "thin_contacts"]),
    ],
)
def test_gaps(people, gaps):
    assert [gap.kind for gap in rules.gaps_of(people, contacts_matter=True)] == gaps
    early = rules.gaps_of(people, contacts_matter=False)
    assert [gap.kind for gap in early] == [kind for kind in gaps if kind != "thin_contacts"]


@given(stance=st.integers(-2, 2), influence=st.integers(1, 5), column=st.sampled_from(list(rules.STANCES)),
       row=st.sampled_from(list(rules.INFLUENCES)))  # fmt: skip
def test_a_place_on_the_map(stance, influence, column, row):
    after = rules.placed(stance, influence, column=column, row=row)
    assert (rules.column_of(after[0]), rules.row_of(after[1])) == (column, row)
    same = rules.placed(stance, influence, column=rules.column_of(stance), row=rules.row_of(influence))
    assert same == (stance, influence)


# --- Reading ----------------------------------------------------------------------------------


def met(company, deal, contact, base, days, *, opportunity=True):
    kind = ActivityKind.objects.filter(base=base).first()
    row = Activity.objects.create(
        kind=kind, customer=deal.customer, opportunity=deal if opportunity else None, owner=company.rep,
        done_at=timezone.now() - timedelta(days=days),
    )  # fmt: skip
    row.contacts.add(contact)


def test_last_met_is_face_to_face_and_of_this_deal(company, deal):
    row = on_map(company, deal)
    other = factories.opportunity(company.rep, customer=deal.customer)

    def days():
        return stakes_of(deal, company.rep, today())[0].met_days

    assert days() is None
    met(company, deal, row.contact, "call", 1)
    met(company, other, row.contact, "visit", 2)
    assert days() is None
    met(company, deal, row.contact, "visit", 41, opportunity=False)
    assert days() == 41
    met(company, deal, row.contact, "meeting", 3)
    assert days() == 3


def test_the_panel_in_words(company, deal):
    boss = on_map(company, deal, name="Boss", buying_role="decision_maker", influence=5)
    on_map(company, deal, name="Foe", stance=-2, influence=2)
    on_map(company, deal, role_title="Finance")
    found = panel.context(deal, company.rep)["people"]
    assert found.gaps == [
        "Foe is against us, and there is no plan with an owner.",
        "Boss decides, and nobody has met them yet.",
        "Finance: we do not know who that is.",
    ]
    places = {
        (row.key, cell.column): [card.stake.name for card in cell.cards]
        for row in found.rows for cell in row.cells if cell.cards
    }  # fmt: skip
    assert places == {
        ("high", "neutral"): ["Boss"], ("medium", "neutral"): ["Finance"], ("low", "opposed"): ["Foe"]
    }  # fmt: skip
    Opportunity.objects.filter(pk=deal.pk).update(stage=deal.stage.__class__.objects.get(key="cocreate"))
    late = Opportunity.objects.select_related("stage", "owner__team").get(pk=deal.pk)
    assert panel.context(late, company.rep)["people"].gaps[-1].startswith("Fewer than three")
    archive_contact(contact=boss.contact, seen=None, actor=company.rep)
    assert "Boss is archived among the customer's contacts." in panel.context(deal, company.rep)["people"].gaps


def test_the_veto_list_names_the_plan_and_whose_it_is(company, deal, signed_in):
    for name, state, plan in (("Foe", "opposed", "Visit the plant"), ("Friend", "consented", ""), ("Rest", "", "")):
        on_map(
            company, deal, name=name, may_veto=bool(state), veto_state=state, veto_plan=plan,
            veto_plan_owner=company.manager if plan else None,
        )  # fmt: skip
    page = signed_in(company.executive).get(f"/opportunities/{deal.pk}/").content.decode()
    shown = re.sub(r"<svg.*?</svg>", "", re.search(r'id="veto-list">(.*?)</ul>', page, re.DOTALL)[1], flags=re.DOTALL)
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in shown.split("</li>")[:-1]]
    assert rows == ["Foe Opposed · plan in hand Visit the plant · Manager", "Friend Consented —"]
    actions.edit_stakeholder(
        stakeholder=Stakeholder.objects.get(contact__name="Foe"), changes={"veto_plan": ""}, seen=None,
        actor=company.rep,
    )  # fmt: skip
    assert "Opposed · no plan" in signed_in(company.rep).get(f"/opportunities/{deal.pk}/").content.decode()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (2, 'asc-flag warn">2 live contacts · rule 3–5'),
        (3, 'asc-flag ok">3 live contacts · rule 3–5'),
        (5, 'asc-flag ok">5 live contacts · rule 3–5'),
        (6, 'asc-flag">6 live contacts · more than the rule of 3–5'),
    ],
)
def test_the_rule_of_three_to_five_has_two_ends(company, deal, signed_in, number, said):
    for each in range(number):
        on_map(company, deal, name=f"Person {each}")
    page = signed_in(company.rep).get(f"/opportunities/{deal.pk}/").content.decode()
    assert said in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


def test_a_panel_takes_as_many_queries_for_two_as_for_twenty(company, deal):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            panel.context(deal, company.rep)
        return len(captured)

    for number in range(2):
        on_map(company, deal, name=f"N{number}", veto_plan_owner=company.rep)
    queries()
    few = queries()
    for number in range(2, 20):
        on_map(company, deal, name=f"N{number}", veto_plan_owner=company.rep)
    assert queries() == few <= 3  # the calendar's organisation is read once a request


# --- Pages ------------------------------------------------------------------------------------


def post(client, path, **body):
    return client.post(path, body, headers={"HX-Request": "true"})


def test_added_with_a_new_contact_by_name(company, deal, signed_in):
    client = signed_in(company.rep)
    path = f"/opportunities/{deal.pk}/people/new/"
    assert client.get(path).status_code == 200
    body = {"person": "Zhao Min", "buying_role": "user", "stance": "1", "influence": "4", "goal_on": "2027-02-01"}
    answer = post(client, path, **body)
    assert answer.status_code == 200 and "asc:changed" in answer["HX-Trigger"]
    row = Stakeholder.objects.get(opportunity=deal)
    assert (row.contact.name, row.contact.customer, row.stance, row.influence) == ("Zhao Min", deal.customer, 1, 4)
    assert row.goal_on == date(2027, 2, 1)
    again = post(client, path, person="zhao min")
    assert again.status_code == 422 and "on the map already" in again.content.decode()
    assert Contact.objects.filter(customer=deal.customer).count() == 1
    refused = post(client, path, person="Nobody New", veto_plan_owner="admin", goal="Kept goal")
    assert refused.status_code == 422 and "Nobody New" in refused.content.decode()
    assert "Kept goal" in refused.content.decode()
    assert Contact.objects.filter(customer=deal.customer).count() == 1
    plain = client.post(path, {"role_title": "Finance"})
    assert plain.status_code == 302 and plain.url == f"/opportunities/{deal.pk}/"
    assert post(client, path, version="0").status_code == 422


def test_edited_as_it_was_drawn(company, deal, signed_in):
    row = on_map(company, deal, veto_plan_owner=company.manager, goal="Calm")
    client = signed_in(company.rep)
    page = client.get(f"/stakeholders/{row.pk}/edit/")
    form = page.context["form"]
    posted = {form.add_prefix(name): form[name].value() for name in form.fields}
    posted |= {form[name].html_initial_name: form[name].value() for name in form.fields if name != "version"}
    posted = {name: getattr(value, "username", value) for name, value in posted.items() if value is not None}
    posted = {name: value for name, value in posted.items() if value is not False}
    assert post(client, page.request["PATH_INFO"], **posted).status_code == 200
    assert fresh(row).version == 1
    assert post(client, page.request["PATH_INFO"], **{**posted, "goal": "Fame"}).status_code == 200
    assert (fresh(row).goal, fresh(row).version) == ("Fame", 2)


@pytest.mark.parametrize("change", [{"role": "executive"}, {"active_until": date(2026, 1, 1)}])
def test_who_owns_the_plan_stays_when_they_could_not_be_chosen_anew(company, deal, signed_in, change):
    row, client = on_map(company, deal, veto_plan_owner=company.mate), signed_in(company.rep)
    User.objects.filter(pk=company.mate.pk).update(**change)
    url = f"/stakeholders/{row.pk}/edit/"
    assert as_drawn(client, url, goal="Fame").status_code == 200
    assert (fresh(row).goal, fresh(row).veto_plan_owner) == ("Fame", company.mate)
    other = on_map(company, deal, contact=person(company, deal, "Zhao Min"))
    answer = as_drawn(client, f"/stakeholders/{other.pk}/edit/", veto_plan_owner="mate")
    assert answer.context["form"].errors.keys() == {"veto_plan_owner"}


def test_a_conflict_keeps_what_was_typed(company, deal, signed_in):
    row = on_map(company, deal)
    actions.edit_stakeholder(stakeholder=row, changes={"stance": 2}, seen=1, actor=company.manager)
    client, path = signed_in(company.rep), f"/stakeholders/{row.pk}/edit/"
    body = {"person": row.contact.key, "stance": "-1", "influence": "3", "goal": "Typed", "version": "1"}
    answer = post(client, path, **body)
    assert answer.status_code == 409
    assert "Manager" in answer.content.decode() and "Typed" in answer.content.decode()
    assert post(client, path, **body, keep="mine", current_version="2").status_code == 200
    assert (fresh(row).stance, fresh(row).goal) == (-1, "Typed")


def test_dropped_on_another_field(company, deal, signed_in):
    row = on_map(company, deal, stance=-2, influence=5)
    client, path = signed_in(company.rep), f"/stakeholders/{row.pk}/place/"
    assert client.get(path).status_code == 200
    assert post(client, path, column="opposed", row_name="medium", version=1).status_code == 200
    assert (fresh(row).stance, fresh(row).influence) == (-2, 3)
    assert post(client, path, column="champion", row_name="high", version=1).status_code == 409
    assert post(client, path, column="champion", row_name="high", version=2).status_code == 200
    assert (fresh(row).stance, fresh(row).influence) == (2, 4)
    for wrong in ({"column": "x", "row_name": "high"}, {"column": "neutral"}, {}):
        assert post(client, path, version=3, **wrong).status_code == 422
    assert client.post(path, {"column": "neutral", "row_name": "low", "version": 3}).status_code == 302


def test_taken_off_and_put_back(company, deal, signed_in):
    row = on_map(company, deal)
    client = signed_in(company.rep)
    for act in ("archive", "restore"):
        assert client.get(f"/stakeholders/{row.pk}/{act}/").status_code == 200
        assert post(client, f"/stakeholders/{row.pk}/{act}/", version=fresh(row).version).status_code == 200
        shown = client.get(f"/opportunities/{deal.pk}/").content.decode()
        assert (f"/stakeholders/{row.pk}/restore/" in shown) == (act == "archive")
        assert (fresh(row).archived_at is not None) == (act == "archive")


def test_writing_stays_within_its_budget(company, deal, signed_in):
    row = on_map(company, deal, may_veto=True, veto_state="opposed")
    client = signed_in(company.rep)
    client.get("/")
    plan = {"veto_plan": "x", "veto_plan_owner": "rep", "may_veto": "on", "veto_state": "opposed"}
    key = row.contact.key
    for version, act, body, most in (
        (1, "place", {"column": "champion", "row_name": "high"}, 12),
        (2, "edit", {"person": key, "initial-person": key, "stance": "1", "influence": "5", **plan}, 15),
    ):
        with CaptureQueriesContext(connection) as captured:
            assert post(client, f"/stakeholders/{row.pk}/{act}/", version=version, **body).status_code == 200
        sql = [each["sql"] for each in captured if not each["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
        assert len(sql) <= most, "\n".join(sql)


def test_readers_see_the_map_without_a_way_to_change_it(company, deal, signed_in):
    row = on_map(company, deal)
    shown = signed_in(company.executive).get(f"/opportunities/{deal.pk}/").content.decode()
    assert "Li Wei" in shown and f"/stakeholders/{row.pk}/" not in shown and "data-map" not in shown
