"""Assessments in the browser: the rules of tiers, one customer, a team's customers in one grid."""

from playwright.sync_api import expect

from customers.selectors.tiers import rules_now
from tests.browser import steps
from tests.browser.steps import say


@steps.IN_TWO_CORNERS
def test_the_rules_of_tiers_are_changed(company, open_page, language, viewport):
    window = open_page(company.admin, "/settings/", language=language, viewport=viewport, expected=["status of 422"])
    page, save = window.page, window.page.locator("main [type=submit]")
    steps.link(window, "Tiers", page.locator("main")).click()
    steps.sound(window, "tier rules")
    steps.link(window, "Change").click()
    page.locator("[name=weights_sales]").fill("25")
    page.locator("[name=cadence_days_5A]").fill("5")
    save.click()
    expect(page.locator("#id_weights_error")).to_contain_text(
        say(window, "The weights make a hundred in all, not %(sum)s.", sum=105)
    )
    expect(page.locator("[name=cadence_days_5A]")).to_have_value("5")
    steps.sound(window, "tier rules refused")
    page.locator("[name=weights_margin]").fill("10")
    save.click()
    expect(page.locator("main")).to_contain_text("20 → 25")
    steps.sound(window, "tier rules changed")
    assert (rules_now().weights["sales"], rules_now().cadence_days["5A"]) == (25, 5)
