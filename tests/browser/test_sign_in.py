"""Signing in and out of the house: a wrong password, a session that ends in the middle, a page that is not there."""

from decimal import Decimal

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from accounts.models import SavedView
from tests import factories
from tests.browser import steps
from tests.browser.driver import Watched
from tests.browser.steps import IN_TWO_CORNERS, say


def fill_in(window: Watched, login: str, password: str) -> None:
    window.page.fill("[name=login]", login)
    window.page.fill("[name=password]", password)
    steps.button(window, "Sign in", window.page.locator("main")).click()


def sign_in_again(window: Watched) -> None:
    """The rep, where what was asked for met the end of the session."""
    window.page.wait_for_url("**/accounts/login/**")
    fill_in(window, "rep", factories.PASSWORD)


@IN_TWO_CORNERS
def test_a_wrong_password_then_the_right_one(company, open_page, language, viewport):
    type(company.rep).objects.update(language=language)
    window = open_page(path="/opportunities/?q=bridge", language=language, viewport=viewport)
    page = window.page
    expect(page.get_by_role("heading", name=say(window, "Sign in"))).to_be_visible()
    steps.sound(window, "sign-in")
    assert not window.phone or window.too_small() == []

    fill_in(window, "rep", "not-my-password")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("[name=login]")).to_have_value("rep")
    steps.sound(window, "sign-in refused")

    fill_in(window, "rep", factories.PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text(say(window, "Key deals board"))
    assert page.url.endswith("/opportunities/?q=bridge"), "the address asked for at first"

    page.locator("details.asc-menu .is-me").click()
    steps.button(window, "Sign out").click()
    expect(page.locator("[name=login]")).to_be_visible()


def test_back_shows_nothing_of_what_was_open_when_somebody_signed_out(company, open_page):
    """The browser keeps pages in its memory and says so with `pageshow`; Playwright's own does not, and is told to."""
    left = open_page(company.rep, "/opportunities/").page
    left.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(left.get_by_role("heading", level=1)).to_be_visible()

    other = left.context.new_page()
    other.goto(left.url)
    other.locator("details.asc-menu .is-me").click()
    other.locator("form[action$='/logout/'] button").click()
    expect(other.locator("[name=login]")).to_be_visible()

    left.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(left.locator("[name=login]")).to_be_visible()


@pytest.mark.parametrize(
    ("person", "heading"), [("executive", "Performance dashboard"), ("rep", "My day"), ("manager", "Key deals board")]
)
def test_where_each_role_lands(company, open_page, language, person, heading):
    window = open_page(company.people()[person], "/", language=language)
    expect(window.page.get_by_role("heading", level=1)).to_have_text(say(window, heading))


@steps.IN_TWO_CORNERS
def test_a_session_that_ends_in_the_middle(company, open_page, language, viewport):
    deal = factories.opportunity(company.rep, "Cold store")
    window = open_page(company.rep, "/opportunities/?q=cold", language=language, viewport=viewport)
    Session.objects.all().delete()
    steps.move_by_menu(window, deal, "validate")
    sign_in_again(window)
    window.page.wait_for_url("**/opportunities/?q=cold")
    steps.in_column(window, deal, "discover")


@steps.IN_TWO_CORNERS
def test_what_was_typed_outlives_the_session(company, open_page, language, viewport):
    type(company.rep).objects.update(language=language)
    factories.customer(company.rep, "Harbour Holding", key="holding")
    window = open_page(company.rep, "/customers/", language=language, viewport=viewport)
    form = steps.dialog(window)
    window.page.locator("main, header").locator("a[href='/customers/new/']").first.click()
    steps.look_up(window, "parent", "Harbour", ".option")
    form.locator("[name=name]").fill("Harbour Foods")
    Session.objects.all().delete()
    steps.send(window)
    window.page.wait_for_url("**/accounts/login/**")
    expect(steps.toast(window)).to_have_text(
        say(window, "Your session had ended. Sign in again: what you typed is kept.")
    )
    fill_in(window, "rep", factories.PASSWORD)
    expect(form.locator("[name=name]")).to_have_value("Harbour Foods")
    expect(form.locator("[name=parent]")).to_have_value("holding")
    expect(form.get_by_role("status")).to_have_text(say(window, "What you had typed is here again. Check it and save."))
    steps.sound(window, "typed before the session ended")
    steps.send(window)
    window.page.wait_for_url("**/customers/*/")

    window.page.goto("/customers/new/")
    window.page.locator("main [name=name]").fill("Harbour Tools")
    Session.objects.all().delete()
    window.page.locator("main [type=submit]").click()
    sign_in_again(window)
    expect(window.page.locator("main [name=name]")).to_have_value("Harbour Tools")
    window.page.reload()
    expect(window.page.locator("main [name=name]")).to_have_value("")


@steps.IN_TWO_CORNERS
def test_the_reason_of_a_move_outlives_the_session(company, open_page, language, viewport):
    type(company.rep).objects.update(language=language)
    deal = factories.opportunity(company.rep, "Cold store", stage="validate")
    window = open_page(company.rep, "/opportunities/", language=language, viewport=viewport)
    steps.move_by_menu(window, deal, "discover")
    reason = steps.dialog(window).locator("[name=reason]")
    reason.fill("They start again")
    Session.objects.all().delete()
    steps.send(window)
    sign_in_again(window)
    expect(reason).to_have_value("They start again")
    steps.send(window)
    steps.in_column(window, deal, "discover")


@steps.IN_TWO_CORNERS
def test_what_was_typed_into_a_cell_outlives_the_session(company, open_page, language, viewport):
    type(company.rep).objects.update(language=language)
    deal = factories.opportunity(company.rep, "Cold store")
    for number, address in enumerate(("/opportunities/table/?q=cold", f"/opportunities/{deal.pk}/")):
        window = open_page(company.rep, address, language=language, viewport=viewport)
        place = steps.cell(window, deal, "next_step")
        place.locator("a.asc-cell").click()
        step = place.locator("form [name=next_step]")
        expect(step).to_be_focused()
        step.fill(f"Call the buyer {number}")
        Session.objects.all().delete()
        step.press("Enter")
        sign_in_again(window)
        expect(step).to_have_value(f"Call the buyer {number}")
        expect(steps.toast(window)).to_contain_text(say(window, "What you had typed is here again. Check it and save."))
        step.press("Enter")
        expect(place.locator("a.asc-cell")).to_contain_text(f"Call the buyer {number}")
        deal.refresh_from_db()
        assert deal.next_step == f"Call the buyer {number}"


@steps.IN_TWO_CORNERS
def test_what_a_form_was_opened_for_outlives_the_session_with_it(company, open_page, language, viewport):
    type(company.rep).objects.update(language=language)
    factories.opportunity(company.rep, "Cold store", amount=Decimal(6_400_000))
    window = open_page(company.rep, "/opportunities/table/?amount_min=1M", language=language, viewport=viewport)
    form = steps.dialog(window)
    steps.link(window, "Save as a view", window.page.locator("#views")).click()
    form.locator("[name=name]").fill("Large")
    Session.objects.all().delete()
    steps.send(window)
    sign_in_again(window)
    expect(form.locator("[name=name]")).to_have_value("Large")
    steps.send(window)
    expect(window.page.locator("nav.asc-views [aria-current]")).to_contain_text("Large")
    view = SavedView.objects.get()
    assert (view.page, view.query) == (SavedView.Page.TABLE, "amount_min=1M")

    window.page.goto("/opportunities/views/new/?page=board&query=q%3Dcold")
    window.page.locator("main [name=name]").fill("Cold")
    Session.objects.all().delete()
    window.page.locator("main [type=submit]").click()
    sign_in_again(window)
    expect(window.page.locator("main [name=name]")).to_have_value("Cold")


@steps.IN_TWO_CORNERS
def test_a_page_that_is_not_there_looks_like_one_that_is_hidden(company, open_page, language, viewport):
    hidden = factories.opportunity(company.stranger, "Hidden airport")
    window = open_page(company.rep, language=language, viewport=viewport, expected=["status of 404"])
    texts = []
    for address in (f"/opportunities/{hidden.pk}/", "/opportunities/999999/"):
        window.page.goto(address)
        expect(window.page.get_by_role("heading", level=1)).to_have_text(say(window, "Nothing here"))
        texts.append(window.page.locator("main").inner_text())
    assert texts[0] == texts[1]
    steps.sound(window, "404")
    steps.link(window, "Back to the start").click()
    expect(window.page.get_by_role("heading", level=1)).to_have_text(say(window, "My day"))
