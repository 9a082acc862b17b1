"""A manager says whom to look for, puts a customer that fits on the target list, and its rep makes a deal of it."""

import re
from decimal import Decimal

from playwright.sync_api import expect

from customers.models import IdealProfile, TargetCustomer
from opportunities.models import Opportunity
from tests import factories
from tests.browser import steps
from tests.browser.steps import button, dialog, link


@steps.IN_TWO_CORNERS
def test_from_an_ideal_customer_to_a_deal(company, open_page, language, viewport):
    customer = factories.customer(company.rep, "Far Voyage Cars", industry="Cars", annual_spend=Decimal(12_000_000))
    factories.customer(company.rep, "Bakery", annual_spend=Decimal(12_000_000))
    factories.customer(company.stranger, "Hidden Cars", industry="Cars", annual_spend=Decimal(12_000_000))

    window = open_page(company.manager, "/profiles/", language=language, viewport=viewport)
    describe(window)
    put_on_the_list(window)
    target = TargetCustomer.objects.get()
    profile = IdealProfile.objects.get()
    assert (target.owner, target.next_step, target.profile) == (company.rep, "Ask for a visit", profile)

    window = open_page(company.rep, "/targets/", language=language, viewport=viewport)
    make_a_deal(window)
    assert Opportunity.objects.get().customer == customer
    settle(window, customer)
    target.refresh_from_db()
    assert target.state == "won_over"


def describe(window):
    """Whom to look for."""
    page = window.page
    steps.sound(window, "no ideal customer yet")
    page.locator("main a[href='/profiles/new/']").click()
    page.locator("[name=name]").fill("Car makers")
    for place, (kind, value, weight) in enumerate([("industry", "Cars, Trucks", "60"), ("spend", "800万", "40")]):
        page.locator(f"[name=kind_{place}]").select_option(kind)
        page.locator(f"[name=value_{place}]").fill(value)
        page.locator(f"[name=weight_{place}]").fill(weight)
    steps.sound(window, "form of an ideal customer")
    page.locator("main [type=submit].btn-primary").click()
    page.wait_for_url("**/profiles/*/")


def put_on_the_list(window):
    """The one who fits."""
    page = window.page
    expect(page.locator("main tbody tr")).to_have_count(1)  # the bakery fits by 40 % alone
    page.locator("main tbody summary").click()
    expect(page.locator("main tbody .asc-said")).to_contain_text(steps.money(window, 8_000_000))
    steps.sound(window, "an ideal customer and who fits")
    link(window, "Add to the target list").click()
    dialog(window).locator("[name=next_step]").fill("Ask for a visit")
    dialog(window).locator("[name=next_step_due]").fill("2027-01-15")
    steps.sound(window, "add to the target list")
    steps.send(window)
    expect(page.locator("main tbody .is-acts")).to_contain_text("Rep")


def make_a_deal(window):
    """Of the target, from the list."""
    page = window.page
    expect(page.locator("main tbody tr")).to_contain_text("Ask for a visit")
    steps.sound(window, "target list")
    link(window, "Make a deal of it").click()
    dialog(window).locator("[name=title]").fill("Welding line")
    dialog(window).locator("[name=amount]").fill(steps.typed(window, 600_000))
    dialog(window).locator("[name=expected_close_date]").fill("2027-06-30")
    steps.send(window)
    page.wait_for_url(re.compile(r"/opportunities/\d+/"))


def settle(window, customer):
    """The target, of which a deal came."""
    page = window.page
    page.goto(f"/customers/{customer.pk}/")
    expect(page.locator("main").get_by_text("Ask for a visit")).to_be_visible()
    page.goto("/targets/")
    link(window, "A deal came of it").click()
    button(window, "A deal came of it", dialog(window)).click()
    expect(page.locator("main tbody")).to_have_count(0)
