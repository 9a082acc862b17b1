"""Evidence as a rep and their manager live it: added from a phone in four taps, confirmed, lowered, withdrawn."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from accounts.selectors import today
from opportunities.actions import Evidence, add_checkpoints, withdraw_checkpoint
from opportunities.models import Checkpoint
from tests import factories
from tests.browser import steps
from tests.browser.driver import PHONE
from tests.browser.steps import dialog, say

COUNT = "window.taps = 0; addEventListener('pointerup', () => window.taps++, true)"
ORDER = ("demand", "power", "goal", "value", "coordination")


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Airport line", customer=factories.customer(company.rep, "Airport"))


@pytest.fixture
def contact(company, deal):
    factories.contact(company.rep, deal.customer, "Zhao Min", influence=3)
    return factories.contact(company.rep, deal.customer, "Li Wei", influence=5)


def record(deal, actor, contact, level, grade="E2", factor="power"):
    told = {"contact": contact, "said_on": deal.created_on, "link": "https://example.com/minutes"}
    evidence = Evidence(factor=factor, level=level, grade=grade, evidence=f"Minutes {level}", **told)
    return add_checkpoints(opportunity=deal, records=[evidence], actor=actor)[0]


def next_of(window, factor="power"):
    """The next rung of a factor on the page."""
    return window.page.locator(".asc-check5 > div").nth(
        ["demand", "power", "goal", "value", "coordination"].index(factor)
    )


def heights(window):
    return window.page.locator(".asc-ascent text.big.halo").all_text_contents()


def test_evidence_from_the_phone_in_four_taps(company, deal, contact, open_page, language):
    for level in (1, 2):
        record(deal, company.rep, contact, level, "E1")
    window = open_page(company.rep, f"/opportunities/{deal.pk}/", language=language, viewport=PHONE)
    page, form = window.page, dialog(window)
    steps.sound(window, "opportunity with evidence")
    page.evaluate(COUNT)
    steps.link(window, "Submit evidence", next_of(window)).tap()
    expect(form.locator("[name=levels][value='3']")).to_be_checked()
    expect(form.locator("[name=evidence_3]")).to_be_focused()
    page.keyboard.type("Visit at their plant")
    form.get_by_text("Li Wei", exact=True).tap()
    form.locator("[name=link]").tap()
    page.keyboard.type("https://example.com/minutes")
    form.locator(".btn-primary[type=submit]").tap()
    expect(form.get_by_role("heading", level=2)).to_contain_text("2 → 3")
    assert page.evaluate("window.taps") <= 4
    steps.sound(window, "what came of the evidence")
    made = Checkpoint.objects.get(level=3)
    assert (made.grade, made.contact.name, made.evidence) == ("E2", "Li Wei", "Visit at their plant")
    form.locator("[data-close]").last.tap()
    expect(form).to_be_hidden()
    expect(next_of(window)).to_contain_text("3 → 4")
    expect(steps.link(window, "Submit evidence", next_of(window))).to_be_focused()
    assert heights(window)[1] == "3"


def test_a_look_at_another_factor_or_a_lost_connection_takes_nothing_away(company, deal, contact, open_page):
    expected = ["ERR_INTERNET_DISCONNECTED", "Failed to fetch"]
    window = open_page(company.rep, f"/opportunities/{deal.pk}/", viewport=PHONE, expected=expected)
    page, form = window.page, dialog(window)
    steps.link(window, "Submit evidence", next_of(window)).tap()
    form.locator("[name=evidence_1]").fill("He told them")
    form.get_by_text("Li Wei", exact=True).tap()
    form.get_by_text(say(window, "Yesterday"), exact=True).tap()
    form.locator("nav a").first.tap()
    expect(form.locator("[name=evidence_1]")).to_have_value("")
    form.locator("nav a").nth(1).tap()
    expect(form.locator(".asc-draft-note")).to_be_visible()
    expect(form.locator("[name=evidence_1]")).to_have_value("He told them")
    expect(form.locator("[name=contact]:checked")).to_have_value(contact.key)
    expect(form.locator("[name=day]:checked")).to_have_value("yesterday")
    steps.sound(window, "restored evidence")

    page.context.set_offline(True)
    form.locator(".btn-primary[type=submit]").tap()
    expect(steps.toast(window)).to_contain_text(say(window, steps.OFFLINE))
    steps.button(window, "Close", steps.toast(window)).tap()  # it is in front of the dialog
    expect(steps.toast(window)).to_have_count(0)
    page.context.set_offline(False)
    page.reload()
    steps.link(window, "Submit evidence", next_of(window)).tap()
    expect(form.locator("[name=evidence_1]")).to_have_value("He told them")
    form.locator(".btn-primary[type=submit]").tap()
    expect(form.get_by_role("heading", level=2)).to_contain_text("0 → 1")
    assert Checkpoint.objects.get().contact == contact
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('asc:draft:'))") == []


@pytest.mark.parametrize("chosen", ["Today", "Yesterday"])
def test_a_draft_keeps_the_day_that_was_meant(company, deal, contact, open_page, monkeypatch, chosen):
    window = open_page(company.rep, f"/opportunities/{deal.pk}/", viewport=PHONE)
    page, form, meant = window.page, dialog(window), today() - timedelta(days=chosen == "Yesterday")
    steps.link(window, "Submit evidence", next_of(window)).tap()
    form.locator("[name=evidence_1]").fill("He told them")
    form.get_by_text("Li Wei", exact=True).tap()
    form.get_by_text(say(window, chosen), exact=True).tap()
    monkeypatch.setattr("opportunities.forms.evidence.today", lambda: today() + timedelta(days=2))
    page.reload()
    steps.link(window, "Submit evidence", next_of(window)).tap()
    expect(form.locator("[name=day]:checked")).to_have_value("earlier")
    expect(form.locator("[name=said_on]")).to_have_value(meant.isoformat())
    form.locator(".btn-primary[type=submit]").tap()
    expect(form.get_by_role("heading", level=2)).to_contain_text("0 → 1")
    assert Checkpoint.objects.get().said_on == meant


@steps.IN_TWO_CORNERS
def test_the_form_asks_for_what_a_grade_needs_and_loses_nothing(
    company, deal, contact, open_page, language, viewport
):  # fmt: skip
    window = open_page(
        company.rep, f"/opportunities/{deal.pk}/", language=language, viewport=viewport, expected=["status of 422"]
    )
    form = dialog(window)
    steps.link(window, "Submit evidence", next_of(window)).click()
    expect(form.locator("[name=link]")).to_be_hidden()
    form.locator("label:has([name=grade][value=E0])").click()
    expect(form.get_by_text("Li Wei", exact=True)).to_be_hidden()
    form.locator("label:has([name=grade][value=E3])").click()
    expect(form.locator("[name=link]")).to_be_visible()
    form.locator("label:has([name=levels][value='2'])").click()
    form.locator("[name=evidence_2]").fill("Invitation")
    form.locator("label:has([name=day][value=earlier])").click()
    steps.sound(window, "evidence form")
    form.locator("[name=evidence_1]").fill("They told him")
    form.evaluate("dialog => dialog.querySelector('form').requestSubmit()")
    expect(form.locator(".invalid-feedback").first).to_be_in_viewport()
    expect(form.locator("[name=evidence_1]")).not_to_be_focused()  # where the form begins
    steps.sound(window, "evidence form refused")
    expect(form.locator("[name=evidence_2]")).to_have_value("Invitation")
    form.locator("[name=said_on]").fill(deal.created_on.isoformat())
    steps.look_up(window, "somebody", "Chen", ".create")
    form.locator("[name=file]").set_input_files(
        {"name": "minutes.txt", "mimeType": "text/plain", "buffer": b"They agree"}
    )
    steps.send(window)
    expect(form.get_by_role("heading", level=2)).to_contain_text("0 → 2")
    made = Checkpoint.objects.order_by("level")
    assert [(row.level, row.contact.name, row.file.name) for row in made] == [
        (1, "Chen", "minutes.txt"), (2, "Chen", "minutes.txt"),
    ]  # fmt: skip


def test_the_manager_confirms_in_the_queue_and_the_rep_withdraws(company, deal, contact, open_page, language):
    for level in (1, 2, 3, 4, 5):
        record(deal, company.rep, contact, level)
    rep = open_page(company.rep, f"/opportunities/{deal.pk}/", language=language)
    assert heights(rep)[1] == "4"
    expect(next_of(rep)).to_contain_text(say(rep, "waits for confirmation"))

    manager = open_page(company.manager, "/confirmations/", language=language)
    queue = manager.page.locator("#confirmations")
    expect(queue.locator("li")).to_contain_text("Minutes 5")
    expect(manager.page.locator(".asc-nav .asc-count")).to_contain_text("1")
    steps.sound(manager, "confirmations")
    queue.locator("[name=ids]").check()
    steps.button(manager, "Confirm the chosen ones", queue).click()
    expect(queue).to_contain_text(say(manager, "Nothing waits for you."))
    expect(manager.page.locator(".asc-nav .asc-count")).to_have_text("")
    steps.sound(manager, "confirmed")

    rep.page.reload()
    assert heights(rep)[1] == "5"
    steps.link(rep, "Records", next_of(rep)).click()
    form = dialog(rep)
    expect(form.locator("li")).to_have_count(5)
    steps.sound(rep, "records of a factor")
    steps.link(rep, "Withdraw", form.locator("li").nth(2)).click()
    form.locator("[name=reason]").fill("It was somebody else")
    steps.sound(rep, "withdrawing")
    steps.save(rep)
    expect(next_of(rep)).to_contain_text("2 → 3")
    assert heights(rep)[1] == "2"
    expect(rep.page.locator("#timeline")).to_contain_text("It was somebody else")


def test_the_manager_chooses_the_whole_queue_with_one_key(company, deal, contact, open_page, language, viewport):
    made = [
        record(deal, company.rep, contact, level, factor=factor) for factor in ("power", "goal") for level in (5, 6)
    ]
    window = open_page(company.manager, "/confirmations/", language=language, viewport=viewport)
    queue, boxes = window.page.locator("#confirmations"), window.page.locator("#confirmations [name=ids]")
    every = queue.get_by_label(say(window, "Choose all on this page"))
    expect(queue.locator(".asc-bulk")).to_be_hidden()
    boxes.nth(2).check()
    expect(every).to_have_js_property("indeterminate", True)
    steps.sound(window, "some of the queue chosen")
    every.focus()
    window.page.keyboard.press("Space")
    expect(every).to_be_checked()
    assert every.evaluate("box => box.indeterminate") is False
    expect(queue.get_by_role("status")).to_have_text(say(window, "{count} chosen").format(count=4))
    boxes.first.uncheck()
    expect(every).not_to_be_checked()
    withdraw_checkpoint(checkpoint=made[3], reason="Misheard", actor=company.rep)
    steps.button(window, "Confirm the chosen ones", queue).click()
    expect(boxes).to_have_count(1)
    expect(queue).to_contain_text(say(window, "This record has been withdrawn."))
    expect(queue.locator(".asc-bulk")).to_be_hidden()
    assert {row.pk for row in Checkpoint.objects.filter(confirmed_by=company.manager)} == {
        each.pk for each in made[1:3]
    }


def test_the_manager_lowers_a_grade(company, deal, contact, open_page, language):
    record(deal, company.rep, contact, 1)
    window = open_page(company.manager, f"/opportunities/{deal.pk}/", language=language)
    form = dialog(window)
    steps.link(window, "Records", next_of(window)).click()
    steps.link(window, "Lower the grade", form).click()
    form.locator("label:has([name=grade][value=E0])").click()
    form.locator("[name=reason]").fill("Nobody signed it")
    steps.sound(window, "lowering a grade")
    steps.save(window)
    expect(next_of(window)).to_contain_text("0 → 1")
    assert heights(window)[1] == "0"
