"""The behaviour sheet in the browser: planned, debriefed with evidence, by one key, on the phone, and never lost."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.selectors import calendar, today
from opportunities.actions import debrief_activity, edit_activity
from opportunities.forms.activities import QuickActivityForm
from opportunities.models import Activity, Checkpoint, HeightsVersion, Opportunity
from tests import factories
from tests.browser import steps
from tests.browser.driver import PHONE
from tests.browser.steps import dialog, say, toast


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Airport line")


@pytest.fixture
def person(company, deal):
    return factories.contact(company.rep, deal.customer, "Ms Li")


def local(moment):
    return moment.astimezone(calendar().tz).strftime("%Y-%m-%dT%H:%M")


def pick(form, name, typed):
    """Choose the first that a search box finds."""
    box = form.locator(f"[name={name}] + .ts-wrapper input")
    box.fill(typed)
    form.locator(f"[name={name}] + .ts-wrapper .ts-dropdown [data-selectable]").first.click()


def chip(form, name, value):
    """A choice that is drawn as a chip: its input lies over it."""
    form.locator(f"[name={name}][value={value}]").check(force=True)


def test_plan_a_visit_then_debrief_it_with_evidence(company, deal, person, open_page, language):
    window = open_page(company.rep, f"/opportunities/{deal.pk}/", language=language)
    page, form = window.page, dialog(window)
    page.keyboard.press("c")
    chip(form, "when", "plan")
    form.locator("[name=at]").fill(local(timezone.now() + timedelta(days=2)))
    form.locator("[name=objective]").fill("Measure the loss")
    steps.sound(window, "plan an activity")
    steps.save(window)
    expect(page.locator("#activities")).to_contain_text("Measure the loss")
    visit = Activity.objects.get()
    assert (visit.opportunity, visit.is_planned) == (deal, True)

    page.locator("#activities").get_by_text(say(window, "Debrief")).click()
    form.locator("[name=done_at]").fill(local(timezone.now() - timedelta(hours=1)))
    form.locator("[name=outcome]").fill("They agree")
    form.locator("[name=promised]").fill("Data by Friday")
    form.locator("details.asc-fold > summary").first.click()
    form.locator("[name=rung]").select_option("demand-1")
    pick(form, "evidence_contact", "Li")
    form.locator("[name=next_step]").fill("Send the plan")
    form.locator("[name=next_step_due]").fill("2027-01-15")
    steps.sound(window, "debrief")
    steps.save(window)
    expect(page.locator("#activities")).to_contain_text("They agree")
    expect(page.locator("#opp")).to_contain_text("Send the plan")
    record = Checkpoint.objects.get()
    assert (record.activity, record.contact, record.evidence) == (visit, person, "Data by Friday")
    assert HeightsVersion.objects.current().get().demand == 1
    steps.sound(window, "opportunity with activities")

    page.goto(f"/activities/{visit.pk}/")
    expect(page.get_by_role("main")).to_contain_text("Data by Friday")
    steps.sound(window, "activity")
    page.goto("/activities/?state=done")
    expect(page.get_by_role("main")).to_contain_text("They agree")
    steps.sound(window, "activities")
    for view in ("week", "month"):
        page.goto(f"/activities/calendar/?view={view}&day={today()}")
        expect(page.locator(".asc-cal-item.is-done")).to_have_count(1)
        steps.sound(window, f"calendar by {view}")


def test_by_one_key_from_anywhere(company, deal, open_page, language):
    window = open_page(company.rep, "/customers/", language=language)
    form = dialog(window)
    window.page.keyboard.press("c")
    chip(form, "kind", "call")
    form.locator("details.asc-fold > summary").nth(1).click()
    form.locator("[name=rung]").select_option("demand-2")
    pick(form, "about", "Airport")
    expect(form.locator("[name=opportunity_version]")).to_have_count(1)
    expect(form.locator("[name=rung]")).to_have_value("demand-2")
    expect(form.locator("[name=rung] optgroup").first).to_have_attribute("label", say(window, "Next on this deal"))
    form.locator("[name=rung]").select_option("")
    form.locator("[name=outcome]").fill("They call back")
    steps.save(window)
    expect(toast(window)).to_be_visible()
    assert (Activity.objects.get().kind.key, Activity.objects.get().opportunity) == ("call", deal)


def test_on_the_phone(company, deal, open_page, language):
    window = open_page(company.rep, f"/opportunities/{deal.pk}/", language=language, viewport=PHONE)
    form = dialog(window)
    window.page.locator("[data-record]").tap()
    now, at = form.locator("[name=at]").input_value(), form.locator("[name=at]")
    form.locator("label:has([name=when][value=plan])").tap()
    expect(at).to_have_value(re.compile(":00$"))
    assert at.input_value() > now  # what is to be planned lies ahead
    form.locator("label:has([name=when][value=earlier])").tap()
    expect(at).to_have_value(now)
    form.locator("label:has([name=when][value=now])").tap()
    form.locator("[name=outcome]").fill("They agree")
    form.locator(".is-told details.asc-fold > summary").first.tap()
    expect(form.locator("[name=grade]")).to_be_in_viewport()
    steps.sound(window, "quick form")
    steps.save(window)
    expect(window.page.locator("#activities")).to_contain_text("They agree")
    for path in ("/activities/", "/activities/calendar/", "/activities/calendar/?view=month", "/profile/calendar/"):
        window.page.goto(path)
        steps.sound(window, path)


def test_what_is_agreed_so_far_follows_the_deal_that_is_chosen(company, deal, open_page, language):
    Opportunity.objects.filter(pk=deal.pk).update(next_step="Measure the loss")
    window = open_page(company.rep, "/customers/", language=language)
    window.page.keyboard.press("c")
    pick(dialog(window), "about", "Airport")
    expect(dialog(window).locator(".asc-quick-next")).to_contain_text("Measure the loss")
    steps.sound(window, "quick form of a chosen deal")


def test_what_was_typed_outlives_a_reload_and_ends_with_a_save_or_a_sign_out(company, deal, open_page):
    window = open_page(company.rep, "/customers/", expected=["ERR_INTERNET_DISCONNECTED", "Failed to fetch"])
    page, form = window.page, dialog(window)
    page.keyboard.press("c")
    form.locator("[name=outcome]").fill("They agree")
    pick(form, "about", "Airport")
    expect(form.locator("[name=opportunity_version]")).to_have_count(1)
    page.context.set_offline(True)
    form.locator("[type=submit]").last.click()
    expect(toast(window)).to_contain_text(say(window, steps.OFFLINE))
    page.context.set_offline(False)

    page.reload()
    page.keyboard.press("c")
    expect(form.locator(".asc-draft-note")).to_be_visible()
    expect(form.locator("[name=outcome]")).to_have_value("They agree")
    expect(form.locator("[name=opportunity_version]")).to_have_count(1)
    steps.sound(window, "restored draft")
    steps.save(window)
    assert Activity.objects.get().opportunity == deal
    assert kept(page) == []

    page.keyboard.press("c")
    expect(form.locator("[name=outcome]")).to_have_value("")
    form.locator("[name=outcome]").fill("Half a sentence")
    assert len(kept(page)) == 1
    page.keyboard.press("Escape")
    page.locator(".asc-menu > summary.is-me").click()
    page.locator("form[action$='/logout/'] button").click()
    page.wait_for_url("**/accounts/login/**")
    assert kept(page) == []


def test_what_was_typed_on_a_page_of_its_own_outlives_a_save_without_a_connection(company, deal, open_page):
    window = open_page(company.rep, "/activities/new/", expected=["ERR_INTERNET_DISCONNECTED", "Failed to fetch"])
    page = window.page
    form = page.locator("main form:has([data-draft])")
    form.locator("[name=outcome]").fill("They agree")
    page.context.set_offline(True)
    with page.expect_event("requestfailed"):
        form.evaluate("form => HTMLFormElement.prototype.submit.call(form)")  # as without htmx
    page.context.set_offline(False)
    for path in ("/customers/", "/activities/new/"):
        page.goto(path)
        assert len(kept(page)) == 1
    expect(form.locator("[name=outcome]")).to_have_value("They agree")
    pick(form, "about", "Airport")
    form.evaluate("form => HTMLFormElement.prototype.submit.call(form)")
    page.wait_for_url(re.compile(r"/activities/\d+/$"))
    assert kept(page) == []
    assert Activity.objects.get().outcome == "They agree"


def test_a_draft_of_just_now_keeps_its_moment(company, deal, open_page, monkeypatch):
    window = open_page(company.rep, f"/opportunities/{deal.pk}/")
    page, form, typed = window.page, dialog(window), local(timezone.now() - timedelta(days=2))
    with monkeypatch.context() as then:
        then.setattr(QuickActivityForm, "means", json.dumps({"now": typed}))
        page.keyboard.press("c")
        form.locator("[name=outcome]").fill("They agree")
    page.reload()
    page.keyboard.press("c")
    expect(form.locator("[name=when]:checked")).to_have_value("earlier")
    expect(form.locator("[name=at]")).to_have_value(typed)
    steps.save(window)
    expect(toast(window)).to_be_visible()
    assert local(Activity.objects.get().done_at) == typed


@pytest.mark.parametrize(
    ("what", "field", "typed"),
    [
        ("edit", "objective", "Measure the loss"),
        ("reschedule", "planned_at", "2027-01-15T09:00"),
        ("cancel", "reason", "They are closed"),
        ("coach", "note", "Ask for the date"),
    ],
)
def test_what_was_typed_about_an_activity_outlives_a_reload_and_ends_with_a_save(
    company, deal, open_page, what, field, typed
):  # fmt: skip
    visit = factories.activity(company.rep, opportunity=deal)
    if what == "coach":
        debrief_activity(activity=visit, done_at=timezone.now(), seen=1, actor=company.rep)
    window = open_page(company.manager, f"/activities/{visit.pk}/{what}/")
    page, box = window.page, window.page.locator(f"main [name={field}]")
    box.fill(typed)
    page.reload()
    expect(page.locator(".asc-draft-note")).to_be_visible()
    expect(box).to_have_value(typed)
    steps.sound(window, f"restored draft: {what}")
    page.locator("main .asc-dialog-f [type=submit]").click()
    page.wait_for_url(f"**/activities/{visit.pk}/")
    assert kept(page) == []


def test_a_draft_of_an_edit_asks_about_what_was_changed_since_and_is_discarded_whole(
    company, deal, person, open_page
):  # fmt: skip
    visit = factories.activity(company.rep, opportunity=deal, contacts=[person])
    visit = debrief_activity(activity=visit, done_at=timezone.now(), seen=1, actor=company.rep, outcome="They agree")
    window = open_page(company.rep, f"/activities/{visit.pk}/", expected=["status of 409"])
    page, form = window.page, dialog(window)

    def typed(text):
        page.goto(f"/activities/{visit.pk}/")
        page.locator("header details.asc-menu > summary.btn").click()
        page.get_by_role("link", name=say(window, "Edit"), exact=True).click()
        if text:
            form.locator("[name=outcome]").fill(text)

    typed("They sign")
    changes = {"outcome": "They wait"}
    edit_activity(activity=visit, changes=changes, seen=visit.version, actor=company.manager)
    typed("")
    expect(form.locator("[name=outcome]")).to_have_value("They sign")
    steps.send(window)
    expect(form.locator(".asc-conflict")).to_contain_text("They wait")
    form.locator(".asc-conflict [value=mine]").click()
    expect(toast(window)).to_be_visible()
    visit.refresh_from_db()
    assert (visit.outcome, list(visit.contacts.all()), kept(page)) == ("They sign", [person], [])

    typed("Half a sentence")
    changes = {"outcome": "They signed"}
    edit_activity(activity=visit, changes=changes, seen=visit.version, actor=company.manager)
    typed("")
    form.locator(".asc-draft-note button").click()
    expect(form.locator("[name=outcome]")).to_have_value("They signed")
    form.locator("[name=skill]").fill("Listening")
    steps.save(window)
    visit.refresh_from_db()
    assert (visit.outcome, visit.skill, list(visit.contacts.all())) == ("They signed", "Listening", [person])


def kept(page):
    return page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('asc:draft:'))")


def test_a_manager_coaches(company, deal, open_page, language):
    visit = factories.activity(company.rep, opportunity=deal)
    window = open_page(company.rep, f"/activities/{visit.pk}/", language=language)
    window.page.get_by_role("banner").get_by_text(say(window, "Debrief")).click()
    dialog(window).locator("[name=outcome]").fill("They agree")
    dialog(window).locator("[name=done_at]").fill(local(timezone.now() - timedelta(hours=1)))
    steps.save(window)
    expect(window.page.locator("#activity")).to_contain_text("They agree")
    above = open_page(company.manager, f"/activities/{visit.pk}/", language=language)
    above.page.get_by_text(say(above, "Write a note")).click()
    dialog(above).locator("[name=note]").fill("Ask for the date")
    steps.save(above)
    expect(above.page.locator("#activity")).to_contain_text("Ask for the date")
    assert Opportunity.objects.get(pk=deal.pk).version == deal.version


def test_a_file_that_is_too_large_is_told_at_its_field(company, deal, person, open_page, language, settings):
    settings.ATTACHMENT_MEGABYTES = 1
    window = open_page(company.rep, f"/opportunities/{deal.pk}/", language=language, viewport=PHONE)
    page, form = window.page, dialog(window)
    page.locator("[hx-get^='/activities/new/']").first.click()
    form.locator("[name=outcome]").fill("They agree")
    form.locator(".is-told details.asc-fold > summary").first.click()
    file, large = form.locator("[name=file]"), b"x" * (1024 * 1024 + 1)
    file.set_input_files({"name": "photo.txt", "mimeType": "text/plain", "buffer": large})
    told = form.locator(".asc-field:has([name=file]) .invalid-feedback")
    expect(told).to_contain_text(say(window, "This file is larger than %(limit)s MB.", limit=1))
    expect(file).to_have_js_property("value", "")
    steps.sound(window, "a file that is too large")
    form.locator("[name=rung]").select_option("demand-1")
    pick(form, "evidence_contact", "Li")
    file.set_input_files({"name": "photo.txt", "mimeType": "text/plain", "buffer": b"They agree"})
    expect(told).to_have_count(0)
    steps.save(window)
    record = Checkpoint.objects.get()
    assert (record.evidence, record.file.name) == ("They agree", "photo.txt")
