"""The dashboard: every figure opens its rows, and the rows add up to it."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from accounts.selectors import today
from opportunities.actions import move_to_stage
from opportunities.models import Stage
from tests import factories
from tests.browser import steps
from tests.browser.steps import IN_TWO_CORNERS, say

FIRST_NUMBERS = "rows => rows.map(row => row.querySelector('td.num').innerText)"


@pytest.fixture
def deals(company):
    """Open deals of two teams, and one that is won."""
    rows = [
        factories.opportunity(company.rep, "Airport line", amount=Decimal(6_400_000), stage="decide"),
        factories.opportunity(company.mate, "Cold store", amount=Decimal("1200000.50")),
        factories.opportunity(company.stranger, "Parcel hub", amount=Decimal(3_000_000), stage="validate"),
    ]
    won = factories.opportunity(company.rep, "Book depot", amount=Decimal(2_000_000))
    move_to_stage(
        opportunity=won, stage=Stage.objects.get(key="won"), seen=won.version, actor=company.rep, amount=won.amount,
        signed_on=today(),
    )  # fmt: skip
    return rows


def figure(window, msgid):
    """The figure of one key number, as a link."""
    return window.page.locator(".asc-kpi").filter(has_text=say(window, msgid)).locator("a").first


def rows_of(window):
    """What the list behind a figure adds up to, row by row, and what its heading says."""
    expect(window.page.locator("main tbody tr").first).to_be_visible()
    amounts = window.page.locator("main tbody tr").evaluate_all(FIRST_NUMBERS)
    return sum((number(text) for text in amounts), Decimal(0)), window.page.locator("main h2").first.inner_text()


def number(text):
    return Decimal(re.sub(r"[^0-9.]", "", text))


@IN_TWO_CORNERS
def test_a_figure_opens_its_rows(company, deals, open_page, language, viewport):
    window = open_page(company.executive, "/", language=language, viewport=viewport)
    expect(window.page.locator("canvas").first).to_be_visible()
    steps.sound(window, "dashboard")
    total = Decimal("10600000.50")
    expect(figure(window, "Open pipeline")).to_have_text(steps.money(window, total))
    figure(window, "Open pipeline").click()
    added, heading = rows_of(window)
    assert added == total
    assert steps.money_full(window, total) in heading
    steps.sound(window, "dashboard rows")

    window.page.go_back()
    window.page.locator(".asc-funnel tbody tr").nth(3).locator("a").first.click()
    added, heading = rows_of(window)
    assert added == Decimal(6_400_000) and steps.money_full(window, added) in heading


def test_booked_and_the_waterfall_open_theirs(company, deals, open_page, language):
    window = open_page(company.executive, "/dashboard/", language=language)
    booked = window.page.locator(".asc-kpi").nth(2).locator("a")
    expect(booked).to_have_text(steps.money(window, 2_000_000))
    booked.click()
    assert rows_of(window)[0] == Decimal(2_000_000)

    window.page.goto("/dashboard/?days=7")
    line = window.page.locator(".asc-list li").filter(has=window.page.locator("a[href*='bar=new']"))
    total = Decimal("12600000.50")
    expect(line).to_contain_text(steps.money(window, total))
    line.locator("a").first.click()
    assert rows_of(window)[0] == total


@steps.IN_TWO_CORNERS
def test_from_a_team_to_a_person_to_a_deal(company, deals, open_page, language, viewport):
    window = open_page(company.director, "/dashboard/", language=language, viewport=viewport)
    page = window.page
    page.get_by_role("link", name="East", exact=True).click()
    page.wait_for_url("**/dashboard/?*team=east*")
    expect(figure(window, "Open pipeline")).to_have_text(steps.money(window, Decimal("7600000.50")))
    page.get_by_role("link", name="Mate", exact=True).click()
    page.wait_for_url("**/dashboard/?*owner=mate*")
    expect(figure(window, "Open pipeline")).to_have_text(steps.money(window, Decimal("1200000.50")))
    page.locator(".asc-teams tbody tr").filter(has_text="Mate").locator("td.num a").first.click()
    assert rows_of(window)[0] == Decimal("1200000.50")
    steps.link(window, "Cold store").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cold store")


def test_each_sees_their_own_numbers(company, deals, open_page, language):
    window = open_page(company.manager, "/dashboard/", language=language)
    expect(figure(window, "Open pipeline")).to_have_text(steps.money(window, Decimal("7600000.50")))
    assert "West" not in window.page.locator("main").inner_text()
    window.page.get_by_role("button", name=say(window, "Switch between light and dark")).click()
    expect(window.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(window.page.locator("canvas").first).to_be_visible()


@steps.IN_TWO_CORNERS
def test_an_empty_dashboard(company, open_page, language, viewport):
    window = open_page(company.executive, "/dashboard/", language=language, viewport=viewport)
    expect(window.page.get_by_role("heading", level=1)).to_have_text(say(window, "Performance dashboard"))
    steps.sound(window, "dashboard empty")
