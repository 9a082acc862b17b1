"""Settings, customers and preferences in the browser."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from customers.models import Customer
from opportunities.models import Opportunity, Stage
from tests import factories
from tests.browser import steps
from tests.browser.steps import dialog, say

ADMIN_PAGES = [
    *("/settings/", "/settings/organisation/", "/settings/people/", "/settings/teams/", "/settings/nightly/"),
    *("/products/", "/products/new/"),
]
PAGES = ["/profile/", "/customers/", "/customers/new/", "/contacts/", "/accounts/password/change/"]


@steps.IN_TWO_CORNERS
def test_every_page_is_sound(company, open_page, language, viewport):
    of = factories.customer(company.rep, "Harbour Foods")
    factories.contact(company.rep, of, "Wang Fang")
    factories.product(company.admin, "Shuttle")
    for person, addresses in ((company.admin, ADMIN_PAGES), (company.rep, [*PAGES, f"/customers/{of.pk}/edit/"])):
        window = open_page(person, language=language, viewport=viewport)
        for address in addresses:
            window.page.goto(address)
            expect(window.page.get_by_role("heading", level=1)).to_be_visible()
            steps.sound(window, address.replace(str(of.pk), "PK"))
            if window.phone and person.is_admin:
                assert window.too_small() == [], address


@steps.IN_TWO_CORNERS
def test_a_stage_is_renamed(company, open_page, language, viewport):
    stage = Stage.objects.get(key="validate")
    window = open_page(
        company.admin, "/settings/stages/", language=language, viewport=viewport, expected=["status of 422"]
    )
    page, form = window.page, dialog(window)
    steps.sound(window, "stages")
    page.locator(f"a[href='/settings/stages/{stage.pk}/edit/']").click()
    form.locator("[name=name_zh]").fill("需求核实")
    form.locator("[name=name_en]").fill("")
    steps.send(window)
    expect(form.locator(".invalid-feedback")).to_be_visible()
    steps.sound(window, "stage refused")
    form.locator("[name=name_en]").fill("Check the need")
    steps.send(window)
    expect(page.locator("main tbody").first).to_contain_text("Check the need")
    page.goto("/opportunities/")
    expect(page.locator(f"#col-{stage.pk}")).to_have_attribute(
        "aria-label", f"{'需求核实' if language == 'zh-hans' else 'Check the need'} 25%"
    )


def test_a_stage_is_retired_with_its_deals(company, open_page, language):
    deal = factories.opportunity(company.rep, "Airport line", stage="validate")
    stage = Stage.objects.get(key="validate")
    window = open_page(company.admin, "/settings/stages/", language=language)
    window.page.locator(f"a[href='/settings/stages/{stage.pk}/retire/']").click()
    dialog(window).locator("[name=target]").select_option("cocreate")
    steps.sound(window, "retire a stage")
    dialog(window).locator("[type=submit]").click()
    expect(window.page.locator(f"tr[data-item='{stage.pk}']")).to_have_count(0)
    assert Opportunity.objects.get(pk=deal.pk).stage.key == "cocreate"


def test_language_and_theme_keep_the_address(company, open_page):
    factories.opportunity(company.rep, "Airport line", amount=Decimal(6_400_000))
    window = open_page(company.rep, "/opportunities/table/?q=airport&sort=amount")
    page = window.page
    expect(page.locator("main")).to_contain_text("¥6.4M")
    page.get_by_role("button", name="切换到中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator("main")).to_contain_text("¥640万")
    assert page.url.endswith("/opportunities/table/?q=airport&sort=amount")

    window.language = "zh-hans"
    with page.expect_response("**/preferences/"):
        page.get_by_role("button", name=say(window, "Switch between light and dark")).click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.url.endswith("/opportunities/table/?q=airport&sort=amount")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_keys_go_from_page_to_page(company, open_page, language):
    window = open_page(company.rep, "/opportunities/", language=language)
    page = window.page
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/customers/")
    page.keyboard.press("?")
    expect(page.locator("#asc-keys")).to_be_visible()
    steps.sound(window, "keys")
    page.keyboard.press("Escape")
    expect(page.locator("#asc-keys")).to_be_hidden()


@steps.IN_TWO_CORNERS
def test_a_customer_is_made_and_its_first_deal(company, open_page, language, viewport):
    window = open_page(company.rep, "/customers/new/", language=language, viewport=viewport, expected=["status of 422"])
    page = window.page
    page.locator("main [type=submit]").click()
    expect(page.locator("main .invalid-feedback").first).to_be_visible()
    page.locator("main [name=name]").fill("Harbour Foods")
    page.locator("main [type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbour Foods")
    customer = Customer.objects.get()
    assert customer.owner == company.rep
    steps.sound(window, "customer")
    page.locator("main a[href*='/opportunities/new/'], header a[href*='/opportunities/new/']").first.click()
    form = dialog(window)
    form.locator("[name=title]").fill("First line")
    form.locator("[name=amount]").fill(steps.typed(window, 500_000))
    form.locator("[name=expected_close_date]").fill("2027-05-31")
    steps.send(window)
    expect(page.get_by_role("heading", level=1)).to_have_text("First line")
    assert Opportunity.objects.get().customer == customer


@pytest.mark.parametrize("kept", [True, False], ids=["typed", "untouched"])
def test_a_dialog_is_left_by_a_click_beside_it_unless_something_was_typed(company, open_page, kept):
    window = open_page(company.rep, "/opportunities/")
    window.page.locator("[data-new]").click()
    title = dialog(window).locator("[name=title]")
    expect(title).to_be_visible()
    if kept:
        title.fill("Half a thought")
    window.page.mouse.click(10, 10)
    if kept:
        expect(title).to_have_value("Half a thought")
    else:
        expect(dialog(window)).to_be_hidden()
