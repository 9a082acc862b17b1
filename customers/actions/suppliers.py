"""Writes about from whom else a customer buys."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts import edits
from accounts.models import User
from customers.actions.shared import (
    once_at_the_customer,
    only,
    refuse_to_change,
    refuse_unless_editable,
    refuse_unless_may_add,
    refuse_unless_writable,
    set_archived,
)
from customers.models import Customer, Supplier

SUPPLIER_FIELDS = ("name", "annual_amount")


@transaction.atomic
def create_supplier(
    *, actor: User, customer: Customer, name: str, annual_amount: Decimal, **fields: Any
) -> Supplier:  # fmt: skip
    """Somebody from whom the customer buys for so much a year. ValidationError {"name"} for one that is there."""
    refuse_unless_may_add(customer, actor)
    row = Supplier(customer=customer, name=name, annual_amount=annual_amount, **fields)
    return once_at_the_customer(row, name, lambda: edits.create(row, actor=actor))


@transaction.atomic
def edit_supplier(*, supplier: Supplier, changes: dict[str, Any], seen: int | None, actor: User) -> Supplier:
    """Set fields of SUPPLIER_FIELDS."""
    refuse_to_change(supplier, actor)
    wanted = only(changes, SUPPLIER_FIELDS)
    return once_at_the_customer(
        supplier, wanted.get("name", supplier.name),
        lambda: edits.edit(supplier, changes=wanted, seen=seen, actor=actor),
    )  # fmt: skip


def archive_supplier(*, supplier: Supplier, seen: int | None, actor: User) -> Supplier:
    """Out of the shares of the customer's spend."""
    refuse_unless_editable(supplier, actor)
    return set_archived(supplier, True, seen, actor)  # type: ignore[no-any-return]


@transaction.atomic
def restore_supplier(*, supplier: Supplier, seen: int | None, actor: User) -> Supplier:
    """Back into use; refused when the customer has one of this name by now."""
    refuse_unless_writable(supplier, actor)
    return once_at_the_customer(supplier, supplier.name, lambda: set_archived(supplier, False, seen, actor))
