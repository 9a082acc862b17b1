"""The customer's page: its panels come by themselves, and each is a page too."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.selectors import today
from customers.actions import merge_customers
from customers.models import Assessment, Contract, Coverage, Order, Supplier, TierRules, Unit
from customers.rules.tiers import CRITERIA
from opportunities.models import Stakeholder
from tests import factories
from tests.browser import steps
from tests.browser.steps import IN_TWO_CORNERS, say


def busy_customer(company):
    customer = factories.customer(company.rep, "Airport", tier="5A", annual_spend=Decimal(1_000_000))
    contact = factories.contact(company.rep, customer, "Li Wei", influence=5)
    deal = factories.opportunity(company.rep, "Airport line", customer=customer)
    Stakeholder.objects.create(opportunity=deal, contact=contact, stance=1)
    product = factories.product(company.admin, "Lift")
    Order.objects.create(customer=customer, product=product, amount=Decimal(400_000), booked_on=today())
    Supplier.objects.create(customer=customer, name="Rival", annual_amount=Decimal(300_000))
    ended = today() - timedelta(days=1)
    Contract.objects.create(customer=customer, starts_on=ended - timedelta(days=364), ends_on=ended)
    unit = Unit.objects.create(customer=customer, name="North")
    Coverage.objects.create(unit=unit, product=product, state="ours")
    factories.customer(company.rep, "Airport parts", parent=customer)
    rules = TierRules.objects.create(valid_from=timezone.now())
    Assessment.objects.create(
        customer=customer, rules=rules, assessed_by=company.manager, points=440,
        scores=dict.fromkeys(CRITERIA, 4), computed_tier="5A", tier="5A",
    )  # fmt: skip
    return customer


@IN_TWO_CORNERS
def test_panels_come_by_themselves(company, open_page, language, viewport):
    customer = busy_customer(company)
    window = open_page(company.rep, f"/customers/{customer.pk}/", language=language, viewport=viewport)
    page = window.page
    expect(page.locator("#panel-share")).to_contain_text("Rival")
    expect(page.locator("#panel-white-space")).to_contain_text("North")
    expect(page.locator("#panel-people")).to_contain_text("Airport line")
    expect(page.locator("#panel-revenue")).to_contain_text("Lift")
    expect(page.locator("#panel-facts")).to_contain_text(steps.money_full(window, 400_000))
    expect(page.locator("#panel-group")).to_contain_text("Airport parts")
    steps.sound(window, "customer")


ONES_OWN = [
    "assessments", "contacts/new", "orders/new", "contracts/new", "suppliers/new", "units/new", "plans/new", "changes",
    "assign", "archive", "merge", "people", "revenue", "white-space", "facts", "group",
]  # fmt: skip
LISTS = ["customers/duplicates", "customers/merges", "customers/waiting", "contacts", "products", "profiles/new"]


@IN_TWO_CORNERS
def test_every_page_of_a_customer_is_sound(company, open_page, language, viewport):
    customer = busy_customer(company)
    for name in ("Sail Works", "Far Sail"):
        factories.customer(company.mate, name, phone="13800138000")
    merged = factories.customer(company.mate, "Landing Works")
    merge_customers(survivor=customer, other=merged, actor=company.manager)
    window = open_page(company.manager, language=language, viewport=viewport)
    for address in (*(f"customers/{customer.pk}/{name}" for name in ONES_OWN), *LISTS):
        window.page.goto(f"/{address}/")
        expect(window.page.get_by_role("heading", level=1)).to_be_visible()
        steps.sound(window, f"/{address}/".replace(str(customer.pk), "PK"))


@IN_TWO_CORNERS
def test_a_panel_is_a_page_of_its_own(company, open_page, language, viewport):
    customer = busy_customer(company)
    window = open_page(company.rep, f"/customers/{customer.pk}/share/", language=language, viewport=viewport)
    expect(window.page.locator("main")).to_contain_text("Rival")
    steps.sound(window, "wallet share")


@IN_TWO_CORNERS
def test_the_people_are_one_touch_away(company, open_page, language, viewport):
    customer = busy_customer(company)
    window = open_page(company.rep, f"/customers/{customer.pk}/", language=language, viewport=viewport)
    jump = window.page.get_by_role("navigation", name=say(window, "On this page"))
    people = window.page.locator("#contacts").get_by_text("Li Wei")
    expect(window.page.locator("#panel-white-space")).to_contain_text("North")
    if not window.phone:
        expect(jump).to_be_hidden()
        return
    expect(people).not_to_be_in_viewport()
    expect(jump).to_be_in_viewport(ratio=1)
    assert min(link.bounding_box()["height"] for link in jump.get_by_role("link").all()) >= 36
    jump.get_by_role("link").first.tap()
    expect(people).to_be_in_viewport()
    expect(window.page.locator("#contacts h2")).to_be_in_viewport()
    for link in jump.get_by_role("link").all():
        assert window.page.locator(link.get_attribute("href")).count() == 1


@pytest.mark.parametrize("width", [390, 768, 1024, 1199, 1200, 1440])
def test_what_pictures_say_can_be_read_at_every_width(company, open_page, language, width):
    customer = busy_customer(company)
    deal = customer.opportunities.get()
    window = open_page(company.rep, language=language, viewport={"width": width, "height": 900})
    for path, picture in (
        (f"/customers/{customer.pk}/", ".asc-radar"), (f"/opportunities/{deal.pk}/", ".asc-ascent"),
        ("/customers/pyramid/", ".asc-pyr"),
    ):  # fmt: skip
        window.page.goto(path)
        expect(window.page.locator(picture).first).to_be_attached()
        assert window.tiny() == [], path
