"""The gate: stopped, moved anyway, proven; and a waiver asked for, refused, granted."""

from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from opportunities.actions import Evidence, add_checkpoints
from opportunities.models import FactorKey, MethodSetting, Opportunity, Stage, Waiver
from tests import factories
from tests.browser import steps
from tests.browser.driver import PHONE
from tests.browser.steps import button, card, dialog, say, toast

STOPPED = ["status of 422"]
WHY = "Green channel"


@pytest.fixture
def deal(gated):
    return factories.opportunity(gated.rep, "Airport line", amount=Decimal(6_400_000))


def stage_of(deal):
    return Opportunity.objects.select_related("stage").get(pk=deal.pk).stage.key


def prove(deal, actor, height):
    """Records that verify this height of every factor."""
    contact = factories.contact(actor, deal.customer, "Dr. Wei")
    add_checkpoints(
        opportunity=deal,
        actor=actor,
        records=[
            Evidence(factor, level, "E3", "Minutes", contact, date(2026, 11, 12), "https://example.com/minutes")
            for factor in FactorKey.values
            for level in range(1, height + 1)
        ],
    )


def missing(window, number, rate):
    words = steps.count(
        window,
        "%(count)s piece of evidence missing for %(rate)s",
        "%(count)s pieces of evidence missing for %(rate)s",
        number,
        rate=rate,
    )
    return dialog(window).get_by_role("heading", name=words)


def open_dialog(window, deal):
    """Try to move it on, from the board's menu."""
    expect(card(window, deal)).to_be_visible()
    steps.move_by_menu(window, deal, "validate")
    expect(missing(window, 2, "25%")).to_be_visible()


def reason(window):
    return dialog(window).get_by_label(say(window, "Why move on all the same"))


@steps.IN_TWO_CORNERS
def test_too_early_left_moved_anyway_and_proven(gated, deal, open_page, language, viewport):
    window = open_page(gated.rep, "/opportunities/", language=language, viewport=viewport, expected=STOPPED)
    open_dialog(window, deal)
    steps.sound(window, "gate")
    dialog(window).locator(".asc-dialog-f [data-close]").click()
    expect(dialog(window)).to_be_hidden()
    steps.in_column(window, deal, "discover")

    open_dialog(window, deal)
    button(window, "Move anyway", dialog(window)).click()
    expect(dialog(window).get_by_text(say(window, "Say why: this move needs a reason."))).to_be_visible()
    reason(window).fill(WHY)
    button(window, "Move anyway", dialog(window)).click()
    steps.in_column(window, deal, "validate")
    expect(toast(window)).to_contain_text("Airport line")
    assert stage_of(deal) == "validate"

    window.page.goto(f"/opportunities/{deal.pk}/")
    mark = window.page.get_by_text(say(window, "Moved without proof."))
    expect(mark).to_be_visible()
    expect(window.page.locator("#timeline")).to_contain_text(WHY)
    prove(deal, gated.rep, 2)
    window.page.reload()
    expect(mark).to_be_hidden()


def test_the_gate_shows_what_is_verified_and_leads_to_the_evidence(gated, deal, open_page, language):
    prove(deal, gated.rep, 1)
    window = open_page(gated.rep, "/opportunities/", language=language, expected=STOPPED)
    steps.drag(window, deal, "validate")
    expect(missing(window, 1, "25%")).to_be_visible()
    expect(dialog(window).locator(".asc-gate > li").first).to_contain_text(say(window, "verified"))
    steps.sound(window, "gate with evidence")
    steps.link(window, "Add evidence now", dialog(window)).click()
    steps.in_column(window, deal, "discover")
    expect(dialog(window).locator("[name$=grade]").first).to_be_attached()
    assert stage_of(deal) == "discover"


def test_the_table_opens_the_gate_too(gated, deal, open_page, language):
    window = open_page(gated.rep, "/opportunities/table/", language=language, expected=STOPPED)
    steps.cell(window, deal, "stage").locator(".asc-cell").click()
    field = steps.cell(window, deal, "stage").locator("select")
    field.select_option("validate")
    field.press("Enter")
    expect(missing(window, 2, "25%")).to_be_visible()
    reason(window).fill(WHY)
    button(window, "Move anyway", dialog(window)).click()
    expect(steps.cell(window, deal, "stage")).to_contain_text(
        steps.stage_name(window, Stage.objects.get(key="validate"))
    )


def test_what_is_opened_by_its_address_ends_on_the_deals_page(gated, deal, open_page):
    window = open_page(gated.rep, f"/opportunities/{deal.pk}/move/?stage=validate", expected=STOPPED)
    page, form, home = window.page, window.page.get_by_role("main"), f"**/opportunities/{deal.pk}/"
    button(window, "Move anyway", form).click()
    expect(form.locator(".invalid-feedback")).to_be_visible()
    form.locator("[name=reason]").fill(WHY)
    button(window, "Move anyway", form).click()
    page.wait_for_url(home)
    assert stage_of(deal) == "validate"

    page.goto(f"/opportunities/{deal.pk}/evidence/add/?factor=demand")
    button(window, "Cancel", form).click()
    page.wait_for_url(home)
    page.goto(f"/opportunities/{deal.pk}/evidence/add/?factor=demand")
    form.get_by_text("E0", exact=False).first.click()
    form.locator("[name=evidence_1]").fill("We think so")
    form.locator(".btn-primary[type=submit]").click()
    page.wait_for_url(home)
    assert deal.checkpoints.get().evidence == "We think so"


@steps.IN_TWO_CORNERS
def test_a_waiver_asked_for_refused_and_granted(gated, deal, open_page, language, viewport):
    MethodSetting.objects.update(gate_mode=MethodSetting.GateMode.ENFORCE)
    rep = open_page(gated.rep, "/opportunities/", language=language, viewport=viewport, expected=STOPPED)
    _ask(rep, deal)
    steps.in_column(rep, deal, "discover")
    assert stage_of(deal) == "discover"

    manager = open_page(gated.manager, language=language, viewport=viewport, expected=STOPPED)
    manager.page.goto("/confirmations/")
    expect(manager.page.locator("#waivers-waiting")).to_contain_text(WHY)
    steps.sound(manager, "waivers waiting")
    manager.page.locator("#waivers-waiting .btn").click()
    expect(dialog(manager)).to_contain_text(WHY)
    steps.sound(manager, "waiver")
    dialog(manager).get_by_label(say(manager, "Why it is refused")).fill("See the director first")
    button(manager, "Refuse", dialog(manager)).click()
    expect(dialog(manager)).to_be_hidden()
    expect(manager.page.locator("[data-waiver]")).to_have_count(0)
    manager.page.goto(f"/opportunities/{deal.pk}/")
    expect(manager.page.locator("#opp-waiver")).to_contain_text("See the director first")

    rep.page.goto(f"/opportunities/{deal.pk}/")
    expect(rep.page.locator("#opp-waiver")).to_contain_text("See the director first")
    rep.page.goto("/opportunities/")
    _ask(rep, deal)
    _decide(manager, deal)
    button(manager, "Grant", dialog(manager)).click()
    expect(manager.page.get_by_text(say(manager, "Moved without proof."))).to_be_visible()
    assert stage_of(deal) == "validate"
    assert Waiver.objects.filter(state="granted").count() == 1


def _ask(window, deal):
    open_dialog(window, deal)
    if not window.phone:
        steps.sound(window, "gate enforced")
    reason(window).fill(WHY)
    button(window, "Ask for a waiver", dialog(window)).click()
    expect(dialog(window)).to_be_hidden()


def _decide(window, deal):
    window.page.goto(f"/opportunities/{deal.pk}/")
    expect(window.page.locator("#opp-waiver")).to_contain_text(WHY)
    window.page.locator("#opp-waiver a").click()
    expect(dialog(window)).to_contain_text(WHY)


@pytest.mark.parametrize("language", ["en"])
def test_many_at_once_move_on_without_evidence(gated, deal, open_page, language):
    window = open_page(gated.rep, "/opportunities/table/", language=language, expected=STOPPED)
    window.page.locator("#opptable tbody .asc-pick input").first.check()
    window.page.locator(".asc-bulk [value=move]").click()
    dialog(window).locator("select[name=stage]").select_option("validate")
    steps.send(window)
    expect(dialog(window).locator(".asc-list")).to_contain_text("Demand")
    dialog(window).locator("textarea").fill(WHY)
    steps.sound(window, "bulk at the gate")
    button(window, "Move 1 anyway", dialog(window)).click()
    expect(dialog(window).locator(".asc-note.ok")).to_be_visible()
    assert stage_of(deal) == "validate"


def test_on_a_phone_the_page_opens_the_gate(gated, deal, open_page, language):
    window = open_page(gated.rep, f"/opportunities/{deal.pk}/", language=language, viewport=PHONE, expected=STOPPED)
    window.page.locator(".asc-thumb .btn-primary").tap()
    dialog(window).locator("[name=stage][value=validate]").tap()
    expect(missing(window, 2, "25%")).to_be_visible()
    steps.sound(window, "gate")
