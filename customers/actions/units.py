"""Writes about a customer's units, and from whom each has which product (the white space)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit, edits
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
from customers.models import Coverage, Customer, Product, Unit

UNIT_FIELDS = ("name",)


@transaction.atomic
def create_unit(*, actor: User, customer: Customer, name: str, **fields: Any) -> Unit:
    """A plant, branch or department that buys on its own. ValidationError {"name"} for one that is there."""
    refuse_unless_may_add(customer, actor)
    row = Unit(customer=customer, name=name, **fields)
    return once_at_the_customer(row, name, lambda: edits.create(row, actor=actor))


@transaction.atomic
def edit_unit(*, unit: Unit, changes: dict[str, Any], seen: int | None, actor: User) -> Unit:
    """Set fields of UNIT_FIELDS."""
    refuse_to_change(unit, actor)
    wanted = only(changes, UNIT_FIELDS)
    return once_at_the_customer(
        unit, wanted.get("name", unit.name), lambda: edits.edit(unit, changes=wanted, seen=seen, actor=actor)
    )


def archive_unit(*, unit: Unit, seen: int | None, actor: User) -> Unit:
    """Out of the white space; what it has stays known."""
    refuse_unless_editable(unit, actor)
    return set_archived(unit, True, seen, actor)  # type: ignore[no-any-return]


@transaction.atomic
def restore_unit(*, unit: Unit, seen: int | None, actor: User) -> Unit:
    """Back into use; refused when the customer has one of this name by now."""
    refuse_unless_writable(unit, actor)
    return once_at_the_customer(unit, unit.name, lambda: set_archived(unit, False, seen, actor))


@transaction.atomic
def set_coverage(
    *, unit: Unit, product: Product, state: str | None, actor: User, supplier: str = "", seen: int | None = None
) -> Coverage | None:
    """From whom a unit has a product (Coverage.State), from which supplier; None: from nobody, as far as we know.

    `seen` is the version of the field that the editor saw, 0 when it was blank, None when it is not asked.
    """
    refuse_to_change(unit, actor)
    row = Coverage.objects.select_for_update().filter(unit=unit, product=product).first()
    if seen is not None and bool(seen) != (row is not None):
        raise ValidationError(_("Somebody has just changed this field. Look at it again."))
    if state is None:
        _clear(row, seen, actor)
        return None
    values = {"state": state, "supplier": supplier.strip() if state == Coverage.State.OTHERS else ""}
    if row is None:
        return _cover(Coverage(unit=unit, product=product, **values), actor)
    return edits.edit(row, changes=values, seen=seen, actor=actor)


def _cover(row: Coverage, actor: User) -> Coverage:
    try:
        with transaction.atomic():
            return edits.create(row, actor=actor)
    except IntegrityError as error:
        raise ValidationError(_("Somebody has just changed this field. Look at it again.")) from error


def _clear(row: Coverage | None, seen: int | None, actor: User) -> None:
    if row is None:
        return
    row.refuse_if_stale(seen, {"state": None, "supplier": ""})
    audit.record("delete", row=row, actor=actor, changes={"state": (row.state, None), "supplier": (row.supplier, "")})
    row.delete()
