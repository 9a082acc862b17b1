"""Activities: planned, debriefed with what follows, cancelled, coached; by whom, and about what."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from accounts import notifications as notices
from accounts.models import AuditEntry, Notification, User
from accounts.selectors import calendar
from accounts.sending import sweep
from config.web.revisions import StaleWrite
from opportunities import actions
from opportunities.actions import Evidence, NextStep
from opportunities.models import Activity, ActivityKind, Checkpoint, HeightsVersion, Opportunity
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Line 4")


@pytest.fixture
def visit(company, deal):
    return factories.activity(company.rep, opportunity=deal)


def kind(key="visit"):
    return ActivityKind.objects.get(key=key)


def hour_ago():
    return timezone.now() - timedelta(hours=1)


def errors_of(call):
    with pytest.raises(ValidationError) as caught:
        call()
    return set(caught.value.message_dict)


# --- Planning ------------------------------------------------------------------------------------


def test_the_customer_is_that_of_the_opportunity(company, deal, visit):
    assert (visit.customer, visit.owner, visit.created_by) == (deal.customer, company.rep, company.rep)
    other = factories.customer(company.rep)
    actions.edit_opportunity(opportunity=deal, changes={"customer": other}, seen=None, actor=company.rep)
    visit.refresh_from_db()
    assert visit.customer == other
    moved = Opportunity.objects.get(pk=deal.pk)
    actions.undo(opportunity=moved, actor=company.rep, seen=moved.version)
    visit.refresh_from_db()
    assert visit.customer == deal.customer


def test_about_what_one_may_not_edit(company, deal):
    hidden = factories.opportunity(company.stranger)
    served = factories.customer(company.mate)
    their_deal = factories.opportunity(company.mate, customer=served)
    actions.add_collaborator(opportunity=their_deal, user=company.rep, actor=company.mate)
    plan = {"actor": company.rep, "kind": kind(), "planned_at": timezone.now()}
    assert errors_of(lambda: actions.plan_activity(**plan, opportunity=hidden)) == {"opportunity"}
    assert errors_of(lambda: actions.plan_activity(**plan, customer=hidden.customer)) == {"customer"}
    assert errors_of(lambda: actions.plan_activity(**plan, customer=served)) == {"customer"}
    assert actions.plan_activity(**plan, opportunity=their_deal).customer == served
    stranger = factories.contact(company.rep, factories.customer(company.rep))
    assert errors_of(lambda: actions.plan_activity(**plan, opportunity=deal, contacts=[stranger])) == {"contacts"}


def test_for_whom(company, deal):
    plan = {"kind": kind(), "planned_at": timezone.now(), "opportunity": deal}
    assert actions.plan_activity(**plan, actor=company.manager, owner=company.rep).owner == company.rep
    assert errors_of(lambda: actions.plan_activity(**plan, actor=company.rep, owner=company.mate)) == {"owner"}
    for reader in (company.admin, company.executive):
        with pytest.raises(PermissionDenied):
            actions.plan_activity(**plan, actor=reader)


def test_archived_kinds_are_not_chosen_anew(company, visit):
    actions.archive_activity_kind(kind=kind("visit"), seen=None, actor=company.admin)
    plan = {"actor": company.rep, "kind": kind(), "planned_at": timezone.now()}
    assert errors_of(lambda: actions.plan_activity(**plan)) == {"kind"}
    changes = {"kind": kind(), "objective": "Meet the works manager"}
    assert actions.edit_activity(activity=visit, changes=changes, seen=1, actor=company.rep).objective


def test_editing_rescheduling_cancelling(company, deal, visit):
    person = factories.contact(company.rep, deal.customer, "Ms Li")
    row = actions.edit_activity(
        activity=visit, changes={"contacts": [person], "advantage": "Speed"}, seen=1, actor=company.rep
    )
    assert (row.version, list(row.contacts.all()), row.advantage) == (2, [person], "Speed")
    assert AuditEntry.objects.latest("id").changes["contacts"] == ["", person.key]
    later = timezone.now() + timedelta(days=9)
    row = actions.reschedule_activity(activity=row, planned_at=later, seen=2, actor=company.rep)
    with pytest.raises(StaleWrite):
        actions.cancel_activity(activity=row, reason="Ill", seen=2, actor=company.rep)
    assert errors_of(lambda: actions.cancel_activity(activity=row, reason=" ", seen=3, actor=company.rep)) == {"reason"}
    row = actions.cancel_activity(activity=row, reason="Ill", seen=3, actor=company.rep)
    assert (row.cancelled_reason, Activity.objects.planned().exists()) == ("Ill", False)
    assert actions.cancel_activity(activity=row, reason="x", seen=1, actor=company.rep).cancelled_reason == "Ill"
    with pytest.raises(ValidationError):
        actions.reschedule_activity(activity=row, planned_at=later, seen=4, actor=company.rep)


def test_another_deal_takes_its_customer_along(company, deal, visit):
    person = factories.contact(company.rep, deal.customer)
    actions.edit_activity(activity=visit, changes={"contacts": [person]}, seen=1, actor=company.rep)
    other = factories.opportunity(company.rep)
    row = actions.edit_activity(activity=visit, changes={"opportunity": other}, seen=2, actor=company.rep)
    assert (row.opportunity, row.customer, list(row.contacts.all())) == (other, other.customer, [])
    row = actions.edit_activity(
        activity=row, changes={"opportunity": None, "customer": None}, seen=3, actor=company.rep
    )
    assert (row.opportunity, row.customer) == (None, None)


def test_whoever_may_not_see_it_gets_nothing(company, visit):
    for person, refusal in ((company.mate, Http404), (company.executive, PermissionDenied)):
        with pytest.raises(refusal):
            actions.reschedule_activity(activity=visit, planned_at=timezone.now(), seen=1, actor=person)
    assert actions.reschedule_activity(activity=visit, planned_at=timezone.now(), seen=1, actor=company.manager)


def test_one_of_a_customer_is_edited_by_those_who_may_edit_the_customer(company):
    served = factories.customer(company.mate)
    deal = factories.opportunity(company.mate, customer=served)
    actions.add_collaborator(opportunity=deal, user=company.rep, actor=company.mate)
    visit = factories.activity(company.mate, customer=served)
    with pytest.raises(PermissionDenied):
        actions.edit_activity(activity=visit, changes={"objective": "x"}, seen=1, actor=company.rep)


# --- The debrief ---------------------------------------------------------------------------------


def told(deal, owner, **fields):
    person = factories.contact(owner, deal.customer)
    record = Evidence(
        factor="demand", level=1, grade="E1", evidence="They lose 3 %", contact=person, said_on=date(2026, 1, 5)
    )
    return {"evidence": [record], "next_step": NextStep("Measure the loss", date(2027, 1, 15), deal.version), **fields}


def test_a_debrief_brings_evidence_and_next_step(company, deal, visit):
    row = actions.debrief_activity(
        activity=visit, done_at=hour_ago(), seen=1, actor=company.rep, outcome="They agree", promised="A date",
        promised_by=date(2027, 1, 8), **told(deal, company.rep),
    )  # fmt: skip
    record = Checkpoint.objects.get()
    assert (row.outcome, row.is_planned, record.activity) == ("They agree", False, row)
    assert HeightsVersion.objects.current().get(opportunity=deal).demand == 1
    now = Opportunity.objects.get(pk=deal.pk)
    assert (now.next_step, now.next_step_due) == ("Measure the loss", date(2027, 1, 15))


def test_all_or_nothing(company, deal, visit):
    seen = deal.version
    actions.edit_opportunity(opportunity=deal, changes={"next_step": "Theirs"}, seen=seen, actor=company.manager)
    with pytest.raises(StaleWrite) as caught:
        actions.debrief_activity(
            activity=visit, done_at=hour_ago(), seen=1, actor=company.rep, **told(deal, company.rep)
        )
    assert caught.value.row == deal
    visit.refresh_from_db()
    assert visit.is_planned
    assert not Checkpoint.objects.exists()
    bad = Evidence(factor="demand", level=1, grade="E1", evidence="x")
    call = {"activity": visit, "done_at": hour_ago(), "seen": 1, "actor": company.rep, "evidence": [bad]}
    assert errors_of(lambda: actions.debrief_activity(**call)) == {"contact", "said_on"}
    assert errors_of(lambda: actions.debrief_activity(**{**call, "done_at": timezone.now() + timedelta(days=1)})) == {
        "done_at"
    }


@pytest.mark.parametrize(("key", "proves"), [("visit", True), ("call", False)])
def test_only_a_joint_visit_is_a_trace(company, deal, key, proves):
    person = factories.contact(company.rep, deal.customer)
    at = hour_ago()
    told = {"contact": person, "said_on": calendar().local_date(at)}
    record = Evidence(factor="demand", level=1, grade="E2", evidence="x", **told)
    call = {"kind": kind(key), "done_at": at, "opportunity": deal, "evidence": [record], "actor": company.rep}
    call["contacts"] = [person]
    if proves:
        assert actions.log_activity(**call).checkpoints.get().grade == "E2"
    else:
        assert errors_of(lambda: actions.log_activity(**call)) == {"link"}
        assert not Activity.objects.exists()


def test_evidence_needs_a_deal_and_keeps_the_activity_with_it(company, deal):
    call = {"kind": kind(), "done_at": hour_ago(), "actor": company.rep, **told(deal, company.rep)}
    assert errors_of(lambda: actions.log_activity(**call, customer=deal.customer)) == {"opportunity"}
    row = actions.log_activity(**call, opportunity=deal)
    other = factories.opportunity(company.rep)
    change = {"activity": row, "changes": {"opportunity": other}, "seen": 1, "actor": company.rep}
    assert errors_of(lambda: actions.edit_activity(**change)) == {"opportunity"}
    with pytest.raises(ValidationError):
        actions.debrief_activity(activity=row, done_at=hour_ago(), seen=1, actor=company.rep)


# --- Coaching ------------------------------------------------------------------------------------


def test_a_manager_above_the_owner_coaches(company, deal, visit):
    with pytest.raises(ValidationError):
        actions.coach_activity(activity=visit, note="Ask why", seen=1, actor=company.manager)
    row = actions.debrief_activity(activity=visit, done_at=hour_ago(), seen=1, actor=company.rep)
    for person, refusal in (
        (company.rep, PermissionDenied), (company.admin, PermissionDenied), (company.other_manager, Http404),
    ):  # fmt: skip
        with pytest.raises(refusal):
            actions.coach_activity(activity=row, note="x", seen=2, actor=person)
    row = actions.coach_activity(activity=row, note=" Ask why ", seen=2, actor=company.manager)
    assert (row.coaching, row.coached_by) == ("Ask why", company.manager)
    row = actions.coach_activity(activity=row, note="", seen=3, actor=company.manager)
    assert (row.coaching, row.coached_by, row.coached_at) == ("", None, None)


def test_the_owner_is_told_of_a_coaching_note(company, deal, visit):
    row = actions.debrief_activity(activity=visit, done_at=hour_ago(), seen=1, actor=company.rep)
    User.objects.filter(pk=company.rep.pk).update(language="zh-hans", email="rep@example.com")
    row = actions.coach_activity(activity=row, note="Ask why", seen=2, actor=company.manager)
    sweep()
    notes = Notification.objects.visible_to(company.rep)
    [told] = notices.told(notes, company.rep)
    assert told.words.title == f"Manager left you a coaching note: Visit, Line 4 · {deal.customer.name}"
    assert (told.words.url, told.words.lines) == (f"/activities/{row.pk}/", ("Ask why",))
    [sent] = mail.outbox
    assert sent.to == ["rep@example.com"]
    assert ("给你留了辅导意见" in sent.subject) and ("Ask why" in sent.body)
    assert not Notification.objects.exclude(recipient=company.rep).exists()

    actions.coach_activity(activity=row, note="", seen=3, actor=company.manager)
    sweep()
    assert (notices.told(notes.all(), company.rep), len(mail.outbox)) == ([], 1)


def test_nobody_is_told_of_a_note_on_what_they_see_no_more(company, deal, visit):
    row = actions.debrief_activity(activity=visit, done_at=hour_ago(), seen=1, actor=company.rep)
    actions.coach_activity(activity=row, note="Ask why", seen=2, actor=company.manager)
    sweep()
    hidden = factories.opportunity(company.stranger, "Hidden")
    Activity.objects.filter(pk=row.pk).update(opportunity=hidden, customer=hidden.customer)
    assert notices.told(Notification.objects.visible_to(company.rep), company.rep) == []
    Activity.objects.filter(pk=row.pk).update(opportunity=deal, customer=deal.customer)
    actions.assign(opportunity=deal, owner=company.mate, seen=None, actor=company.manager)
    assert not Notification.objects.visible_to(company.rep).filter(kind="coached").exists()


def test_a_managers_own_activity_is_coached_by_the_one_above(company):
    row = actions.log_activity(kind=kind(), done_at=hour_ago(), actor=company.manager)
    with pytest.raises(PermissionDenied):
        actions.coach_activity(activity=row, note="x", seen=1, actor=company.manager)
    assert actions.coach_activity(activity=row, note="x", seen=1, actor=company.director).coached_by == company.director


# --- Kinds ---------------------------------------------------------------------------------------


def test_the_last_kind_in_use_stays(company):
    first, *others = ActivityKind.objects.all()
    for each in others:
        actions.archive_activity_kind(kind=each, seen=None, actor=company.admin)
    with pytest.raises(ValidationError):
        actions.archive_activity_kind(kind=first, seen=None, actor=company.admin)
    assert actions.restore_activity_kind(kind=others[0], seen=None, actor=company.admin).archived_at is None
