"""What a customer bought, is bound to, says of us: entered on its page, renewed from the list, in both languages."""

from datetime import timedelta

from playwright.sync_api import expect

from accounts.selectors import today
from customers.actions import create_contract
from customers.models import Contract, NpsResponse, Order
from tests import factories
from tests.browser import steps
from tests.browser.steps import dialog


@steps.IN_TWO_CORNERS
def test_an_order_a_contract_and_an_answer(company, open_page, language, viewport):
    customer = factories.customer(company.rep, "Big Works")
    day = today()
    create_contract(
        actor=company.rep, customer=customer, title="Service", starts_on=day - timedelta(days=340),
        ends_on=day + timedelta(days=24),
    )  # fmt: skip
    window = open_page(company.rep, f"/customers/{customer.pk}/orders/new/", language=language, viewport=viewport)
    page = window.page
    page.locator("main [name=amount]").fill(steps.typed(window, 1_200_000))
    page.locator("main [type=submit]").last.click()
    page.wait_for_url(f"**/customers/{customer.pk}/")
    assert Order.objects.get().amount == 1_200_000

    page.goto(f"/customers/{customer.pk}/nps/new/")
    page.locator("main [name=score]").fill("9")
    steps.sound(window, "nps form")
    page.locator("main [type=submit]").last.click()
    page.wait_for_url(f"**/customers/{customer.pk}/")
    assert NpsResponse.objects.get().score == 9

    page.goto("/contracts/?due=true")
    expect(page.locator("main tbody tr")).to_have_count(1)
    steps.sound(window, "contracts")
    page.locator("main tbody a[href$='/renew/']").click()
    expect(dialog(window).locator("[name=starts_on]")).to_have_value((day + timedelta(days=25)).isoformat())
    steps.sound(window, "renewal form")
    dialog(window).locator("[type=submit]").click()
    page.wait_for_url(f"**/customers/{customer.pk}/")
    assert Contract.objects.filter(renewed_by__isnull=False).count() == 1
    page.goto("/contracts/?due=true")
    expect(page.locator("main tbody tr")).to_have_count(0)
    for path in ("/orders/", "/nps/"):
        page.goto(path)
        steps.sound(window, path)
