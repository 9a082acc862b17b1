"""What is added to a customer while it is merged or archived: it is refused or goes along, and never stays behind."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from customers import actions
from customers.models import Customer
from opportunities import actions as deals
from opportunities.models import Stage
from tests import factories
from tests.customers.test_merges_at_once import left_behind

DAY = date(2026, 10, 1)


ADDED: dict[str, Callable[[Any, Customer], Any]] = {
    "opportunity": lambda rep, customer: factories.opportunity(rep, customer=customer),
    "activity": lambda rep, customer: factories.activity(rep, customer=customer),
    "contact": lambda rep, customer: factories.contact(rep, customer),
    "order": lambda rep, customer: actions.create_order(
        actor=rep, customer=customer, amount=Decimal(5), booked_on=DAY
    ),
    "contract": lambda rep, customer: actions.create_contract(
        actor=rep, customer=customer, title="x", amount=Decimal(5), starts_on=DAY, ends_on=DAY
    ),
    "answer": lambda rep, customer: actions.create_nps_response(
        actor=rep, customer=customer, score=9, answered_on=DAY
    ),
    "supplier": lambda rep, customer: actions.create_supplier(
        actor=rep, customer=customer, name="x", annual_amount=Decimal(5)
    ),
    "unit": lambda rep, customer: actions.create_unit(actor=rep, customer=customer, name="x"),
    "plan": lambda rep, customer: actions.create_plan(actor=rep, customer=customer, year=2026),
    "child": lambda rep, customer: factories.customer(rep, parent=customer),
    "parent": lambda rep, customer: actions.edit_customer(
        customer=factories.customer(rep), changes={"parent": customer}, seen=None, actor=rep
    ),
    "field": lambda rep, customer: actions.edit_customer(
        customer=customer, changes={"industry": "Steel"}, seen=None, actor=rep
    ),
    "moved": lambda rep, customer: deals.edit_opportunity(
        opportunity=factories.opportunity(rep), changes={"customer": customer}, seen=None, actor=rep
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ADDED)
@pytest.mark.django_db
def test_a_customer_that_was_in_use_when_it_was_read(company, what):
    kept, gone = factories.customer(company.rep), factories.customer(company.rep)
    actions.merge_customers(survivor=kept, other=Customer.objects.get(pk=gone.pk), actor=company.admin)
    with pytest.raises(ValidationError):
        ADDED[what](company.rep, gone)
    assert left_behind() == {}


@pytest.mark.django_db
def test_a_closed_opportunity_is_not_reopened_at_an_archived_customer(company):
    row = factories.opportunity(company.rep)
    row = deals.archive_opportunity(opportunity=row, seen=None, actor=company.rep)
    actions.archive_customer(customer=row.customer, seen=None, actor=company.rep)
    with pytest.raises(ValidationError, match="archived"):
        deals.restore_opportunity(opportunity=row, seen=None, actor=company.rep)
    lost = factories.opportunity(company.rep)
    lost = deals.move_to_stage(
        opportunity=lost, stage=Stage.objects.get(key="lost"), seen=None, reason="Price", actor=company.rep
    )
    actions.archive_customer(customer=lost.customer, seen=None, actor=company.rep)
    with pytest.raises(ValidationError, match="archived"):
        deals.move_to_stage(
            opportunity=lost, stage=Stage.objects.get(key="discover"), seen=None, reason="Back", actor=company.manager
        )


def tried(barrier: Barrier, act: Callable[[], Any]) -> bool:
    """Whether it was taken; anything but a refusal is raised."""
    try:
        barrier.wait(timeout=30)
        act()
    except ValidationError:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_while_it_is_merged():
    company = factories.company()
    rep, kept = company.rep, factories.customer(company.rep)
    for what in ("opportunity", "order", "contact", "of a deal", "with a deal"):
        for _round in range(3):
            gone = factories.customer(rep)
            deal = factories.opportunity(rep, customer=gone)
            act = ADDED.get(what) or DEALT[what](deal)
            barrier = Barrier(2)
            with ThreadPoolExecutor(2) as pool:
                merged = pool.submit(
                    tried, barrier,
                    lambda gone=gone: actions.merge_customers(
                        survivor=kept, other=Customer.objects.get(pk=gone.pk), actor=company.admin
                    ),
                )  # fmt: skip
                added = pool.submit(tried, barrier, lambda act=act, gone=gone: act(rep, gone))
                assert merged.result()
                assert added.result() or what in ADDED
            assert left_behind() == {}, what


DEALT: dict[str, Callable[[Any], Callable[[Any, Customer], Any]]] = {
    "of a deal": lambda deal: (
        lambda rep, _customer: deals.add_stakeholder(opportunity=deal, new_contact="Somebody", actor=rep)
    ),
    "with a deal": lambda deal: lambda rep, _customer: factories.activity(rep, opportunity=deal),
}
