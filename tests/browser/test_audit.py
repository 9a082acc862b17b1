"""The audit trail: filtered and exported by an administrator, and the part of it that belongs to a row."""

from decimal import Decimal

from playwright.sync_api import expect

from opportunities.actions import edit_opportunity, move_to_stage
from opportunities.models import Stage
from tests import factories
from tests.browser import steps
from tests.browser.steps import IN_TWO_CORNERS, button, link, say


@IN_TWO_CORNERS
def test_the_trail_is_filtered_and_exported(company, open_page, language, viewport):
    deal = factories.opportunity(company.rep, "Airport line")
    edit_opportunity(opportunity=deal, changes={"amount": Decimal(250_000)}, seen=None, actor=company.rep)
    move_to_stage(opportunity=deal, stage=Stage.objects.get(key="validate"), seen=None, actor=company.rep)
    window = open_page(company.admin, "/settings/", language=language, viewport=viewport)
    link(window, "Audit trail").click()
    rows = window.page.locator(".asc-trail tbody tr")
    expect(rows.first).to_contain_text("Airport line")
    steps.sound(window, "audit")
    assert not window.phone or window.too_small() == []
    window.page.locator("[name=action]").select_option("edit")
    window.page.locator("[name=row]").fill("airport")
    button(window, "Filter").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(steps.money_full(window, 250_000))
    steps.sound(window, "audit filtered")
    window.page.locator(".asc-top summary").first.click()
    with window.page.expect_download() as download:
        window.page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.endswith(".csv")
    text = download.value.path().read_text()
    assert text.count("Airport line") == 1
    rows.get_by_role("link", name="Airport line").click()
    expect(window.page.locator("h1")).to_contain_text("Airport line")
    window.page.get_by_role("link", name=say(window, "All changes")).click()
    expect(rows).to_have_count(3)
    steps.sound(window, "all changes")
    assert not window.phone or window.too_small() == []


@IN_TWO_CORNERS
def test_a_customers_changes(company, open_page, language, viewport):
    customer = factories.customer(company.rep, "Acme Works")
    factories.contact(company.rep, customer, "Ms Secret")
    window = open_page(company.rep, f"/customers/{customer.pk}/", language=language, viewport=viewport)
    window.page.get_by_role("link", name=say(window, "All changes")).click()
    expect(window.page.locator(".asc-trail tbody tr")).to_have_count(2)
    expect(window.page.locator(".asc-trail")).not_to_contain_text("Ms Secret")
    steps.sound(window, "changes of a customer")
