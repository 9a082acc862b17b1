"""Two people enter the same company at the same moment: the second is told, as if the first had long been there."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import AuditEntry
from customers.models import Customer
from opportunities.models import Opportunity
from tests import factories
from tests.api.conftest import client_of

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
CODE = "91110000600037341L"
DEAL = {"title": "Line", "amount": "100", "expected_close_date": "2027-01-31"}


def meanwhile(create, ask):
    """The answer to `ask`, which is checked before what `create` writes is there for others to see."""
    written = Event()

    def act():
        try:
            with transaction.atomic():
                create()
                written.set()
                sleep(0.8)
        finally:
            written.set()
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(act)
        assert written.wait(timeout=30)
        answer = ask()
        acting.result()
    return answer


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def is_told_of_one_out_of_sight(answer, user):
    assert "already served" in answer.content.decode()
    assert AuditEntry.objects.filter(action="already_served", actor=user).count() == 1


def test_in_the_form():
    company = factories.company()
    client = browser(company.rep)
    answer = meanwhile(
        lambda: factories.customer(company.rep, "Far Sail Ltd"),
        lambda: client.post("/customers/new/", {"name": "far sail", "industry": "Sails"}),
    )
    known = Customer.objects.get()
    assert answer.status_code == 422
    assert answer.content.decode().count("is already among your customers") == 1
    assert f'href="/customers/{known.pk}/"' in answer.content.decode()
    assert 'value="Sails"' in answer.content.decode()


def test_of_another_name_with_the_same_credit_code_and_out_of_sight():
    company = factories.company()
    client = browser(company.stranger)
    answer = meanwhile(
        lambda: factories.customer(company.rep, "Far Sail Ltd", credit_code=CODE),
        lambda: client.post("/customers/new/", {"name": "Zenith", "credit_code": CODE.lower()}),
    )
    assert (answer.status_code, Customer.objects.count()) == (422, 1)
    is_told_of_one_out_of_sight(answer, company.stranger)


def test_by_a_program():
    company = factories.company()
    client = client_of(company.rep)
    answer = meanwhile(
        lambda: factories.customer(company.rep, "Far Sail Ltd"),
        lambda: client.post("/api/v1/customers/", {"name": "FAR SAIL"}, format="json"),
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "duplicate")
    assert [each["name"] for each in answer.json()["candidates"]] == ["Far Sail Ltd"]
    assert Customer.objects.count() == 1


def test_with_a_deal():
    company = factories.company()
    client = browser(company.rep)
    answer = meanwhile(
        lambda: factories.customer(company.rep, "Far Sail Ltd"),
        lambda: client.post("/opportunities/new/", {"customer": "far sail", **DEAL}),
    )
    known = Customer.objects.get()
    assert (answer.status_code, Opportunity.objects.exists()) == (422, False)
    assert f'value="{known.key}"' in answer.content.decode()
    assert "is chosen now. Save again." in answer.content.decode()


def test_with_a_deal_and_out_of_sight():
    company = factories.company()
    client = browser(company.stranger)
    answer = meanwhile(
        lambda: factories.customer(company.rep, "Far Sail Ltd"),
        lambda: client.post("/opportunities/new/", {"customer": "far sail", **DEAL}),
    )
    assert (answer.status_code, Customer.objects.count(), Opportunity.objects.exists()) == (422, 1, False)
    is_told_of_one_out_of_sight(answer, company.stranger)


def test_rows_of_another_system_are_not_held_up():
    company = factories.company()
    client = client_of(company.admin)
    answer = meanwhile(
        lambda: factories.customer(company.rep, "Far Sail Ltd"),
        lambda: client.post("/api/v1/customers/", {"key": "crm-7", "name": "Far Sail"}, format="json"),
    )
    assert (answer.status_code, Customer.objects.count()) == (201, 2)
