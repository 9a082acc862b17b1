"""The list of customers: the pyramid opens lists, neglect is seen and ends, capacity is told."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.calendar import add_months
from accounts.selectors import today
from customers.actions import edit_customer
from customers.models import Customer, Order
from opportunities.models import Activity
from tests import factories
from tests.browser import steps
from tests.browser.driver import PHONE
from tests.browser.steps import IN_TWO_CORNERS, say


@pytest.fixture
def customers(company):
    """A strategic customer that nobody has seen for long, and a standard one."""
    long_ago = add_months(today(), -24)
    airport = factories.customer(
        company.rep, "Airport", tier="5A", annual_spend=Decimal(1_000_000), created_on=long_ago
    )
    factories.contact(company.rep, airport, "Li Wei", buying_role="decision_maker")
    Order.objects.create(key="R1", customer=airport, amount=Decimal(250_000), booked_on=today())
    factories.customer(company.rep, "Corner shop", tier="1A", created_on=long_ago)
    return {row.name: row for row in Customer.objects.all()}


def listed(window):
    return window.page.locator("#customers-card tbody .is-name a")


@IN_TWO_CORNERS
def test_the_pyramid_opens_lists(company, customers, open_page, language, viewport):
    window = open_page(company.rep, "/customers/", language=language, viewport=viewport)
    page = window.page
    expect(listed(window)).to_have_text(["Airport", "Corner shop"])
    expect(page.locator("#customers-card")).to_contain_text("25%")
    level = page.locator("aside a:has(.l5)")
    expect(level).to_be_visible()
    steps.sound(window, "customers")
    level.click()
    expect(page).to_have_url(f"{page.url.split('/customers/')[0]}/customers/?tier=5A")
    expect(listed(window)).to_have_text(["Airport"])
    expect(page.locator("aside .l5.sel")).to_be_visible()
    page.locator("aside h2 a").first.click()
    expect(page.locator("main table tfoot")).to_contain_text(steps.money(window, 250_000))
    steps.sound(window, "pyramid")


def test_a_thumb_hits_every_link(company, customers, open_page):
    factories.customer(company.rep, "Not rated yet", tier="")
    edit_customer(customer=customers["Airport"], changes={"tier": "4A"}, seen=None, actor=company.rep)
    window = open_page(company.rep, "/customers/", viewport=PHONE)
    page = window.page
    for address, link in (("", "No tier"), ("pyramid/", "Airport"), ("capacity/", "Rep")):
        page.goto(f"/customers/{address}")
        expect(page.get_by_role("link", name=link, exact=True).first).to_be_visible()
        assert window.too_small() == [], address


@IN_TWO_CORNERS
def test_what_may_be_here_already_is_opened_and_nothing_typed_is_lost(
    company, customers, open_page, language, viewport
):
    window = open_page(
        company.rep, "/customers/", language=language, viewport=viewport, expected=["status of 422"]
    )  # fmt: skip
    page, form = window.page, steps.dialog(window)
    page.locator("header a[href='/customers/new/']").click()
    form.locator("[name=name]").fill("Corner shop Harbour")
    form.locator("[name=region]").fill("North")
    form.locator("[type=submit]").click()
    candidate = form.get_by_role("link", name="Corner shop")
    expect(candidate).to_be_visible()
    steps.sound(window, "customer that may be here already")
    with page.context.expect_page() as opened:
        candidate.click()
    expect(opened.value.locator("h1")).to_contain_text("Corner shop")
    opened.value.close()
    expect(form.locator("[name=region]")).to_have_value("North")
    form.locator("[name=another]").check()
    form.locator("[type=submit]").click()
    expect(page.locator("h1")).to_contain_text("Corner shop Harbour")
    assert Customer.objects.get(name="Corner shop Harbour").region == "North"


@IN_TWO_CORNERS
def test_neglect_is_seen_everywhere_and_ends_with_a_visit(company, customers, open_page, language, viewport):
    airport = customers["Airport"]
    window = open_page(company.rep, "/customers/", language=language, viewport=viewport)
    page, words = window.page, say(window, "Neglected: contact overdue, decision maker not met")
    steps.link(window, "Neglected", page.locator(".asc-fbar").first).click()
    expect(listed(window)).to_have_text(["Airport"])
    listed(window).first.click()
    expect(page.locator("main")).to_contain_text(words)
    page.goto(page.url.split("/customers/")[0] + "/day/")
    expect(page.locator("#panel-waiting")).to_contain_text("Airport")
    expect(page.locator("#panel-waiting")).to_contain_text(words)
    steps.sound(window, "my day with customers that wait")

    visit = factories.activity(company.rep, customer=airport, contacts=list(airport.contacts.all()))
    Activity.objects.filter(pk=visit.pk).update(done_at=timezone.now())
    page.goto(page.url.split("/day/")[0] + f"/customers/{airport.pk}/")
    expect(page.locator("h1")).to_contain_text("Airport")
    expect(page.locator("main")).not_to_contain_text(words)
    page.goto(page.url.split("/customers/")[0] + "/customers/?neglected=true")
    expect(page.locator("main")).to_contain_text(say(window, "No customer matches these filters"))


@IN_TWO_CORNERS
def test_a_manager_sees_who_has_more_than_they_can_serve(company, customers, open_page, language, viewport):
    soon = timezone.now() + timedelta(days=2)
    factories.activity(company.rep, customer=Customer.objects.get(name="Airport"), planned_at=soon)
    window = open_page(company.manager, "/customers/", language=language, viewport=viewport)
    steps.link(window, "Capacity").first.click()
    expect(window.page.locator("tbody tr").filter(has_text="Rep")).to_contain_text("5")
    expect(window.page.locator("tbody td.c-warn a")).to_have_text("1")
    steps.sound(window, "capacity")
