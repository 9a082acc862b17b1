"""Two windows on the same deal: who wrote later is asked, and nothing that was typed is lost."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from opportunities.models import Opportunity
from tests import factories
from tests.browser import steps
from tests.browser.driver import WIDE
from tests.browser.steps import IN_TWO_CORNERS, cell, dialog, say


@pytest.fixture
def deal(company):
    return factories.opportunity(company.rep, "Airport line", amount=Decimal(6_400_000), stage="validate")


@pytest.fixture
def mine(company, deal, open_page, language, viewport):
    """The rep's table."""
    return open_page(
        company.rep, "/opportunities/table/", language=language, viewport=viewport, expected=["status of 409"]
    )


@pytest.fixture
def theirs(company, deal, open_page, language):
    """The manager's page of the same deal."""
    return open_page(company.manager, f"/opportunities/{deal.pk}/", language=language)


def fresh(deal):
    return Opportunity.objects.get(pk=deal.pk)


def edit(window, deal, field, text):
    """Type into a cell and save it."""
    cell(window, deal, field).locator("a.asc-cell").first.click()
    editor = cell(window, deal, field).locator(f"form [name={field}]")
    expect(editor).to_be_focused()
    editor.fill(text)
    editor.press("Enter")


def both_set_the_amount(mine, theirs, deal):
    """The rep opens the cell, the manager is faster, the rep saves: the conflict."""
    cell(mine, deal, "amount").locator("a.asc-cell").click()
    editor = cell(mine, deal, "amount").locator("form [name=amount]")
    expect(editor).to_be_focused()
    edit(theirs, deal, "amount", steps.typed(theirs, 5_000_000))
    expect(cell(theirs, deal, "amount")).to_contain_text(steps.money(theirs, 5_000_000))
    editor.fill(steps.typed(mine, 7_000_000))
    editor.press("Enter")
    expect(dialog(mine).get_by_role("alert")).to_contain_text("Manager")
    expect(dialog(mine)).to_contain_text(steps.money_full(mine, 5_000_000))
    expect(dialog(mine)).to_contain_text(steps.money_full(mine, 7_000_000))
    assert fresh(deal).amount == Decimal(5_000_000), "nothing is written yet"


@IN_TWO_CORNERS
def test_keep_mine(mine, theirs, deal):
    both_set_the_amount(mine, theirs, deal)
    steps.sound(mine, "conflict")
    steps.button(mine, "Keep mine", dialog(mine)).click()
    expect(dialog(mine)).to_be_hidden()
    expect(cell(mine, deal, "amount").locator("a.asc-cell")).to_contain_text(steps.money(mine, 7_000_000))
    assert fresh(deal).amount == Decimal(7_000_000)


@steps.IN_TWO_CORNERS
def test_take_theirs(mine, theirs, deal):
    both_set_the_amount(mine, theirs, deal)
    steps.button(mine, "Take theirs", dialog(mine)).click()
    expect(dialog(mine)).to_be_hidden()
    expect(cell(mine, deal, "amount").locator("a.asc-cell")).to_contain_text(steps.money(mine, 5_000_000))
    assert fresh(deal).amount == Decimal(5_000_000)


@pytest.mark.parametrize("viewport", [WIDE], ids=["1440"])
def test_closing_the_question_keeps_what_was_typed(mine, theirs, deal):
    both_set_the_amount(mine, theirs, deal)
    mine.page.keyboard.press("Escape")
    expect(dialog(mine)).to_be_hidden()
    editor = cell(mine, deal, "amount").locator("form [name=amount]")
    expect(editor).to_have_value(steps.typed(mine, 7_000_000))
    assert fresh(deal).amount == Decimal(5_000_000)


@pytest.mark.parametrize("viewport", [WIDE], ids=["1440"])
def test_different_fields_are_no_conflict(mine, theirs, deal):
    edit(theirs, deal, "amount", steps.typed(theirs, 5_000_000))
    expect(cell(theirs, deal, "amount")).to_contain_text(steps.money(theirs, 5_000_000))
    edit(mine, deal, "next_step", "Call the buyer")
    expect(cell(mine, deal, "next_step").locator("a.asc-cell")).to_contain_text("Call the buyer")
    row = fresh(deal)
    assert (row.amount, row.next_step) == (Decimal(5_000_000), "Call the buyer")


def test_a_card_that_was_moved_meanwhile(company, deal, theirs, open_page, language):
    mine = open_page(company.rep, "/opportunities/", language=language, expected=["status of 409"])
    theirs.page.locator("#opp-move > summary").click()
    theirs.page.locator("#opp-move button[value=cocreate]").click()
    expect(steps.toast(theirs)).to_be_visible()
    steps.drag(mine, deal, "decide")
    expect(dialog(mine)).to_contain_text("Manager")
    steps.sound(mine, "board conflict")
    assert fresh(deal).stage.key == "cocreate"
    steps.button(mine, "Keep mine", dialog(mine)).click()
    expect(dialog(mine)).to_be_hidden()
    steps.in_column(mine, deal, "decide")
    assert fresh(deal).stage.key == "decide"


@steps.IN_TWO_CORNERS
def test_the_whole_form_asks_for_each_field(company, deal, theirs, open_page, language, viewport):
    mine = open_page(
        company.rep, f"/opportunities/{deal.pk}/edit/", language=language, viewport=viewport, expected=["status of 409"]
    )
    steps.sound(mine, "opportunity form")
    edit(theirs, deal, "amount", steps.typed(theirs, 5_000_000))
    expect(cell(theirs, deal, "amount")).to_contain_text(steps.money(theirs, 5_000_000))
    mine.page.get_by_label(say(mine, "Title")).fill("Airport line, both halls")
    mine.page.get_by_label(say(mine, "Amount"), exact=False).first.fill(steps.typed(mine, 7_000_000))
    mine.page.locator("main form [type=submit]").click()
    expect(mine.page.locator("main")).to_contain_text("Manager")
    steps.sound(mine, "conflict page")
    steps.button(mine, "Keep mine", mine.page.locator("main")).click()
    expect(mine.page.get_by_role("heading", level=1)).to_have_text("Airport line, both halls")
    row = fresh(deal)
    assert (row.amount, row.title) == (Decimal(7_000_000), "Airport line, both halls")
