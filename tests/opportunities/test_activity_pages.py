"""Pages and forms of activities: what they take, refuse and show, and what they cost."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.people import reactivate_person
from accounts.selectors import calendar, today
from customers.actions import archive_contact, archive_customer
from opportunities import actions
from opportunities.models import (
    Activity,
    ActivityKind,
    Attachment,
    CalendarFeed,
    Checkpoint,
    HeightsVersion,
    Opportunity,
)
from opportunities.rules.evidence import FACTORS
from tests import factories
from tests.opportunities.browser_door import Fields, as_drawn, events_of, queries_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Line 4")


@pytest.fixture
def rep(company, signed_in):
    return signed_in(company.rep)


def kind():
    return ActivityKind.objects.get(key="visit")


def htmx(client, url, data=None):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/opportunities/"}
    return client.get(url, headers=headers) if data is None else client.post(url, data, headers=headers)


def quick(deal, **fields):
    return {"kind": "visit", "about": f"deal:{deal.key}", "when": "now", "draft": "activity:x", **fields}


# --- The quick form ------------------------------------------------------------------------------


def first_rungs(answer):
    """What stands before all rungs by factor, and what is chosen."""
    (name, options, _index) = answer.context["form"]["rung"].field.widget.optgroups("rung", [], None)[1]
    return name, [option["value"] for option in options]


def test_the_next_rungs_of_the_deal_are_offered_first(company, deal, rep):
    url = f"{reverse('activity_new')}?deal={deal.pk}"
    assert first_rungs(rep.get(url))[1] == [f"{factor}-1" for factor in FACTORS]
    about = {"grade": "E3", "evidence": "Minutes", "said_on": today(), "link": "https://x.example"}
    known = {**about, "contact": factories.contact(company.rep, deal.customer)}
    for factor, level in (("demand", 1), ("demand", 2), ("power", 1)):
        record = actions.Evidence(factor=factor, level=level, **known)
        actions.add_checkpoints(opportunity=deal, records=[record], actor=company.rep)
    name, rungs = first_rungs(rep.get(url))
    assert (name, rungs) == ("Next on this deal", ["goal-1", "value-1", "coordination-1", "power-2", "demand-3"])
    planned = factories.activity(company.rep, opportunity=deal)
    assert first_rungs(rep.get(reverse("activity_debrief", args=[planned.pk]))) == (name, rungs)
    assert first_rungs(rep.get(reverse("activity_new")))[0] == "Demand"
    Opportunity.objects.filter(pk=deal.pk).update(outcome="won")
    assert first_rungs(rep.get(url))[0] == "Demand"


def test_another_deal_takes_the_chosen_rung_not_away(company, deal, rep):
    answer = rep.get(reverse("activity_new"), {"about": f"deal:{deal.key}", "rung": "power-2"})
    assert Fields(text_of(answer)).posted["rung"] == ["power-2"]
    odd = rep.get(reverse("activity_new"), {"about": f"deal:{deal.key}", "rung": "<b>"})
    assert "rung" not in Fields(text_of(odd)).posted


def test_one_save_logs_outcome_promise_evidence_and_next_step(company, deal, rep):
    person = factories.contact(company.rep, deal.customer, "Ms Li")
    answer = htmx(
        rep, reverse("activity_new"),
        quick(
            deal, outcome="They see the loss", promised="Data by Friday", promised_by="2027-01-08", rung="demand-1",
            grade="E1", contacts=person.key, next_step="Measure", next_step_due="2027-01-15",
            opportunity_version=deal.version,
        ),
    )  # fmt: skip
    assert answer.status_code == 200
    assert {"asc:toast", "asc:close-dialog", "asc:changed", "asc:draft-saved"} <= set(
        re.findall(r"asc:[a-z-]+", answer["HX-Trigger"])
    )
    assert json.loads(answer["HX-Trigger"])["asc:toast"]["text"].endswith(" · Demand has risen: 0 → 1")
    row, record = Activity.objects.get(), Checkpoint.objects.get()
    assert (row.opportunity, row.customer, row.outcome) == (deal, deal.customer, "They see the loss")
    assert (record.contact, record.evidence, record.said_on) == (person, "Data by Friday", today())
    assert HeightsVersion.objects.current().get().demand == 1
    assert Opportunity.objects.get(pk=deal.pk).next_step == "Measure"

    visit = factories.activity(company.rep, opportunity=deal)
    told = {"version": visit.version, "done_at": "2026-01-05T10:00", "outcome": "As we think", "grade": "E0"}
    answer = htmx(rep, reverse("activity_debrief", args=[visit.pk]), {**told, "rung": "power-1"})
    assert json.loads(answer["HX-Trigger"])["asc:toast"]["text"].split(" · ")[2:] == [
        "Recorded for Power",
        "Claimed up to 1, verified up to 0. It rises when the evidence is good enough for the level, or a manager has "
        "confirmed it.",
    ]
    plan = {"when": "plan", "at": "2127-02-01T10:00", "objective": "Meet", "rung": "power-1"}
    answer = htmx(rep, reverse("activity_new"), quick(deal, **plan))
    assert "Power" not in json.loads(answer["HX-Trigger"])["asc:toast"]["text"]


BAD = [
    ({"when": "earlier", "at": ""}, "at"),
    ({"when": "earlier", "at": "2100-01-01T10:00"}, "at"),
    ({"when": "plan", "at": ""}, "at"),
    ({"at": "nonsense"}, "at"),
    ({"about": "deal:x"}, "about"),
    ({"kind": "x"}, "kind"),
    ({"contacts": "nobody"}, "contacts"),
    ({"next_step_due": "2027-01-01"}, "next_step"),
    ({"link": "https://x.example"}, "rung"),
]


def test_what_lacks_is_said_at_its_field_and_nothing_is_written(company, deal, rep):
    url = reverse("activity_new")
    answer = htmx(rep, url, quick(deal, rung="demand-1", grade="E1", evidence="x"))
    assert answer.status_code == 422
    assert "evidence_contact" in answer.context["form"].errors
    for fields, name in BAD:
        answer = htmx(rep, url, quick(deal, **fields))
        assert answer.status_code == 422, fields
        assert name in answer.context["form"].errors, fields
    assert not Activity.objects.filter(opportunity=deal).exists()
    assert not Checkpoint.objects.exists()


def test_a_plan_keeps_no_debrief(company, deal, rep):
    at = (timezone.now() + timedelta(days=3)).astimezone(calendar().tz).strftime("%Y-%m-%dT%H:%M")
    htmx(
        rep,
        reverse("activity_new"),
        quick(deal, when="plan", at=at, objective="Meet", outcome="ignored", link="https://x.example"),
    )
    row = Activity.objects.get()
    assert (row.objective, row.outcome, row.is_planned) == ("Meet", "", True)
    assert row.planned_at.astimezone(calendar().tz).strftime("%Y-%m-%dT%H:%M") == at


PAST, BEFORE = "2026-01-05T10:00", datetime(2026, 1, 5, 2, tzinfo=UTC)
PLANNING = {  # every door at which something is planned or planned anew: address, method, what is sent
    "quick": ("/activities/new/", "POST", {"kind": "visit", "when": "plan", "at": PAST}),
    "reschedule": ("/activities/{pk}/reschedule/", "POST", {"planned_at": PAST, "version": 1}),
    "api-create": ("/api/v1/activities/", "POST", {"kind": "visit", "planned_at": f"{PAST}:00+08:00"}),
    "api-change": ("/api/v1/activities/{pk}/", "PATCH", {"planned_at": f"{PAST}:00+08:00", "version": 1}),
}


@pytest.mark.parametrize("door", PLANNING)
def test_what_was_planned_before_may_be_entered_late_and_waits_for_its_debrief(company, rep, door):
    address, method, sent = PLANNING[door]
    visit = factories.activity(company.rep)
    url = address.format(pk=visit.pk)
    if door.startswith("api"):
        answer = rep.generic(method, url, json.dumps(sent), content_type="application/json")
    else:
        answer = htmx(rep, url, sent)
    assert answer.status_code in (200, 201), text_of(answer)
    row = Activity.objects.latest("id")
    assert (row.planned_at, row.is_planned, row.is_overdue) == (BEFORE, True, True)
    assert reverse("activity_debrief", args=[row.pk]) in text_of(rep.get(reverse("my_day")))
    if door == "quick":
        assert "which has passed; debrief it if it was done" in events_of(answer)["asc:toast"]["text"]


def test_a_day_of_the_calendar_that_is_over_opens_as_done_earlier(company, rep):
    day = today()
    for ago, when in ((1, "earlier"), (0, "plan"), (-1, "plan")):
        form = rep.get(reverse("activity_new"), {"day": str(day - timedelta(days=ago))}).context["form"]
        assert form.initial["when"] == when
        assert calendar().local_date(form.initial["at"]) == day - timedelta(days=ago)
        assert form.initial["at"] > timezone.now() - timedelta(minutes=16) or ago == 1


def test_another_persons_next_step_is_asked_about(company, deal, rep):
    actions.edit_opportunity(opportunity=deal, changes={"next_step": "Theirs"}, seen=None, actor=company.manager)
    url, sent = reverse("activity_new"), quick(deal, next_step="Mine", opportunity_version=1)
    answer = htmx(rep, url, sent)
    assert answer.status_code == 409
    assert "Theirs" in answer.content.decode()
    assert not Activity.objects.exists()
    htmx(rep, url, {**sent, "conflict_row": "opportunity", "current_version": 2, "keep": "mine"})
    assert Opportunity.objects.get(pk=deal.pk).next_step == "Mine"
    htmx(rep, url, {**sent, "conflict_row": "opportunity", "current_version": 3, "keep": "theirs"})
    assert Activity.objects.count() == 2


def test_it_opens_about_the_page_it_is_opened_from(company, deal, rep):
    page = rep.get(reverse("opportunity", args=[deal.pk]))
    assert page.context["shell"]["quick"] == f"{reverse('activity_new')}?deal={deal.pk}"
    answer = htmx(rep, page.context["shell"]["quick"])
    assert answer.context["form"].opportunity == deal
    hidden = factories.opportunity(company.stranger, "Western")
    answer = htmx(rep, f"{reverse('activity_new')}?deal={hidden.pk}")
    assert answer.context["form"].opportunity is None
    assert "Western" not in answer.content.decode()
    assert htmx(rep, f"{reverse('activity_new')}?day=2027-02-30").status_code == 200


def test_without_script_it_ends_on_the_activity(company, deal, rep):
    answer = rep.post(reverse("activity_new"), quick(deal, about=deal.key))
    assert answer.url == reverse("activity", args=[Activity.objects.get().pk])


def test_our_own_word_was_said_by_nobody_on_any_day(company, deal, rep):
    person = factories.contact(company.rep, deal.customer)
    htmx(rep, reverse("activity_new"), quick(deal, outcome="We think so", rung="demand-1", grade="E0",
                                             contacts=person.key, evidence_contact=person.key))  # fmt: skip
    record = Checkpoint.objects.get()
    assert (record.grade, record.contact, record.said_on) == ("E0", None, None)


# --- Debrief, edit -------------------------------------------------------------------------------


def test_a_debrief_that_comes_too_late(company, deal, rep):
    visit = factories.activity(company.rep, opportunity=deal)
    later = timezone.now() + timedelta(days=9)
    actions.reschedule_activity(activity=visit, planned_at=later, seen=1, actor=company.manager)
    url, sent = reverse("activity_debrief", args=[visit.pk]), {"done_at": "2026-01-05T10:00", "version": 1}
    assert htmx(rep, url, sent).status_code == 409
    kept = {**sent, "conflict_row": "activity", "current_version": 2, "keep": "mine"}
    assert htmx(rep, url, kept).status_code == 200
    visit.refresh_from_db()
    assert visit.done_at == datetime(2026, 1, 5, 2, tzinfo=UTC)


def test_a_debrief_may_let_stand_whom_somebody_else_named(company, deal, rep):
    visit = factories.activity(company.rep, opportunity=deal)
    theirs, mine = (factories.contact(company.rep, deal.customer, name=name) for name in ("Theirs", "Mine"))
    actions.edit_activity(activity=visit, changes={"contacts": [theirs]}, seen=1, actor=company.manager)
    url = reverse("activity_debrief", args=[visit.pk])
    sent = {"done_at": "2026-01-05T10:00", "version": 1, "contacts": mine.key, "outcome": "They agree"}
    assert htmx(rep, url, sent).status_code == 409
    assert (
        htmx(rep, url, {**sent, "conflict_row": "activity", "current_version": 2, "keep": "theirs"}).status_code == 200
    )
    visit.refresh_from_db()
    assert (list(visit.contacts.all()), visit.outcome) == ([theirs], "They agree")


def test_a_debrief_too_late_for_the_activity_and_for_the_next_step_is_settled_one_by_one(company, deal, rep):
    visit = factories.activity(company.rep, opportunity=deal)
    later = timezone.now() + timedelta(days=9)
    actions.reschedule_activity(activity=visit, planned_at=later, seen=1, actor=company.manager)
    actions.edit_opportunity(opportunity=deal, changes={"next_step": "Theirs"}, seen=None, actor=company.manager)
    url = reverse("activity_debrief", args=[visit.pk])
    sent = {"done_at": "2026-01-05T10:00", "version": 1, "next_step": "Mine", "opportunity_version": 1, "keep": "mine"}
    answer = htmx(rep, url, {**sent, "conflict_row": "activity", "current_version": 2})
    assert (answer.status_code, answer.context["conflict_row"], answer.context["version"]) == (409, "opportunity", 2)
    again = {**sent, "version": 2, "conflict_row": "opportunity", "current_version": 2}
    assert htmx(rep, url, again).status_code == 200
    assert Opportunity.objects.get(pk=deal.pk).next_step == "Mine"


def test_whoever_reschedules_too_late_lets_theirs_stand_or_not(company, deal, rep):
    visit = factories.activity(company.rep, opportunity=deal)
    theirs = timezone.now().replace(microsecond=0) + timedelta(days=9)
    actions.reschedule_activity(activity=visit, planned_at=theirs, seen=1, actor=company.manager)
    url, sent = reverse("activity_reschedule", args=[visit.pk]), {"planned_at": "2027-03-05T10:00", "version": 1}
    answer = htmx(rep, url, sent)
    assert (answer.status_code, answer.context["form"]["planned_at"].value()) == (409, "2027-03-05T10:00")
    answer = htmx(rep, url, {**sent, "current_version": 2, "keep": "theirs"})
    visit.refresh_from_db()
    assert (answer.status_code, visit.planned_at, visit.version) == (200, theirs, 2)
    assert "asc:close-dialog" in events_of(answer)
    assert htmx(rep, url, {**sent, "current_version": 2, "keep": "mine"}).status_code == 200
    visit.refresh_from_db()
    assert visit.planned_at == datetime(2027, 3, 5, 2, tzinfo=UTC)


def test_whoever_cancels_what_was_moved_sees_where_to_and_chooses(company, deal, rep):
    visit = factories.activity(company.rep, opportunity=deal)
    moved = datetime(2027, 3, 5, 2, tzinfo=UTC)
    actions.reschedule_activity(activity=visit, planned_at=moved, seen=1, actor=company.manager)
    url, sent = reverse("activity_cancel", args=[visit.pk]), {"reason": "They are away", "version": 1}
    answer = htmx(rep, url, sent)
    page = answer.content.decode()
    assert answer.status_code == 409 and "They are away" in page and "10:00" in page
    assert htmx(rep, url, {**sent, "current_version": 2, "keep": "theirs"}).status_code == 200
    visit.refresh_from_db()
    assert visit.is_planned and visit.planned_at == moved
    assert htmx(rep, url, {**sent, "current_version": 2, "keep": "mine"}).status_code == 200
    visit.refresh_from_db()
    assert (visit.is_planned, visit.cancelled_reason) == (False, "They are away")


def test_whoever_coaches_too_late_lets_the_other_note_stand_or_not(company, deal, signed_in):
    visit = factories.activity(company.rep, opportunity=deal, done_at=timezone.now(), outcome="Told")
    head = factories.person("head", role="manager", team=company.head)
    actions.coach_activity(activity=visit, note="Theirs", seen=1, actor=company.manager)
    url, sent, client = reverse("activity_coach", args=[visit.pk]), {"note": "Mine", "version": 1}, signed_in(head)
    answer = htmx(client, url, sent)
    assert answer.status_code == 409 and "Theirs" in answer.content.decode() and "Mine" in answer.content.decode()
    notes = []
    for keep in ("theirs", "mine"):
        assert htmx(client, url, {**sent, "current_version": 2, "keep": keep}).status_code == 200
        visit.refresh_from_db()
        notes.append(visit.coaching)
    assert notes == ["Theirs", "Mine"]


def test_editing_changes_what_was_touched(company, deal, rep):
    visit = factories.activity(company.rep, opportunity=deal, objective="Meet")
    person = factories.contact(company.rep, deal.customer)
    url = reverse("activity_edit", args=[visit.pk])
    htmx(
        rep,
        url,
        {"kind": kind().pk, "about": f"deal:{deal.key}", "contacts": person.key, "version": 1, "advantage": "x"},
    )
    visit.refresh_from_db()
    assert (visit.advantage, list(visit.contacts.all()), visit.opportunity) == ("x", [person], deal)


def test_who_was_archived_since_is_still_whom_it_is_with(company, deal, rep):
    person = factories.contact(company.rep, deal.customer)
    visit = factories.activity(company.rep, opportunity=deal, contacts=[person])
    archive_contact(contact=person, seen=None, actor=company.rep)
    told = {"done_at": "2026-01-05T10:00", "rung": "demand-1", "evidence": "They see it"}
    url = reverse("activity_debrief", args=[visit.pk])
    refused = as_drawn(rep, url, **told)  # who is gone says nothing anew
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["evidence_contact"])
    assert person.key in Fields(text_of(refused)).posted["contacts"]
    assert as_drawn(rep, url, outcome="They agree", done_at="2026-01-05T10:00").status_code == 200
    assert (Activity.objects.get().outcome, list(visit.contacts.all())) == ("They agree", [person])


def test_an_activity_of_an_archived_customer_is_edited(company, rep):
    person = factories.contact(company.rep, factories.customer(company.rep))
    visit = factories.activity(company.rep, customer=person.customer, contacts=[person])
    archive_customer(customer=person.customer, seen=None, actor=company.rep)
    assert as_drawn(rep, reverse("activity_edit", args=[visit.pk]), advantage="x").status_code == 200
    visit.refresh_from_db()
    assert (visit.advantage, visit.customer, list(visit.contacts.all())) == ("x", person.customer, [person])


# --- Lists, calendar -----------------------------------------------------------------------------


def test_the_list_by_state_and_scope(company, deal, rep, signed_in):
    late = factories.activity(company.rep, opportunity=deal, planned_at=timezone.now() - timedelta(days=3))
    factories.activity(company.rep, opportunity=deal)
    factories.activity(company.mate)
    found = rep.get(reverse("activities")).context
    assert (found["counts"].planned, found["counts"].overdue) == (2, 1)
    assert list(rep.get(reverse("activities"), {"state": "overdue"}).context["page"].object_list) == [late]
    team = signed_in(company.manager).get(reverse("activities"), {"whose": "team"}).context
    assert team["counts"].planned == 3
    manager = signed_in(company.manager)
    assert {name: manager.get(reverse(name)).context["scope"] for name in ("activities", "activity_calendar")} == {
        "activities": "team", "activity_calendar": "team",
    }  # fmt: skip
    assert manager.get(reverse("activities"), {"whose": "mine"}).context["counts"].planned == 0
    assert rep.get(reverse("activities"), {"whose": "team"}).context["scope"] == "mine"
    assert rep.get(reverse("activities"), {"owner": "nobody"}).context["counts"].planned == 0


@pytest.mark.parametrize("state", ["x", "__class__", "__doc__", "\x00"])
def test_of_a_state_that_there_is_not_all_are_shown(company, deal, rep, state):
    visit = factories.activity(company.rep, opportunity=deal)
    answer = rep.get(reverse("activities"), {"state": state})
    assert (answer.status_code, list(answer.context["page"].object_list)) == (200, [visit])


@pytest.mark.parametrize("view", ["week", "month"])
def test_the_calendar_has_every_day(company, deal, rep, view):
    visit = factories.activity(company.rep, opportunity=deal, planned_at=datetime(2026, 12, 31, 15, 30, tzinfo=UTC))
    found = rep.get(reverse("activity_calendar"), {"view": view, "day": "2026-12-31"}).context
    days = [day for week in found["weeks"] for day in week]
    assert len(days) == (7 if view == "week" else 35)
    assert [day.day.isoformat() for day in days if visit in day.activities] == ["2026-12-31"]
    assert rep.get(reverse("activity_calendar"), {"view": view, "day": "9999-99-99"}).status_code == 200


@pytest.mark.parametrize(("view", "shown"), [("week", 30), ("month", 4)])
def test_a_full_day_is_cut_and_says_how_many_there_are(company, deal, rep, view, shown):
    nine = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    visits = [factories.activity(company.rep, planned_at=nine + timedelta(minutes=n)) for n in range(33)]
    found = rep.get(reverse("activity_calendar"), {"view": view, "day": "2026-12-01"})
    [day] = [day for week in found.context["weeks"] for day in week if day.activities]
    assert (list(day.activities), day.count, found.context["count"]) == (visits[:shown], 33, 33)
    assert "All 33" in found.content.decode()


def test_nothing_is_planned_any_more_on_an_archived_deal(company, deal, rep):
    at = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    factories.activity(company.rep, opportunity=deal, planned_at=at)
    done = actions.log_activity(actor=company.rep, kind=kind(), done_at=timezone.now(), opportunity=deal)
    actions.archive_opportunity(opportunity=deal, seen=None, actor=company.rep)
    found = rep.get(reverse("activity_calendar"), {"view": "month", "day": "2026-12-01"}).context
    assert found["count"] == 0
    assert rep.get(reverse("activities")).context["counts"].planned == 0
    url = reverse("calendar_ics", args=[actions.make_calendar_feed(actor=company.rep)])
    assert b"BEGIN:VEVENT" not in rep.get(url).content
    assert list(rep.get(reverse("activities"), {"state": "done"}).context["page"].object_list) == [done]


def count_of(client, url):
    client.get(url)
    return queries_of(lambda: client.get(url))


PAGES = [
    "/activities/",
    "/activities/?whose=all&state=done",
    "/activities/calendar/",
    "/activities/calendar/?view=month",
]


def test_pages_cost_the_same_whatever_there_is(company, deal, rep):
    urls = [*PAGES, reverse("opportunity", args=[deal.pk]), reverse("customer_activities", args=[deal.customer_id])]
    urls += [f"{reverse('activity_new')}?deal={deal.pk}"]
    fill(company, deal, 2)
    few = {url: count_of(rep, url) for url in urls}
    fill(company, deal, 40)
    assert {url: count_of(rep, url) for url in urls} == few
    assert all(count <= 8 for url, count in few.items() if url in PAGES), few


def fill(company, deal, number):
    for index in range(number):
        at = timezone.now() - timedelta(minutes=index)
        factories.activity(company.rep, opportunity=deal, contacts=[factories.contact(company.rep, deal.customer)])
        actions.log_activity(actor=company.rep, kind=kind(), done_at=at, opportunity=deal)


# --- The calendar address ------------------------------------------------------------------------


def test_the_feed_is_the_owners_plan_and_nothing_more(company, deal, client):
    visit = factories.activity(company.rep, opportunity=deal, objective="SECRET plan")
    gone = factories.activity(company.rep, opportunity=deal)
    actions.cancel_activity(activity=gone, reason="SECRET reason", seen=None, actor=company.rep)
    factories.activity(company.mate)
    actions.log_activity(actor=company.rep, kind=kind(), done_at=timezone.now(), opportunity=deal)
    secret = actions.make_calendar_feed(actor=company.rep)
    url = reverse("calendar_ics", args=[secret])
    answer = client.get(url)
    text = answer.content.decode().replace("\r\n ", "")
    assert answer["Content-Type"].startswith("text/calendar")
    assert text.count("BEGIN:VEVENT") == 2
    assert f"UID:{visit.key}@ascent" in text
    assert f"/activities/{visit.pk}/" in text
    assert [line for line in text.splitlines() if line.startswith("STATUS")] == ["STATUS:CONFIRMED", "STATUS:CANCELLED"]
    assert "SECRET" not in text
    assert secret not in CalendarFeed.objects.get().token_hash
    deal.refresh_from_db()
    actions.assign(opportunity=deal, owner=company.mate, seen=None, actor=company.manager)
    assert "BEGIN:VEVENT" not in client.get(url).content.decode()


def test_an_address_ends(company, client):
    old, new = actions.make_calendar_feed(actor=company.rep), actions.make_calendar_feed(actor=company.rep)
    assert client.get(reverse("calendar_ics", args=[old])).status_code == 404
    assert client.get(reverse("calendar_ics", args=[new])).status_code == 200
    actions.deactivate_person(person=company.rep, seen=None, actor=company.admin)
    assert client.get(reverse("calendar_ics", args=[new])).status_code == 404
    reactivate_person(person=User.objects.get(pk=company.rep.pk), seen=None, actor=company.admin)
    assert client.get(reverse("calendar_ics", args=[new])).status_code == 404, "who comes back has none of before"
    later = actions.make_calendar_feed(actor=User.objects.get(pk=company.rep.pk))
    assert client.get(reverse("calendar_ics", args=[later])).status_code == 200
    User.objects.filter(pk=company.rep.pk).update(is_demo=True)
    assert client.get(reverse("calendar_ics", args=[later])).status_code == 404, "nor may they sign in"
    again = actions.make_calendar_feed(actor=company.mate)
    actions.revoke_calendar_feed(actor=company.mate)
    assert client.get(reverse("calendar_ics", args=[again])).status_code == 404


def test_guessing_is_throttled(company, client):
    answers = {client.get(reverse("calendar_ics", args=[f"x{number}"])).status_code for number in range(61)}
    assert answers == {404, 429}


def test_it_is_shown_once(company, rep):
    made = rep.post(reverse("calendar_feed_new"))
    address = re.search(r"/calendar/([\w-]+)\.ics", made.content.decode())
    assert address
    assert address[1] not in rep.get(reverse("calendar_feed")).content.decode()
    rep.post(reverse("calendar_feed_revoke"))
    assert not CalendarFeed.objects.exists()


# --- The file that shows it ----------------------------------------------------------------------


def doors(deal, company):
    """The debrief of a plan and the quick form, with what each posts besides."""
    visit = factories.activity(company.rep, opportunity=deal)
    return [
        (reverse("activity_debrief", args=[visit.pk]), {"done_at": "2026-01-05T10:00", "version": 1}),
        (reverse("activity_new"), quick(deal)),
    ]


@pytest.mark.parametrize("door", [0, 1], ids=["debrief", "quick"])
def test_a_debrief_takes_the_document_that_shows_it(company, deal, rep, door):
    person = factories.contact(company.rep, deal.customer)
    url, common = doors(deal, company)[door]
    told = {**common, "outcome": "Signed off", "rung": "demand-1", "grade": "E3"}
    answer = htmx(rep, url, {**told, "file": SimpleUploadedFile("minutes.txt", b"They agree")})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["evidence_contact"]
    kept = Attachment.objects.get()
    assert f'value="{kept.key}"' in answer.content.decode()  # it need not be chosen again
    assert htmx(rep, url, {**told, "evidence_contact": person.key, "kept": kept.key}).status_code == 200
    assert (Checkpoint.objects.get().file, Checkpoint.objects.get().grade) == (kept, "E3")


@pytest.mark.parametrize("door", [0, 1], ids=["debrief", "quick"])
def test_a_refused_file_is_told_at_its_field_with_all_else_kept(company, deal, rep, door):
    url, common = doors(deal, company)[door]
    page = SimpleUploadedFile("photo.png", b"<html><script>alert(1)</script></html>")
    answer = htmx(rep, url, {**common, "outcome": "They see the loss", "rung": "demand-1", "grade": "E0", "file": page})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["file"]
    assert "They see the loss" in answer.content.decode()
    assert not Attachment.objects.exists() and not Checkpoint.objects.exists()


@pytest.mark.parametrize("door", [0, 1], ids=["debrief", "quick"])
def test_a_refused_file_hides_nothing_else_that_is_missing(company, deal, rep, door):
    url, common = doors(deal, company)[door]
    for given, missing in (
        ({"rung": "demand-1", "grade": "E3"}, {"evidence_contact"}),
        ({"rung": "demand-1", "grade": "E3", "next_step_due": "2027-01-05"}, {"evidence_contact", "next_step"}),
        ({"grade": "E3"}, {"rung"}),
    ):
        page = SimpleUploadedFile("photo.png", b"<html><script>alert(1)</script></html>")
        answer = htmx(rep, url, {**common, "outcome": "They see the loss", **given, "file": page})
        assert set(answer.context["form"].errors) == {"file", *missing}


@pytest.mark.parametrize("door", [0, 1], ids=["debrief", "quick"])
def test_what_is_agreed_so_far_stands_by_the_next_step(company, deal, rep, door):
    Opportunity.objects.filter(pk=deal.pk).update(next_step="Measure the loss")
    url = [doors(deal, company)[0][0], f"{reverse('activity_new')}?deal={deal.pk}"][door]
    before, _name, after = htmx(rep, url).content.decode().partition('name="next_step"')
    assert ("Agreed so far" in before, "Agreed so far: Measure the loss" in after) == (False, True)


def test_a_file_needs_a_rung_and_a_deal(company, deal, rep):
    file = SimpleUploadedFile("minutes.txt", b"They agree")
    answer = htmx(rep, reverse("activity_new"), quick(deal, file=file))
    assert list(answer.context["form"].errors) == ["rung"]
    about = f"customer:{deal.customer.key}"
    file.seek(0)
    answer = htmx(rep, reverse("activity_new"), quick(deal, about=about, rung="demand-1", grade="E0", file=file))
    assert list(answer.context["form"].errors) == ["about"]
    at = (timezone.now() + timedelta(days=3)).astimezone(calendar().tz).strftime("%Y-%m-%dT%H:%M")
    file.seek(0)
    assert htmx(rep, reverse("activity_new"), quick(deal, when="plan", at=at, file=file)).status_code == 200
    assert Attachment.objects.count() == 1  # of what is only planned nothing is kept
