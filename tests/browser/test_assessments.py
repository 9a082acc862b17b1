"""Assessments in the browser: the rules of tiers, one customer, a team's customers in one grid."""

import pytest
from playwright.sync_api import expect

from customers.models import Assessment, Customer
from customers.rules.tiers import CRITERIA
from customers.selectors.tiers import rules_now
from tests import factories
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


@pytest.fixture
def harbour(company):
    """A key account of the rep, and two of lesser tiers."""
    found = factories.customer(company.rep, "Harbour Foods", tier="4A")
    factories.customer(company.rep, "Inland Mills", tier="2A")
    factories.customer(company.rep, "Jade Ports", tier="2A")
    return found


def in_tier(page, tier):
    """How many customers the pyramid has in a tier."""
    page.goto("/customers/pyramid/")
    return page.locator(f"main th a[href$='tier={tier}']").locator("xpath=ancestor::tr/td[1]").first


@steps.IN_TWO_CORNERS
def test_a_customer_is_assessed_and_overridden_and_the_pyramid_moves(company, harbour, open_page, language, viewport):
    window = open_page(company.rep, f"/customers/{harbour.pk}/assess/", language=language, viewport=viewport)
    page = window.page
    verdict = page.locator("#assess-preview")
    for name in CRITERIA:
        page.locator(f"[name={name}][value='3']").check()
        expect(verdict).to_be_in_viewport()
    expect(verdict).to_contain_text("60")
    expect(page.locator("fieldset").first).to_contain_text(say(window, "weight %(weight)s", weight=20))
    steps.sound(window, "assess one")
    page.locator("main [type=submit]").click()
    expect(page.locator("main")).to_contain_text("3A")
    expect(in_tier(page, "3A")).to_have_text("1")
    expect(in_tier(page, "4A")).to_have_text("0")

    manager = open_page(company.manager, f"/customers/{harbour.pk}/assessments/", language=language, viewport=viewport)
    steps.link(manager, "Override the tier").click()
    steps.dialog(manager).locator("[name=tier]").select_option("5A")
    steps.dialog(manager).locator("[name=reason]").fill("Two plants come next year")
    steps.send(manager)
    expect(manager.page.locator("main")).to_contain_text("Two plants come next year")
    steps.sound(manager, "overridden")
    expect(in_tier(manager.page, "5A")).to_have_text("1")
    assert Customer.objects.get(pk=harbour.pk).tier == "5A"


@steps.IN_TWO_CORNERS
def test_customers_are_assessed_in_one_grid_by_keyboard(company, harbour, open_page, language, viewport):
    second, third = Customer.objects.exclude(pk=harbour.pk).order_by("name")
    window = open_page(company.rep, "/day/", language=language, viewport=viewport, expected=["status of 422"])
    page = window.page
    page.locator("a[href='/customers/assess/?whose=mine&due=true']").click()
    expect(page.locator("[data-row]")).to_have_count(1)
    page.goto("/customers/assess/")
    row, below = page.locator(f"#assess-{harbour.pk}"), page.locator(f"#assess-{second.pk}")
    row.locator("[name=sales]").focus()
    for digit in "444344":
        page.keyboard.press(digit)
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(row.locator("[role=alert]")).to_contain_text(say(window, "Give a score from 0 to 5."))
    expect(below.locator("[name=openness]")).to_be_focused()
    expect(row.locator("[name=goals]")).to_have_value("4")
    steps.sound(window, "grid refused")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("5")
    expect(row.locator("[data-result]")).to_contain_text("79")
    page.keyboard.press("Enter")
    expect(row.locator("[data-saved]")).to_contain_text(say(window, "Saved"))
    expect(row.locator("[role=alert]")).to_have_count(0)
    expect(row.locator(".is-name")).to_contain_text("4A")
    expect(below.locator("[name=openness]")).to_be_focused()
    below.locator("[name=sales]").fill("2")
    page.keyboard.press("Enter")
    expect(page.locator(f"#assess-{third.pk} [name=sales]")).to_be_focused()
    expect(below.locator("[role=alert]")).to_be_visible()
    expect(row.locator("[data-saved]")).to_contain_text(say(window, "Saved"))
    steps.sound(window, "grid")
    made = Assessment.objects.get()
    assert (made.customer, [made.scores[name] for name in CRITERIA]) == (harbour, [4, 4, 4, 3, 4, 4, 5])
    on_its_way = []
    page.route("**/assess/row/", lambda route: on_its_way.append(route))
    row.locator("[name=growth]").fill("5")
    with page.expect_request("**/assess/row/"):
        page.keyboard.press("Enter")
    row.locator("[name=margin]").fill("5")
    on_its_way.pop().continue_()
    expect(row.locator("[data-result]")).to_contain_text("84")
    expect(row.locator("[name=margin]")).to_have_value("5")
    assert [each.scores["margin"] for each in Assessment.objects.all()] == [4, 4], "typed since, and not saved yet"
    page.unroute("**/assess/row/")
    page.once("dialog", lambda asked: asked.accept())
    page.goto("/customers/")
