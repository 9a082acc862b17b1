"""The board: cards moved by drag, menu and keys; refused, failed, undone, closed."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from accounts.selectors import today
from customers.models import Customer
from opportunities.models import Opportunity, Stage
from tests import factories
from tests.browser import steps
from tests.browser.driver import PHONE
from tests.browser.steps import IN_TWO_CORNERS, card, column, dialog, say, toast


@pytest.fixture
def deals(company):
    """Three deals of the rep: two in the first stage, one in the third."""
    return [
        factories.opportunity(company.rep, "Airport line", amount=Decimal(6_400_000)),
        factories.opportunity(company.rep, "Cold store", amount=Decimal(1_200_000)),
        factories.opportunity(company.rep, "Parcel hub", stage="cocreate", amount=Decimal(3_000_000)),
    ]


@pytest.fixture
def board(company, deals, open_page, language):
    """The rep's board on a wide screen."""
    return open_page(company.rep, "/opportunities/", language=language)


def stage_of(deal):
    return Opportunity.objects.get(pk=deal.pk).stage.key


@IN_TWO_CORNERS
def test_quick_create_with_its_customer(company, open_page, language, viewport):
    window = open_page(company.rep, "/opportunities/", language=language, viewport=viewport)
    page = window.page
    steps.sound(window, "board empty")
    page.locator("[data-new]").click()
    form = dialog(window)
    expect(form.get_by_role("heading", name=say(window, "New deal"))).to_be_visible()
    steps.look_up(window, "customer", "Harbour Foods", ".create")
    form.get_by_label(say(window, "Title")).fill("Automatic cold store")
    form.get_by_label(say(window, "Amount")).fill(steps.typed(window, 6_400_000))
    form.get_by_label(say(window, "Expected close")).fill("2027-05-31")
    steps.sound(window, "quick create")
    steps.save(window)
    deal = Opportunity.objects.get()
    steps.in_column(window, deal, "discover")
    expect(card(window, deal)).to_contain_text("Harbour Foods")
    expect(card(window, deal)).to_contain_text(steps.money(window, 6_400_000))
    assert deal.owner == company.rep and deal.amount == Decimal(6_400_000)
    assert Customer.objects.get().name == "Harbour Foods"
    expect(toast(window)).to_contain_text("Automatic cold store")
    steps.sound(window, "board")


def test_a_new_customer_is_offered_behind_those_that_are_there_and_not_before_they_are_known(company, open_page):
    factories.customer(company.rep, "远航汽车")
    window = open_page(company.rep, "/opportunities/", language="zh-hans", viewport=PHONE)
    choices = dialog(window).locator(".ts-dropdown")
    offered = []  # to create, while the search is on its way

    def answer(route):
        offered.append(choices.locator(".create").count())
        route.continue_()

    window.page.route(re.compile("q=yh$"), answer)
    window.page.locator("[data-new]").tap()
    box = dialog(window).locator("select[name=customer]")
    expect(box).to_have_class(re.compile("tomselected"))
    box.locator("xpath=following-sibling::*[1]").locator("input").fill("yh")
    there, new = choices.locator(".option"), choices.locator(".create")
    expect(there).to_have_text("远航汽车")
    expect(new).to_be_visible()
    assert offered == [0]
    tops = [each.bounding_box()["y"] for each in (there, new)]
    assert tops == sorted(tops)


@steps.IN_TWO_CORNERS
def test_quick_create_keeps_what_was_typed_when_it_is_refused(company, open_page, language, viewport):
    window = open_page(company.rep, "/opportunities/", language=language, viewport=viewport, expected=["status of 422"])
    window.page.locator("[data-new]").click()
    form = dialog(window)
    form.get_by_label(say(window, "Title")).fill("Half a deal")
    form.get_by_label(say(window, "Amount")).fill("many")
    steps.send(window)
    expect(form.locator(".invalid-feedback").first).to_be_visible()
    expect(form.get_by_label(say(window, "Title"))).to_have_value("Half a deal")
    expect(form.get_by_label(say(window, "Amount"))).to_have_value("many")
    expect(form.locator("[aria-invalid=true]").first).to_be_attached()
    steps.sound(window, "quick create refused")
    assert not Opportunity.objects.exists()


def test_drag_to_the_next_column_and_undo(board, deals):
    deal = deals[0]
    head = board.page.locator("#board-sums")
    before = head.inner_text()
    steps.drag(board, deal, "validate")
    steps.in_column(board, deal, "validate")
    expect(toast(board)).to_contain_text("Airport line")
    expect(column(board, "validate").locator("xpath=..")).to_contain_text(steps.money(board, 6_400_000))
    expect(head).to_contain_text(steps.money(board, Decimal(6_400_000) / 4 + 120_000 + 1_500_000))
    assert stage_of(deal) == "validate"

    steps.button(board, "Undo", toast(board)).click()
    steps.in_column(board, deal, "discover")
    expect(head).to_have_text(before, use_inner_text=True)
    assert stage_of(deal) == "discover"
    assert deal.versions.count() == 1


def test_the_key_z_undoes(board, deals):
    steps.drag(board, deals[0], "validate")
    steps.in_column(board, deals[0], "validate")
    expect(toast(board)).to_be_visible()
    board.page.keyboard.press("z")
    steps.in_column(board, deals[0], "discover")
    assert stage_of(deals[0]) == "discover"


def test_move_by_the_menu_on_a_phone(company, deals, open_page, language):
    window = open_page(company.rep, "/opportunities/", language=language, viewport=PHONE)
    expect(card(window, deals[0])).to_be_visible()
    card(window, deals[0]).locator("[data-move]").tap()
    steps.sound(window, "move menu")
    window.page.locator("#move-menu button[value=validate]").tap()
    expect(toast(window)).to_contain_text("Airport line")
    steps.choose_tab(window, Stage.objects.get(key="validate"))
    expect(card(window, deals[0])).to_be_visible()
    steps.button(window, "Undo", toast(window)).tap()
    steps.in_column(window, deals[0], "discover")
    assert stage_of(deals[0]) == "discover"


def test_keys_move_a_card(board, deals):
    deal = deals[0]
    card(board, deal).focus()
    board.page.keyboard.press("Shift+ArrowRight")
    steps.in_column(board, deal, "validate")
    expect(card(board, deal)).to_be_focused()
    board.page.keyboard.press("ArrowRight")
    expect(card(board, deals[2])).to_be_focused()
    board.page.keyboard.press("Enter")
    expect(board.page.get_by_role("heading", level=1)).to_have_text("Parcel hub")


def test_a_step_back_asks_for_a_reason(board, deals):
    deal = deals[2]
    card(board, deal).focus()
    board.page.keyboard.press("Shift+ArrowLeft")
    expect(dialog(board)).to_be_visible()
    steps.sound(board, "step back")
    board.page.keyboard.press("Escape")
    steps.in_column(board, deal, "cocreate")
    expect(card(board, deal)).to_be_focused()

    board.expected = ("status of 422",)
    steps.drag(board, deal, "discover")
    steps.send(board)
    expect(dialog(board).locator("[aria-invalid=true], .asc-note.bad").first).to_be_visible()
    assert stage_of(deal) == "cocreate"
    dialog(board).get_by_text(say(board, "Need changed")).click()
    steps.save(board)
    steps.in_column(board, deal, "discover")
    assert stage_of(deal) == "discover"


def test_a_move_without_network_goes_back(board, deals):
    board.expected = ("net::ERR_FAILED", "Failed to fetch")
    board.page.route("**/move/", lambda route: route.abort())
    steps.drag(board, deals[0], "validate")
    expect(toast(board)).to_contain_text(say(board, steps.OFFLINE))
    steps.in_column(board, deals[0], "discover")
    assert stage_of(deals[0]) == "discover"

    board.page.unroute("**/move/")
    steps.drag(board, deals[0], "validate")
    steps.in_column(board, deals[0], "validate")
    assert stage_of(deals[0]) == "validate"


def test_a_move_that_the_server_fails_at_goes_back(board, deals):
    board.expected = ("status of 500",)
    board.page.route("**/move/", lambda route: route.fulfill(status=500, body="broken"))
    steps.drag(board, deals[1], "validate")
    expect(toast(board)).to_be_visible()
    steps.in_column(board, deals[1], "discover")


@IN_TWO_CORNERS
def test_close_as_won(company, deals, open_page, language, viewport):
    window = open_page(company.rep, "/opportunities/", language=language, viewport=viewport, expected=["status of 422"])
    deal = deals[1]
    steps.move_by_menu(window, deal, "won") if window.phone else steps.drag(window, deal, "won")
    form = dialog(window)
    expect(form.get_by_role("heading", name=say(window, "Close as won"))).to_be_visible()
    amount, signed = form.get_by_label(say(window, "Amount")), form.get_by_label(say(window, "Signing date"))
    expect(amount).to_have_value(steps.typed(window, 1_200_000))
    signed.fill("")
    amount.fill(steps.typed(window, 1_350_000))
    steps.send(window)
    expect(form.locator(".invalid-feedback")).to_be_visible()
    expect(amount).to_have_value(steps.typed(window, 1_350_000))
    steps.sound(window, "close as won")
    assert stage_of(deal) == "discover"

    signed.fill(today().isoformat())
    steps.save(window)
    steps.in_column(window, deal, "won")
    row = Opportunity.objects.get(pk=deal.pk)
    assert (row.stage.key, row.amount, row.signed_on) == ("won", Decimal(1_350_000), today())
    steps.choose_tab(window, row.stage)
    expect(card(window, deal)).to_contain_text(steps.money(window, 1_350_000))


def test_leaving_the_dialog_of_a_closing_puts_the_card_back(board, deals):
    steps.drag(board, deals[0], "lost")
    expect(dialog(board)).to_be_visible()
    dialog(board).get_by_role("button", name=say(board, "Cancel")).click()
    steps.in_column(board, deals[0], "discover")
    assert stage_of(deals[0]) == "discover"


def test_close_as_lost_with_its_reason(board, deals):
    steps.drag(board, deals[0], "lost")
    form = dialog(board)
    form.locator("[name=competitor]").fill("Rival & Sons")
    form.locator("[name=reason]").fill("Price")
    steps.sound(board, "close as lost")
    steps.save(board)
    expect(card(board, deals[0])).to_have_count(0)
    row = Opportunity.objects.get(pk=deals[0].pk)
    assert (row.stage.key, row.competitor) == ("lost", "Rival & Sons")


@IN_TWO_CORNERS
def test_a_filter_is_shared_by_its_address(company, deals, open_page, language, viewport):
    theirs = factories.opportunity(company.stranger, "Airport of the west", amount=Decimal(9_000_000))
    window = open_page(company.rep, "/opportunities/", language=language, viewport=viewport)
    page = window.page
    page.locator("#filter-q").fill("airport")
    page.keyboard.press("Enter")
    page.wait_for_url("**/opportunities/?*q=airport*")
    expect(card(window, deals[0])).to_be_attached()
    expect(card(window, deals[1])).to_have_count(0)
    steps.sound(window, "board filtered")

    link = page.url
    other = open_page(company.stranger, link, language=language, viewport=viewport)
    expect(card(other, theirs)).to_be_attached()
    expect(card(other, deals[0])).to_have_count(0)
    assert "6,400" not in other.page.locator("#board-sums").inner_text()

    page.get_by_role("link", name=say(window, "Table"), exact=True).first.click()
    page.wait_for_url("**/opportunities/table/?*q=airport*")
    expect(page.locator(f"#row-{deals[0].pk}")).to_be_visible()
    expect(page.locator(f"#row-{deals[1].pk}")).to_have_count(0)
    steps.link(window, "Clear filters").click()
    expect(page.locator(f"#row-{deals[1].pk}")).to_be_visible()
