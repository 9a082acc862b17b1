"""Leaving a form in which something was typed: it is asked about, or the device keeps it; nothing goes silently."""

from decimal import Decimal

import pytest
from playwright.sync_api import Locator, expect

from customers.models import Customer
from opportunities.models import Competitor
from tests import factories
from tests.browser import steps
from tests.browser.driver import WIDE, Watched
from tests.browser.steps import button, dialog, say

WORDS = "The canteen is moving in March"
# In one turn, as on a busy device: the focus is still in the field that has just gone out of sight.
CLOSE_AND_PRESS_C = """() => {
  document.getElementById("dialog").close()
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "c", bubbles: true}))
}"""


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Airport line", amount=Decimal(6_400_000))


def question(window: Watched) -> Locator:
    return window.page.locator("dialog#asc-discard")


def typed_in(window: Watched) -> Locator:
    """The form of a competitor, open, with words in it."""
    window.page.locator("[hx-get$='/competitors/new/']").first.click()
    field = dialog(window).locator("[name=strength]")
    field.fill(WORDS)
    return field


def test_what_was_typed_is_asked_about_on_every_way_out(company, deal, open_page, language, viewport):
    window = open_page(company.rep, f"/opportunities/{deal.pk}/strategy/", language=language, viewport=viewport)
    page = window.page
    field = typed_in(window)
    ways_out = [
        lambda: page.keyboard.press("Escape"),
        dialog(window).get_by_role("button", name=say(window, "Close")).click,
        dialog(window).locator(".asc-dialog-f [data-close]").click,
        lambda: page.mouse.click(5, 5),
    ]
    for leave in ways_out:
        leave()
        expect(question(window)).to_contain_text(say(window, "Discard what you typed?"))
        expect(button(window, "Go on typing", question(window))).to_be_focused()
        steps.sound(window, "discard what was typed")
        page.keyboard.press("Escape")
        expect(question(window)).to_be_hidden()
        expect(field).to_have_value(WORDS)
    page.keyboard.press("Escape")
    button(window, "Discard it", question(window)).click()
    expect(dialog(window)).to_be_hidden()
    expect(page.locator("[hx-get$='/competitors/new/']").first).to_be_focused()


@pytest.mark.parametrize("viewport", [WIDE], ids=["1440"])
def test_nothing_is_asked_where_nothing_would_be_lost(company, deal, open_page, viewport):
    window = open_page(company.rep, f"/opportunities/{deal.pk}/strategy/", viewport=viewport)
    page = window.page
    page.keyboard.press("c")
    outcome = dialog(window).locator("[name=outcome]")
    outcome.fill(WORDS)  # a draft keeps it
    page.keyboard.press("Escape")
    expect(dialog(window)).to_be_hidden()
    page.keyboard.press("c")
    expect(outcome).to_have_value(WORDS)
    page.keyboard.press("Escape")
    typed_in(window)
    dialog(window).locator("[name=name]").fill("Other Works")
    steps.save(window)
    page.keyboard.press("/")
    dialog(window).locator("[name=q]").fill("Airport")  # what is looked for is sent nowhere
    page.keyboard.press("Escape")
    expect(dialog(window)).to_be_hidden()


@pytest.mark.parametrize("viewport", [WIDE], ids=["1440"])
def test_a_key_right_after_the_dialog_has_closed_is_heard(company, deal, open_page, viewport):
    window = open_page(company.rep, f"/opportunities/{deal.pk}/strategy/", viewport=viewport)
    window.page.keyboard.press("c")
    outcome = dialog(window).locator("[name=outcome]")
    outcome.fill(WORDS)
    window.page.evaluate(CLOSE_AND_PRESS_C)
    expect(dialog(window).locator(".asc-draft-note")).to_be_visible()
    expect(outcome).to_have_value(WORDS)


def test_a_refused_form_still_holds_what_was_typed(company, deal, open_page, language):
    at = f"/opportunities/{deal.pk}/strategy/"
    window = open_page(company.rep, at, language=language, expected=["status of 422"])
    field = typed_in(window)
    steps.send(window)
    expect(dialog(window).locator("[name=name][aria-invalid=true]")).to_be_visible()
    window.page.keyboard.press("Escape")
    button(window, "Go on typing", question(window)).click()
    expect(field).to_have_value(WORDS)
    dialog(window).locator("[name=name]").fill("Other Works")
    steps.save(window)
    assert Competitor.objects.get().strength == WORDS


def test_the_way_from_the_gate_to_the_evidence_asks_too(gated, open_page, language):
    deal = factories.opportunity(gated.rep, "Airport line", amount=Decimal(6_400_000))
    window = open_page(gated.rep, f"/opportunities/{deal.pk}/", language=language, expected=["status of 422"])
    page = window.page
    page.locator("#opp-move > summary").click()
    page.locator("#opp-move button[value=validate]").click()
    reason = dialog(window).locator("[name=reason]")
    reason.fill(WORDS)
    add = dialog(window).locator(".btn-primary[data-back]")
    add.click()
    page.keyboard.press("Escape")
    expect(reason).to_have_value(WORDS)
    add.click()
    button(window, "Discard it", question(window)).click()
    expect(dialog(window).locator("[data-draft]")).to_be_visible()


def test_a_form_that_is_a_page_asks_too(company, open_page, language, viewport):
    """By a link in the words of the product, by a reload in the browser's own; not once it is sent."""
    window = open_page(company.rep, "/customers/new/", language=language, viewport=viewport, expected=["status of 422"])
    page, name, asked = window.page, window.page.locator("main [name=name]"), []
    page.on("dialog", lambda native: (asked.append(native.type), native.dismiss()))
    cancel = page.locator("main .asc-dialog-f a.btn")

    page.locator("main [name=region]").fill(WORDS)
    cancel.click()
    expect(question(window)).to_contain_text(say(window, "Discard what you typed?"))
    button(window, "Go on typing", question(window)).click()
    page.locator("main form[action$='/customers/new/'] [type=submit]").last.click()
    expect(page.locator("main [name=name][aria-invalid=true]")).to_be_visible()
    assert asked == [], "what is sent is not left"

    cancel.click()
    button(window, "Go on typing", question(window)).click()
    expect(page.locator("main [name=region]")).to_have_value(WORDS)
    page.evaluate("() => setTimeout(() => location.reload())")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]

    name.fill("Airport Works")
    page.locator("main form[action$='/customers/new/'] [type=submit]").last.click()
    expect(page.get_by_role("heading", name="Airport Works").first).to_be_visible()
    assert (asked, Customer.objects.get().region) == (["beforeunload"], WORDS)


def test_a_form_that_is_a_page_is_left_when_its_words_are_given_up(company, open_page):
    window = open_page(company.rep, "/customers/new/")
    window.page.locator("main [name=name]").fill(WORDS)
    window.page.locator("main .asc-dialog-f a.btn").click()
    button(window, "Discard it", question(window)).click()
    window.page.wait_for_url("**/customers/")
    assert not Customer.objects.exists()


def test_another_form_of_the_page_asks_before_it_is_sent(company, open_page):
    """Signing out ends nothing before the answer, and the button works afterwards."""
    window = open_page(company.rep, "/customers/new/", viewport=WIDE)
    page, sign_out = window.page, window.page.locator(".asc-menu form[action$='/logout/'] [type=submit]")

    def leave(answer: str) -> None:
        if not sign_out.is_visible():
            page.locator("summary.is-me").click()
        sign_out.click()
        button(window, answer, question(window)).click()

    page.locator("main [name=name]").fill(WORDS)
    for _twice in range(2):
        leave("Go on typing")
        expect(page.locator("main [name=name]")).to_have_value(WORDS)
    assert page.evaluate("() => localStorage.getItem('asc:signed-out')") is None
    leave("Discard it")
    expect(page.locator("main [name=login]")).to_be_visible()
