"""The page of one customer: its lists within what the reader may see, its figures, its doors."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.selectors import today
from customers.actions import archive_contact, archive_customer
from customers.models import Contact, Order
from opportunities.actions import add_collaborator, move_to_stage
from opportunities.models import Activity, Stage
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(company):
    return factories.customer(company.rep, "Own")


def page(client, customer, status=200):
    response = client.get(f"/customers/{customer.pk}/")
    assert response.status_code == status
    return response


def order(customer, days_ago, amount, owner=None):
    day = today() - timedelta(days=days_ago)
    return Order.objects.create(customer=customer, owner=owner, amount=Decimal(amount), booked_on=day)


@pytest.mark.parametrize("who", ["mate", "other_manager", "stranger"])
def test_out_of_sight_is_nothing_here(company, signed_in, own, who):
    client = signed_in(getattr(company, who))
    missing = client.get("/customers/999999/")
    assert missing.status_code == 404
    assert plain(page(client, own, 404)) == plain(missing)


def plain(response):
    """The page without what differs in every answer: its token and its own address."""
    text = re.sub(
        r'(csrf-token" content=|X-CSRFToken": |csrfmiddlewaretoken" value=)"[^"]+"', "", response.content.decode()
    )
    return re.sub(r"/customers/[0-9]+/|[?]customer=[0-9]+", "", text)


@pytest.mark.parametrize(
    ("who", "edit", "assign", "add"),
    [
        ("rep", True, False, True),
        ("manager", True, True, True),
        ("director", True, True, True),
        ("executive", False, False, False),
        ("admin", False, True, False),
    ],
)
def test_each_is_offered_what_they_may_do(company, signed_in, own, who, edit, assign, add):
    text = page(signed_in(getattr(company, who)), own).content.decode()
    assert (f"/customers/{own.pk}/edit/" in text) == edit
    assert (f"/customers/{own.pk}/assign/" in text) == assign
    assert (f"/customers/{own.pk}/contacts/new/" in text) == add


def test_only_visible_opportunities_open_and_past(company, signed_in, own):
    factories.opportunity(company.rep, "Hidden deal", customer=own, amount=Decimal(70))
    shared = factories.opportunity(company.rep, "Shared deal", customer=own, amount=Decimal(30))
    lost = factories.opportunity(company.rep, "Lost deal", customer=own)
    lost_stage = Stage.objects.get(key="lost")
    move_to_stage(opportunity=lost, stage=lost_stage, actor=company.rep, reason="price", seen=lost.version)
    add_collaborator(opportunity=shared, user=company.mate, actor=company.rep)
    text = page(signed_in(company.mate), own).content.decode()
    assert "Shared deal" in text
    assert "Hidden deal" not in text
    assert "Lost deal" not in text
    response = page(signed_in(company.rep), own)
    lists, customer = response.context["lists"], response.context["customer"]
    assert {deal.title for deal in lists.open} == {"Hidden deal", "Shared deal"}
    assert [deal.title for deal in lists.closed] == ["Lost deal"]
    assert (customer.open_count, customer.open_amount, customer.closed_count) == (2, Decimal(100), 1)


def test_orders_of_the_last_twelve_months_are_added_up(company, signed_in, own):
    order(own, 0, 100)
    order(own, 364, "0.25")
    order(own, 400, 5000)
    archived = order(own, 1, 9)
    Order.objects.filter(pk=archived.pk).update(archived_at="2026-01-01T00:00:00Z")
    response = page(signed_in(company.rep), own)
    customer = response.context["customer"]
    assert (customer.order_count, customer.order_amount) == (2, Decimal("100.25"))


def test_companies_above_and_below_only_when_visible(company, signed_in, own):
    hidden = factories.customer(company.stranger, "Hidden parent")
    child = factories.customer(company.rep, "Child", parent=hidden)
    factories.customer(company.stranger, "Hidden child", parent=own)
    factories.customer(company.rep, "Visible child", parent=own)
    client = signed_in(company.rep)
    assert "Hidden parent" not in page(client, child).content.decode()
    text = client.get(f"/customers/{own.pk}/group/").content.decode()
    assert "Visible child" in text
    assert "Hidden child" not in text
    assert "Hidden parent" in page(signed_in(company.director), child).content.decode()


def test_who_decides_comes_first_and_is_told_when_out_of_touch(company, signed_in):
    own = factories.customer(company.rep, "Own", tier="5A", created_on=today() - timedelta(days=400))
    for name, role, influence in (
        ("Ann", "user", None), ("Bo", "coach", 4), ("Cy", "", 5), ("Di", "decision_maker", 2),
    ):  # fmt: skip
        factories.contact(company.rep, own, name, buying_role=role, influence=influence)
    response = page(signed_in(company.rep), own)
    assert [each.name for each in response.context["lists"].contacts] == ["Di", "Cy", "Bo", "Ann"]
    assert response.content.decode().count("No meeting on record") == 1
    meet = factories.activity(company.rep, "visit", customer=own, contacts=[Contact.objects.get(name="Di")])
    Activity.objects.filter(pk=meet.pk).update(done_at=timezone.now() - timedelta(days=200))
    text = page(signed_in(company.rep), own).content.decode()
    assert text.count("Last met") == text.count('t-12 c-bad">Last met') == 1
    Activity.objects.filter(pk=meet.pk).update(done_at=timezone.now())
    text = page(signed_in(company.rep), own).content.decode()
    assert "Last met" in text and 't-12 c-bad">Last met' not in text and "No meeting on record" not in text


def test_contacts_in_use(company, signed_in, own):
    factories.contact(company.rep, own, "Li Wei", title="CFO", buying_role="decision_maker", stance=-1, influence=4)
    gone = factories.contact(company.rep, own, "Gone Person")
    archive_contact(contact=gone, seen=gone.version, actor=company.rep)
    text = page(signed_in(company.rep), own).content.decode()
    assert "Li Wei" in text
    assert "Decision maker" in text
    assert "against us" in text
    assert "Influence 4 of 5" in text
    assert "Gone Person" not in text


def test_an_archived_customer_says_so_and_can_be_restored(company, signed_in, own):
    archive_customer(customer=own, seen=own.version, actor=company.rep)
    text = page(signed_in(company.rep), own).content.decode()
    assert "This customer is archived" in text
    assert f"/customers/{own.pk}/restore/" in text
    assert f"/customers/{own.pk}/edit/" not in text
    assert "contacts/new/" not in text


def counted(client, customer):
    with CaptureQueriesContext(connection) as caught:
        page(client, customer)
    return len([q for q in caught.captured_queries if not q["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))])


def test_as_many_queries_for_two_rows_as_for_sixty(company, signed_in, own):
    product = factories.product(company.admin)

    def more(count):
        for number in range(count):
            factories.contact(company.rep, own)
            Order.objects.create(
                customer=own, product=product, owner=company.rep, amount=number, booked_on=today() - timedelta(number)
            )
            factories.customer(company.rep, parent=own)
        for _number in range(min(count, 40)):
            factories.opportunity(company.rep, customer=own)

    client = signed_in(company.manager)
    more(2)
    few = counted(client, own)
    more(58)
    assert counted(client, own) == few <= 12
