"""The white space of a customer is filled in on its page, and My day says which contract is to be renewed."""

from datetime import timedelta

from playwright.sync_api import expect

from accounts.selectors import today
from customers.actions import create_contract
from customers.models import Contract, Coverage, Supplier, Unit
from tests import factories
from tests.browser import steps
from tests.browser.steps import dialog


@steps.IN_TWO_CORNERS
def test_a_unit_a_field_and_a_supplier(company, open_page, language, viewport):
    customer = factories.customer(company.rep, "Big Works", annual_spend=1000)
    lift, home = factories.product(company.admin, "Lift"), f"/customers/{customer.pk}/"
    window = open_page(company.rep, f"{home}white-space/", language=language, viewport=viewport)
    page = window.page
    page.locator(f"main a[href='{home}units/new/']").click()
    dialog(window).locator("[name=name]").fill("North")
    steps.sound(window, "unit form")
    dialog(window).locator("[type=submit]").click()
    page.wait_for_url(f"**{home}")

    unit = Unit.objects.get()
    page.goto(f"{home}white-space/")
    page.locator(f"main a[href='/units/{unit.pk}/products/{lift.pk}/']").click()
    dialog(window).locator("[name=state]").select_option("others")
    dialog(window).locator("[name=supplier]").fill("Rival")
    steps.sound(window, "field of the white space")
    dialog(window).locator("[type=submit]").click()
    page.wait_for_url(f"**{home}")
    assert Coverage.objects.get().supplier == "Rival"
    page.goto(f"{home}white-space/")
    steps.sound(window, "white space")

    page.goto(f"{home}share/")
    page.locator(f"main a[href='{home}suppliers/new/']").click()
    dialog(window).locator("[name=name]").fill("Rival")
    dialog(window).locator("[name=annual_amount]").fill(steps.typed(window, 500))
    steps.sound(window, "supplier form")
    dialog(window).locator("[type=submit]").click()
    page.wait_for_url(f"**{home}")
    assert Supplier.objects.get().annual_amount == 500
    page.goto(f"{home}share/")
    edit = page.locator(f"main a[href='/suppliers/{Supplier.objects.get().pk}/edit/']")
    edit.click()
    steps.sound(window, "edit supplier")

    dialog(window).locator(f"a[href='/suppliers/{Supplier.objects.get().pk}/archive/']").click()
    page.locator("main [type=submit]").click()
    page.wait_for_url(f"**{home}")
    page.goto(f"{home}share/")
    expect(edit).to_have_count(0)
    page.get_by_text(steps.say(window, "Removed suppliers")).click()
    steps.sound(window, "removed suppliers")
    page.locator(f"main a[href='/suppliers/{Supplier.objects.get().pk}/restore/']").click()
    steps.sound(window, "supplier put back")
    dialog(window).locator("[type=submit]").click()
    page.wait_for_url(f"**{home}")
    page.goto(f"{home}share/")
    expect(edit).to_be_visible()


@steps.IN_TWO_CORNERS
def test_a_contract_is_renewed_from_my_day(company, open_page, language, viewport):
    customer, day = factories.customer(company.rep, "Big Works", tier="5A"), today()
    row = create_contract(
        actor=company.rep, customer=customer, title="Service", starts_on=day - timedelta(days=340),
        ends_on=day + timedelta(days=24),
    )  # fmt: skip
    window = open_page(company.rep, "/day/", language=language, viewport=viewport)
    renew = window.page.locator(f"main a[href='/contracts/{row.pk}/renew/']")
    expect(renew).to_be_visible()
    steps.sound(window, "my day")
    renew.click()
    dialog(window).locator("[type=submit]").click()
    window.page.wait_for_url(f"**/customers/{customer.pk}/")
    assert Contract.objects.filter(renewed_by__isnull=False).count() == 1
    window.page.goto("/day/")
    expect(renew).to_have_count(0)
