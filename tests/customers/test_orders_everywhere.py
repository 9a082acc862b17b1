"""An order through every door: which amounts are taken, and that it is archived and never deleted (FINE-PRINT 53)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.calendar import add_months
from accounts.selectors import calendar, today
from customers.actions import archive_customer, archive_order, create_order, create_plan, restore_order
from customers.models import Customer, Order
from customers.selectors.assess_grid import grid_rows
from customers.selectors.assessments import facts_of
from customers.selectors.bought import revenue, wallet_share
from customers.selectors.listing import rows_of
from customers.selectors.page import for_page
from customers.selectors.plans import plan_page, plan_rows, row_of
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


@pytest.mark.parametrize("who", ["rep", "manager", "admin"])
def test_an_order_of_no_customer_is_refused(company, signed_in, who):
    said = {"customer": None, "amount": "5", "booked_on": "2026-03-02"}
    answer = signed_in(company.people()[who]).post("/api/v1/orders/", said, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["customer"])
    assert not Order.objects.exists()


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


def test_a_customer_archived_since_stays_in_the_year_before_of_the_pyramid(company, customer):
    Customer.objects.filter(pk=customer.pk).update(created_on=None)
    for months, amount in ((0, 300), (-12, 200)):
        create_order(actor=company.rep, customer=customer, amount=amount, booked_on=add_months(today(), months))

    def told():
        level = pyramid(Customer.objects.all(), today(), rules_now()).total
        return [(each.customers, each.revenue, each.potential, each.known) for each in (level.now, level.before)]

    then = (1, 200, 1000, 1)
    assert told() == [(1, 300, 1000, 1), then]
    archive_customer(customer=customer, seen=None, actor=company.rep)
    assert told() == [(0, 0, 0, 0), then]
    Customer.objects.filter(pk=customer.pk).update(archived_at=timezone.now() - timedelta(days=400))
    assert told() == [(0, 0, 0, 0), (0, 0, 0, 0)], "archived before that day"


def suggestion(user, customer):
    """(twelve months, the twelve before, quarters, orders shown) of form and grid, which must agree."""
    found, day = facts_of(customer, user, today()), today()
    [row] = grid_rows(Customer.objects.filter(pk=customer.pk), user, day, rules_now())
    assert row.suggested == found.scores()
    return found.now, found.before, found.quarters, found.orders_count + found.orders_before_count


def test_the_suggestion_reads_the_year_before_as_of_its_own_day(company, customer):
    day = today()
    ago = {months: add_months(day, -months) for months in (0, 12, 13, 24)}
    rows = {
        months: create_order(actor=company.rep, customer=customer, amount=Decimal(100 + months), booked_on=booked)
        for months, booked in ago.items()
    }
    assert suggestion(company.rep, customer) == (100, 225, 2, 3), "exactly 24 months ago is outside (FINE-PRINT 3)"
    for row in rows.values():
        archive_order(order=row, seen=None, actor=company.rep)
    assert suggestion(company.rep, customer) == (0, 225, 1, 2)
    early = timezone.now() - timedelta(days=400)
    Order.objects.filter(pk=rows[13].pk).update(archived_at=early - timedelta(days=365))
    assert suggestion(company.rep, customer) == (0, 112, 1, 1)


def years(user, customer):
    """{fiscal year: revenue} of the panel."""
    return dict(revenue(customer, user).by_year)


def test_a_past_year_keeps_what_was_archived_after_it(company, customer):
    this = calendar().fiscal_year_of(today())
    past = calendar().parse_period(str(this - 1))
    now, then = (
        create_order(actor=company.rep, customer=customer, amount=Decimal(amount), booked_on=booked)
        for amount, booked in ((300, today()), (200, past.last))
    )
    plans = [create_plan(actor=company.rep, customer=customer, year=year) for year in (this - 1, this)]

    def actual():
        """Of the pages of both plans, and of the list of plans, by year."""
        listed = [plan_rows(Customer.objects.all(), year=each.year, today=today()).get() for each in plans]
        return [
            [plan_page(each, today()).years[0].actual for each in plans], [row_of(values).actual for values in listed],
        ]  # fmt: skip

    assert (years(company.rep, customer)[this - 1], years(company.rep, customer)[this]) == (200, 300)
    assert actual() == [[200, 300], [200, 300]]
    for row in (now, then):
        archive_order(order=row, seen=None, actor=company.rep)
    assert (years(company.rep, customer)[this - 1], years(company.rep, customer)[this]) == (200, 0)
    assert actual() == [[200, 0], [200, 0]]
    Order.objects.filter(pk=then.pk).update(archived_at=calendar().start_of_day(past.last))
    assert years(company.rep, customer)[this - 1] == 0, "it was archived before the year ended"
    assert actual() == [[0, 0], [0, 0]]


def test_an_order_of_tomorrow_is_in_no_figure_yet(company, customer):
    Order.objects.create(customer=customer, amount=Decimal(300), booked_on=today() + timedelta(days=1))  # imported
    assert set(years(company.rep, customer).values()) == {0}
    assert suggestion(company.rep, customer) == (0, 0, 0, 0)
