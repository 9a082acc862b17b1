"""Suppliers, units and the white space of a customer over the API."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.selectors import today
from customers.actions import create_supplier, create_unit, set_coverage
from customers.models import Order
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(company):
    return factories.customer(company.rep, "Own", annual_spend=Decimal(1000))


@pytest.fixture
def lift(company):
    return factories.product(company.admin, "Lift")


def test_over_the_api(company, customer, lift, api):
    client = api(company.rep)
    body = {"customer": customer.key, "name": "Rival", "annual_amount": "500.00"}
    made = client.post("suppliers/", body)
    assert (made.status_code, made.json()["annual_amount"]) == (201, "500.00")
    assert client.post("suppliers/", body).json().keys() == {"name"}
    assert client.post("suppliers/", {**body, "name": "y", "annual_amount": "-1"}).status_code == 400
    unit = client.post("units/", {"customer": customer.key, "name": "North"}).json()
    path = f"customers/{customer.pk}/white-space/"
    field = {"unit": unit["key"], "product": lift.key, "state": "others", "supplier": "Rival"}
    assert client.post(path, {**field, "version": 0}).json()["supplier"] == "Rival"
    assert client.get(path).json()["results"][0]["state"] == "others"
    assert client.post(path, {**field, "state": "ours", "version": 1}).json()["version"] == 2
    late = client.post(path, {**field, "state": "pursued", "version": 1})
    assert (late.status_code, late.json()["current"]["state"]) == (409, "ours")
    assert client.post(path, {**field, "state": "nobody"}).json().keys() == {"state"}
    assert client.post(path, {**field, "version": "x"}).json().keys() == {"version"}
    assert client.post(path, {**field, "state": None, "version": 2}).status_code == 204
    assert client.get(path).json()["count"] == 0
    other = create_unit(actor=company.stranger, customer=factories.customer(company.stranger), name="Hidden")
    mine = create_unit(actor=company.rep, customer=factories.customer(company.rep), name="Elsewhere")
    for key in (other.key, mine.key):
        assert client.post(path, {**field, "unit": key}).json() == {"unit": ["There is no such choice."]}
    assert api(company.stranger).get(path).status_code == 404
    assert api(company.executive).post(path, field).status_code == 403


def test_what_was_ordered(company, customer, lift, api):
    belt = factories.product(company.admin, "Belt")
    for product, amount in ((lift, 300), (belt, 20), (lift, 200), (None, 7)):
        Order.objects.create(customer=customer, product=product, amount=Decimal(amount), booked_on=today())
    path = f"customers/{customer.pk}/white-space/ordered/"
    assert api(company.rep).get(path).json()["results"] == [
        {"product": belt.key, "amount": "20.00"}, {"product": lift.key, "amount": "500.00"},
    ]  # fmt: skip
    assert api(company.stranger).get(path).status_code == 404


@pytest.mark.parametrize("path", ["suppliers/", "units/", "customers/{}/white-space/"])
def test_reading_costs_the_same_whatever_there_is(company, customer, lift, api, path):
    client, path = api(company.rep), path.format(customer.pk)

    def fill(numbers):
        for n in numbers:
            create_supplier(actor=company.rep, customer=customer, name=f"s{n}", annual_amount=n)
            unit = create_unit(actor=company.rep, customer=customer, name=f"u{n}")
            set_coverage(unit=unit, product=lift, state="ours", actor=company.rep)

    def counted():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    fill(range(2))
    counted()
    few = counted()
    fill(range(2, 30))
    assert counted() == few <= 8


def test_a_write_has_few_statements(company, customer, lift, api):
    unit = create_unit(actor=company.rep, customer=customer, name="North")
    client = api(company.rep)
    body = {"unit": unit.key, "product": lift.key, "state": "ours"}
    client.get("me/")
    with CaptureQueriesContext(connection) as captured:
        assert client.post(f"customers/{customer.pk}/white-space/", body).status_code == 200
    told = [query["sql"] for query in captured if not query["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
    assert len(told) <= 12
