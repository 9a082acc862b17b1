"""Saved views: kept, shared, opened by somebody else, ordered, and the page that opens with one."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from accounts.models import SavedView, SavedViewPlace
from accounts.saved_views import save_view
from tests import factories
from tests.browser import steps
from tests.browser.driver import PHONE
from tests.browser.steps import IN_TWO_CORNERS, button, dialog, link, say

BOARD, TABLE = "/opportunities/", "/opportunities/table/"


@pytest.fixture
def deals(company):
    return {
        "rep": factories.opportunity(company.rep, "Airport line", amount=Decimal(6_400_000)),
        "small": factories.opportunity(company.rep, "Cold store", amount=Decimal(120_000)),
        "mate": factories.opportunity(company.mate, "Parcel hub", amount=Decimal(3_000_000)),
    }


def views(window):
    return window.page.locator("nav.asc-views")


def save_as(window, name, *, team):
    link(window, "Save as a view", window.page.locator("#views")).click()
    dialog(window).locator("[name=name]").fill(name)
    dialog(window).locator("[name=scope]").select_option("team" if team else "mine")
    steps.sound(window, "save a view")
    steps.send(window)
    expect(views(window).locator("[aria-current]")).to_contain_text(name)


def menu(window):
    window.page.locator("#views details summary").click()
    return window.page.locator("#views .asc-pop")


@IN_TWO_CORNERS
def test_a_view_is_saved_and_shared_and_each_sees_their_own(company, deals, open_page, language, viewport):
    window = open_page(company.rep, f"{BOARD}?amount_min=1M", language=language, viewport=viewport)
    save_as(window, "Large", team=True)
    expect(views(window).locator("[aria-current]")).to_have_text("Large 1")
    expect(views(window).get_by_role("link").first).to_contain_text("2")
    steps.sound(window, "board with views")

    colleague = open_page(company.mate, TABLE, language=language, viewport=viewport)
    views(colleague).get_by_role("link", name="Large 1").click()
    expect(colleague.page.locator(f"#row-{deals['mate'].pk}")).to_be_attached()
    expect(colleague.page.locator(f"#row-{deals['rep'].pk}")).to_have_count(0)
    steps.sound(colleague, "table with views")
    colleague.page.get_by_role("link", name=say(colleague, "Board"), exact=True).click()
    expect(views(colleague).locator("[aria-current]")).to_have_text("Large 1")

    colleague.page.goto(f"{BOARD}?view={SavedView.objects.get().key}")
    expect(colleague.page.locator("#board")).to_contain_text("Parcel hub")
    button(colleague, "Open the page with this view", menu(colleague)).click()
    expect(colleague.page.locator(".asc-messages")).to_contain_text("Large")
    colleague.page.goto(BOARD)
    expect(views(colleague).locator("[aria-current]")).to_have_text("Large 1")
    views(colleague).get_by_role("link", name=say(colleague, "All deals")).click()
    expect(colleague.page).to_have_url(colleague.page.url.split("?")[0] + "?view=all")
    assert SavedViewPlace.objects.get(is_default=True).user == company.mate


def test_changed_filters_are_kept_and_the_link_is_copied(company, deals, open_page, language):
    window = open_page(company.rep, f"{BOARD}?amount_min=1M", language=language)
    save_as(window, "Large", team=False)
    window.page.goto(window.page.url.replace("1M", "100K"))
    button(window, "Update view").click()
    expect(views(window).locator("[aria-current]")).to_have_text("Large 2")
    assert SavedView.objects.get().query == "amount_min=100K"
    window.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link(window, "Copy the link to these filters", menu(window)).click()
    expect(steps.toast(window)).to_be_visible()
    copied = window.page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith(f"{BOARD}?amount_min=100K")
    colleague = open_page(company.mate, copied, language=language)
    expect(colleague.page.locator("#board")).to_contain_text("Parcel hub")


def test_counts_follow_a_move(company, deals, open_page):
    window = open_page(company.rep, f"{BOARD}?stage=discover")
    save_as(window, "At the start", team=False)
    expect(views(window).locator("[aria-current]")).to_have_text("At the start 2")
    steps.move_by_menu(window, deals["rep"], "validate")
    expect(views(window).locator("[aria-current]")).to_have_text("At the start 1")


@IN_TWO_CORNERS
def test_the_order_is_changed_by_button_and_by_dragging(company, deals, open_page, language, viewport):
    for name in ("First", "Second", "Third"):
        save_view(actor=company.rep, name=name, page="board", query="")
    window = open_page(company.rep, "/opportunities/views/", language=language, viewport=viewport)
    steps.sound(window, "saved views")
    names = window.page.locator("tbody [scope=row] a")
    with window.page.expect_navigation():
        window.page.get_by_role("button", name=say(window, "Move “%(view)s” up", view="Third")).click()
    expect(names).to_have_text(["First", "Third", "Second"])
    if not window.phone:
        with window.page.expect_navigation():
            window.page.locator(".asc-handle").nth(2).drag_to(window.page.locator(".asc-handle").first)
        expect(names).to_have_text(["Second", "First", "Third"])
    window.page.goto(BOARD)
    expect(views(window).get_by_role("link").nth(1)).to_contain_text("First" if window.phone else "Second")


def test_the_open_view_is_in_sight_on_a_phone(company, deals, open_page, language):
    for number in range(8):
        save_view(actor=company.rep, name=f"View number {number}", page="board", query="stage=discover")
    last = SavedView.objects.latest("pk")
    window = open_page(company.rep, f"{BOARD}?view={last.key}", language=language, viewport=PHONE)
    shown = views(window).locator("[aria-current]")
    expect(shown).to_have_text("View number 7 2")
    expect(shown).to_be_in_viewport(ratio=0.95)
    assert window.page.evaluate("scrollX + scrollY") == 0
    steps.move_by_menu(window, deals["rep"], "validate")
    expect(shown).to_have_text("View number 7 1")
    expect(shown).to_be_in_viewport(ratio=0.95)
    window.page.goto(f"{TABLE}?view={last.key}")
    expect(shown).to_be_in_viewport(ratio=0.95)
