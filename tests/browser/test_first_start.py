"""An empty installation in the browser: the guide, an empty start, the demo in and out again, a change of the past."""

import pytest
from playwright.sync_api import expect

from accounts.models import Organisation, User
from opportunities.models import Opportunity
from tests import factories
from tests.browser import steps
from tests.browser.steps import button, link, say


@pytest.fixture
def boss(shipped) -> User:
    """The first administrator."""
    return User.objects.create_superuser("boss", factories.PASSWORD, name="Boss")


@steps.IN_TWO_CORNERS
def test_an_empty_installation_is_set_up(boss, open_page, language, viewport):
    window = open_page(boss, "/", language=language, viewport=viewport, expected=["status of 422"])
    page = window.page
    expect(page.get_by_role("heading", level=1)).to_have_text(say(window, "First steps"))
    steps.sound(window, "first start")
    page.locator("[name=name]").fill("Harbour Works")
    page.locator("[name=currency]").select_option("EUR")
    page.locator("[name=timezone]").select_option("Europe/Berlin")
    for day in range(1, 6):
        page.locator(f"[name=working_days][value='{day}']").press(" ")
    button(window, "Save the organisation").click()
    expect(page.locator(".invalid-feedback")).to_have_text(say(window, "Choose one working day at least."))
    page.locator("[name=working_days][value='1']").press(" ")
    button(window, "Save the organisation").click()
    expect(page.locator("main dl")).to_contain_text("Harbour Works")
    steps.sound(window, "first start with an organisation")
    button(window, "Start empty").click()
    page.wait_for_url("**/opportunities/")
    row = Organisation.objects.get()
    assert (row.name, row.currency, row.timezone, row.working_days) == ("Harbour Works", "EUR", "Europe/Berlin", [1])
    page.goto("/")
    page.wait_for_url("**/opportunities/")


@steps.IN_TWO_CORNERS
def test_the_demo_is_looked_at_and_removed(boss, open_page, language, viewport):
    window = open_page(boss, "/start/", language=language, viewport=viewport, expected=["status of 422"])
    page = window.page
    page.set_default_timeout(60_000)
    button(window, "Look at the demo").click()
    page.wait_for_url("**/dashboard/")
    assert Organisation.objects.get().is_demo
    page.goto("/settings/")
    link(window, "Remove the demo").click()
    expect(page.locator("main")).to_contain_text(Organisation.objects.get().name)
    steps.sound(window, "remove the demo")
    page.locator("[name=name]").fill("Somebody else")
    button(window, "Delete everything").click()
    expect(page.locator(".invalid-feedback")).to_be_visible()
    page.locator("[name=name]").fill(Organisation.objects.get().name)
    button(window, "Delete everything").click()
    page.wait_for_url("**/start/")
    gone = say(window, "The demo is gone. The installation is as on its first day.")
    expect(page.locator(".asc-messages")).to_contain_text(gone)
    assert not Opportunity.objects.exists()


@steps.IN_TWO_CORNERS
def test_a_change_of_the_past_is_read_corrected_and_confirmed(company, open_page, language, viewport):
    factories.opportunity(company.rep, "Airport line")
    window = open_page(
        company.admin, "/settings/organisation/", language=language, viewport=viewport, expected=["status of 422"]
    )
    page = window.page
    page.locator("[name=timezone]").select_option("Europe/Berlin")
    page.locator("[name=currency]").select_option("USD")
    page.locator("main [type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say(window, "This changes the past"))
    steps.sound(window, "change the past")
    button(window, "Back to the form").click()
    expect(page.locator("[name=currency]")).to_have_value("USD")
    page.locator("[name=currency]").select_option("CNY")
    page.locator("main [type=submit].btn-primary").click()
    button(window, "Change the past so").click()
    page.wait_for_url("**/settings/")
    row = Organisation.objects.get()
    assert (row.currency, row.timezone) == ("CNY", "Europe/Berlin")
    page.goto("/settings/organisation/")
    expect(page.locator("main tbody")).to_contain_text("Europe/Berlin")
    steps.sound(window, "organisation with its changes")
