"""An order through every door: which amounts are taken, and that it is archived and never deleted (FINE-PRINT 53)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.calendar import add_months
from accounts.selectors import today
from customers.actions import archive_order, create_order, restore_order
from customers.models import Customer, Order
from customers.selectors.bought import wallet_share
from customers.selectors.listing import rows_of
from customers.selectors.page import for_page
from customers.selectors.pyramid import pyramid
from customers.selectors.tiers import rules_now
from pipeline.interchange import import_workspace
from tests import factories
from tests.pipeline.interchange.workspaces import write

pytestmark = pytest.mark.django_db
TAKEN = ["0", "0.01", "12.5", "9000000000000"]
REFUSED = ["-0.01", "0.001", "9000000000000.01", "NaN", "ten", ""]


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Own", tier="5A", annual_spend=Decimal(1000))


def by_form(client, customer, amount):
    """Where it is typed in thousands."""
    number = amount.lstrip("-").replace(".", "", 1).isdecimal()
    said = {"amount": f"{Decimal(amount) / 1000:f}" if number else amount, "booked_on": "2026-03-02"}
    return client.post(reverse("order_new", args=[customer.pk]), said).status_code == 302


def by_api(client, customer, amount):
    said = {"customer": customer.key, "amount": amount, "booked_on": "2026-03-02"}
    return client.post("/api/v1/orders/", said, content_type="application/json").status_code == 201


@pytest.mark.parametrize("door", [by_form, by_api])
@pytest.mark.parametrize(("amount", "taken"), [*((each, True) for each in TAKEN), *((each, False) for each in REFUSED)])
def test_which_amounts_form_and_api_take(company, customer, signed_in, door, amount, taken):
    assert door(signed_in(company.rep), customer, amount) is taken
    assert list(Order.objects.values_list("amount", flat=True)) == ([Decimal(amount)] if taken else [])


@pytest.mark.parametrize(("amount", "taken"), [*((each, True) for each in TAKEN), *((each, False) for each in REFUSED)])
def test_which_amounts_an_import_takes(tmp_path, amount, taken):
    said = f"key,customer,product,owner,amount,booked_on\no1,acme,,ann,{amount},2026-03-02\n"
    report = import_workspace(write(tmp_path, {"orders.csv": said}))
    assert report.ok is taken
    assert list(Order.objects.values_list("amount", flat=True)) == ([Decimal(amount)] if taken else [])
    assert [(bad.file, bad.line, bad.column) for bad in report.bad_rows] == (
        [] if taken else [("orders.csv", 2, "amount")]
    )


def test_the_api_archives_and_restores(company, customer, signed_in):
    row = create_order(actor=company.rep, customer=customer, amount=5, booked_on=today())
    client, url = signed_in(company.rep), f"/api/v1/orders/{row.pk}/"
    assert client.delete(url).status_code == 204
    row.refresh_from_db()
    assert row.archived_at is not None
    assert client.get("/api/v1/orders/").json()["count"] == 0
    assert client.get("/api/v1/orders/?archived=true").json()["count"] == 1
    assert list(client.get("/orders/").context["page"].object_list) == []
    assert (
        client.patch(url, {"amount": "6.00", "version": row.version}, content_type="application/json").status_code
        == 400
    )
    assert client.post(f"{url}restore/", {}, content_type="application/json").status_code == 200
    assert client.get("/api/v1/orders/").json()["count"] == 1


def figures(user, customer):
    """(now, a year ago) as list, page, panel and pyramid have them."""
    day = today()
    [listed] = rows_of(Customer.objects.values("pk"), user=user, sort="name", day=day, rules=rules_now())
    page, share = for_page(user).get(pk=customer.pk), wallet_share(customer, user)
    level = next(each for each in pyramid(Customer.objects.all(), day, rules_now()).levels if each.tier == "5A")
    return [
        (listed.revenue, listed.growth), (page.order_amount or 0, page.amount_before), (share.ours, share.before),
        (level.now.revenue, level.before.revenue), (level.now.ours, level.before.ours),
    ]  # fmt: skip


def test_an_archived_order_leaves_the_figures_of_today_and_stays_in_those_of_the_past(company, customer):
    Customer.objects.filter(pk=customer.pk).update(created_on=None)
    now = create_order(actor=company.rep, customer=customer, amount=Decimal(300), booked_on=today())
    then = add_months(today(), -12)
    before = create_order(actor=company.rep, customer=customer, amount=Decimal(200), booked_on=then)
    whole = figures(company.rep, customer)
    assert whole == [(300, Decimal("0.5")), (300, 200), (300, Decimal("0.2")), (300, 200), (300, 200)]
    now = archive_order(order=now, seen=None, actor=company.rep)
    before = archive_order(order=before, seen=None, actor=company.rep)
    assert figures(company.rep, customer) == [(0, -1), (0, 200), (0, Decimal("0.2")), (0, 200), (0, 200)]
    for row in (now, before):
        restore_order(order=row, seen=None, actor=company.rep)
    assert figures(company.rep, customer) == whole
    early = today() - timedelta(days=400)
    Order.objects.filter(pk=before.pk).update(archived_at=f"{early}T00:00:00Z")
    assert figures(company.rep, customer)[1] == (300, None), "archived before that day: not in it"
