"""One climb from end to end: a visit, its debrief, the height, the gate, the mark on the board, the manager's word."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.selectors import calendar, today
from opportunities.actions import Evidence, add_checkpoints
from opportunities.models import Checkpoint, FactorKey, Opportunity, Stage
from tests import factories
from tests.browser import steps
from tests.browser.steps import button, card, dialog, say

REACHED = {**dict.fromkeys(FactorKey.values, 5), "power": 3}


@pytest.fixture
def deal(gated):
    """All of it proven up to what the next stage asks for, but for the power of whom we know."""
    Stage.objects.filter(key="validate").update(floor=5)
    row = factories.opportunity(gated.rep, "Airport line")
    person, link = factories.contact(gated.rep, row.customer, "Li Wei"), "https://example.com/minutes"
    records = [
        Evidence(factor, level, "E3", "Minutes", person, today(), link)
        for factor, height in REACHED.items()
        for level in range(1, height + 1)
    ]
    add_checkpoints(opportunity=row, records=records, actor=gated.rep)
    return row


def power_of(window, deal):
    """The verified height of power, as the page draws it."""
    window.page.goto(f"/opportunities/{deal.pk}/")
    return window.page.locator(".asc-ascent text.big.halo").nth(1)


def test_from_a_visit_to_the_managers_word(gated, deal, open_page, language):
    rep = open_page(gated.rep, language=language, expected=["status of 422"])
    expect(power_of(rep, deal)).to_have_text("3")
    _plan(rep)
    _debrief(rep, "power-4", "They accept the proposal")
    expect(power_of(rep, deal)).to_have_text("4")
    _claim_the_next(rep)
    expect(power_of(rep, deal)).to_have_text("4")  # at level 5 a visit waits for the manager

    _move_anyway(rep, deal)
    mark = card(rep, deal).locator(".asc-opp-mark")
    expect(mark).to_have_text(say(rep, "moved without proof"))
    steps.sound(rep, "board with a mark")

    manager = open_page(gated.manager, "/confirmations/", language=language)
    manager.page.locator("#confirmations [name=ids]").check()
    button(manager, "Confirm the chosen ones", manager.page.locator("#confirmations")).click()
    expect(manager.page.locator("#confirmations")).to_contain_text(say(manager, "Nothing waits for you."))

    rep.page.reload()
    steps.in_column(rep, deal, "validate")
    expect(mark).to_have_count(0)
    expect(power_of(rep, deal)).to_have_text("5")
    assert not Opportunity.objects.get(pk=deal.pk).moved_without_proof


def _plan(window):
    page, form = window.page, dialog(window)
    page.keyboard.press("c")
    form.locator("[name=when][value=plan]").check(force=True)
    later = (timezone.now() + timedelta(days=2)).astimezone(calendar().tz)
    form.locator("[name=at]").fill(later.strftime("%Y-%m-%dT%H:%M"))
    form.locator("[name=objective]").fill("Present the proposal")
    steps.save(window)
    expect(page.locator("#activities")).to_contain_text("Present the proposal")


def _debrief(window, rung, text):
    form = dialog(window)
    window.page.locator("#activities").get_by_text(say(window, "Debrief")).click()
    before = (timezone.now() - timedelta(hours=1)).astimezone(calendar().tz)
    form.locator("[name=done_at]").fill(before.strftime("%Y-%m-%dT%H:%M"))
    form.locator("[name=outcome]").fill(text)
    form.locator("details.asc-fold > summary").first.click()
    form.locator("[name=rung]").select_option(rung)
    form.locator("[name=grade]").select_option("E2")
    steps.look_up(window, "contacts", "Li", "[data-selectable]")  # of whom there is one: who said so
    steps.save(window)
    record = Checkpoint.objects.get(grade="E2")
    assert (record.evidence, record.activity.objective) == (text, "Present the proposal")


def _claim_the_next(window):
    form = dialog(window)
    steps.link(window, "Submit evidence", window.page.locator(".asc-check5 > div").nth(1)).click()
    expect(form.locator("[name=levels][value='5']")).to_be_checked()
    form.locator("[name=evidence_5]").fill("He names who follows it up")
    form.locator("[name=link]").fill("https://example.com/mail")
    steps.send(window)
    expect(form.get_by_role("heading", level=2)).to_be_visible()
    form.locator("[data-close]").last.click()


def _move_anyway(window, deal):
    window.page.goto("/opportunities/")
    expect(card(window, deal)).to_be_visible()
    steps.move_by_menu(window, deal, "validate")
    dialog(window).get_by_label(say(window, "Why move on all the same")).fill("Green channel")
    button(window, "Move anyway", dialog(window)).click()
    steps.in_column(window, deal, "validate")
