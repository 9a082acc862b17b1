"""The table: cells edited where they stand, and many rows at once."""

from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from opportunities.models import Opportunity
from tests import factories
from tests.browser import steps
from tests.browser.steps import IN_TWO_CORNERS, cell, dialog, say, toast

TABLE = "/opportunities/table/"


@pytest.fixture
def deals(company):
    return [
        factories.opportunity(company.rep, "Airport line", amount=Decimal(6_400_000)),
        factories.opportunity(company.rep, "Cold store", amount=Decimal(1_200_000), stage="validate"),
        factories.opportunity(company.rep, "Parcel hub", amount=Decimal(3_000_000), stage="cocreate"),
    ]


def fresh(deal):
    return Opportunity.objects.get(pk=deal.pk)


def open_cell(window, deal, field):
    """The editor of a cell, focused."""
    cell(window, deal, field).locator("a.asc-cell").click()
    editor = cell(window, deal, field).locator(f"form [name={field}]")
    expect(editor).to_be_focused()
    return editor


@IN_TWO_CORNERS
def test_amount_and_date_by_enter_tab_and_esc(company, deals, open_page, language, viewport):
    window = open_page(company.rep, TABLE, language=language, viewport=viewport)
    page, deal = window.page, deals[0]
    steps.sound(window, "table")
    amount = open_cell(window, deal, "amount")
    expect(amount).to_have_value(steps.typed(window, 6_400_000))
    steps.sound(window, "table cell")
    amount.fill(steps.typed(window, 7_500_000))
    page.keyboard.press("Enter")
    expect(cell(window, deal, "amount")).to_contain_text(steps.money(window, 7_500_000))
    expect(cell(window, deal, "amount").locator("a.asc-cell")).to_be_focused()
    expect(toast(window)).to_contain_text("Airport line")
    assert fresh(deal).amount == Decimal(7_500_000)

    open_cell(window, deal, "amount").fill(steps.typed(window, 8_000_000))
    page.keyboard.press("Tab")
    close = cell(window, deal, "expected_close_date").locator("form [name=expected_close_date]")
    expect(close).to_be_focused()
    assert fresh(deal).amount == Decimal(8_000_000)
    close.fill("2027-06-30")
    page.keyboard.press("Enter")
    expect(cell(window, deal, "expected_close_date").locator("form")).to_have_count(0)
    assert fresh(deal).expected_close_date == date(2027, 6, 30)

    open_cell(window, deal, "next_step").fill("Something that I did not mean")
    page.keyboard.press("Escape")
    expect(cell(window, deal, "next_step")).to_have_text(say(window, "Set the next step"))
    assert fresh(deal).next_step == ""


def test_what_is_refused_stays_open(company, deals, open_page, language):
    window = open_page(company.rep, TABLE, language=language, expected=["status of 422"])
    deal = deals[0]
    amount = open_cell(window, deal, "amount")
    amount.fill("12 apples")
    window.page.keyboard.press("Enter")
    expect(cell(window, deal, "amount").get_by_role("alert")).to_be_visible()
    expect(amount).to_have_value("12 apples")
    expect(amount).to_be_focused()
    steps.sound(window, "table cell refused")
    amount.fill("¥3M")
    window.page.keyboard.press("Enter")
    expect(cell(window, deal, "amount")).to_contain_text(steps.money(window, 3_000_000))
    assert fresh(deal).amount == Decimal(3_000_000)


def test_a_cell_without_network_keeps_what_was_typed(company, deals, open_page, language):
    window = open_page(company.rep, TABLE, language=language, expected=["net::ERR_FAILED", "Failed to fetch"])
    step = open_cell(window, deals[0], "next_step")
    window.page.route("**/field/**", lambda route: route.abort())
    step.fill("Call the buyer")
    window.page.keyboard.press("Enter")
    expect(toast(window)).to_contain_text(say(window, steps.OFFLINE))
    expect(step).to_have_value("Call the buyer")
    window.page.unroute("**/field/**")
    step.press("Enter")
    expect(cell(window, deals[0], "next_step").locator("a.asc-cell")).to_contain_text("Call the buyer")
    assert fresh(deals[0]).next_step == "Call the buyer"


def test_an_edit_is_undone_from_the_toast(company, deals, open_page, language):
    window = open_page(company.rep, TABLE, language=language)
    open_cell(window, deals[0], "amount").fill(steps.typed(window, 9_000_000))
    window.page.keyboard.press("Enter")
    expect(cell(window, deals[0], "amount")).to_contain_text(steps.money(window, 9_000_000))
    window.page.keyboard.press("z")
    expect(cell(window, deals[0], "amount")).to_contain_text(steps.money(window, 6_400_000))
    assert fresh(deals[0]).amount == Decimal(6_400_000)


def test_another_stage_from_the_table(company, deals, open_page, language):
    window = open_page(company.rep, TABLE, language=language)
    cell(window, deals[2], "stage").locator("a.asc-cell").click()
    cell(window, deals[2], "stage").locator("select").select_option("validate")
    window.page.keyboard.press("Enter")
    expect(dialog(window)).to_be_visible()
    dialog(window).get_by_text(say(window, "Budget")).click()
    steps.save(window)
    expect(cell(window, deals[2], "stage")).to_contain_text("25%")
    assert fresh(deals[2]).stage.key == "validate"


def test_sorted_by_a_column(company, deals, open_page, language):
    window = open_page(company.rep, TABLE, language=language)
    window.page.locator("thead").get_by_role("link", name=say(window, "Amount")).click()
    window.page.wait_for_url("**sort=*amount*")
    titles = window.page.locator("tbody tr[id^=row-] .asc-deal-cell a").all_inner_texts()
    assert titles in (["Airport line", "Parcel hub", "Cold store"], ["Cold store", "Parcel hub", "Airport line"])
    steps.sound(window, "table sorted")


def pick(window, *deals):
    for deal in deals:
        window.page.locator(f"#pick-{deal.pk}").check()


@IN_TWO_CORNERS
def test_many_moved_at_once_and_each_is_answered(company, deals, open_page, language, viewport):
    window = open_page(company.rep, TABLE, language=language, viewport=viewport)
    page = window.page
    pick(window, *deals)
    bar = page.locator("#bulk")
    expect(bar.get_by_role("status")).to_contain_text("3")
    bar.locator("button[value=move]").click()
    form = dialog(window)
    form.locator("[name=stage]").select_option("validate")
    steps.sound(window, "bulk move")
    steps.send(window)
    expect(form.locator("[data-failed]")).to_have_count(1)
    expect(form.locator(f"[data-failed='{deals[2].pk}']")).to_contain_text("Parcel hub")
    steps.sound(window, "bulk answered")
    form.locator(".asc-dialog-f [data-close]").click()
    assert [fresh(deal).stage.key for deal in deals] == ["validate", "validate", "cocreate"]
    expect(page.locator(f"#pick-{deals[2].pk}")).to_be_checked()
    expect(page.locator(f"#pick-{deals[0].pk}")).not_to_be_checked()


def test_many_handed_over_by_the_manager(company, deals, open_page, language):
    window = open_page(company.manager, TABLE, language=language)
    pick(window, deals[0], deals[1])
    window.page.locator("#bulk button[value=assign]").click()
    form = dialog(window)
    steps.look_up(window, "owner", "mate", "[data-value=mate]")
    steps.sound(window, "bulk hand over")
    steps.send(window)
    expect(form.get_by_role("status")).to_be_visible()
    form.locator(".asc-dialog-f [data-close]").click()
    expect(window.page.locator(f"#row-{deals[0].pk}")).to_contain_text("Mate")
    assert [fresh(deal).owner.username for deal in deals] == ["mate", "mate", "rep"]


def test_the_close_of_many_is_shifted(company, deals, open_page, language):
    window = open_page(company.rep, TABLE, language=language, expected=["status of 422"])
    pick(window, deals[0], deals[1])
    window.page.locator("#bulk button[value=shift]").click()
    form = dialog(window)
    steps.send(window)
    expect(form.get_by_role("alert")).to_be_visible()
    form.locator("[name=days]").fill("14")
    steps.send(window)
    expect(form.get_by_role("status")).to_be_visible()
    assert {fresh(deal).expected_close_date for deal in deals[:2]} == {date(2027, 4, 14)}
    assert fresh(deals[2]).expected_close_date == date(2027, 3, 31)
