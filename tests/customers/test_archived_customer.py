"""Nothing is written to what hangs on an archived customer, until the customer is restored."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from customers import actions
from tests import factories
from tests.writes.world import World

pytestmark = pytest.mark.django_db

# {part: (as which argument, how it is archived, an edit)}
PARTS: dict[str, tuple[str, Callable[..., Any], dict[str, Any]]] = {
    "order": ("order", actions.archive_order, {"amount": Decimal(7)}),
    "contract": ("contract", actions.archive_contract, {"title": "x"}),
    "nps_response": ("response", actions.archive_nps_response, {"score": 3}),
    "supplier": ("supplier", actions.archive_supplier, {"name": "x"}),
    "unit": ("unit", actions.archive_unit, {"name": "x"}),
    "contact": ("contact", actions.archive_contact, {"title": "x"}),
    "plan": ("plan", actions.archive_plan, {"risks": "x"}),
    "plan_line": ("line", actions.archive_plan_line, {"strategy": "x"}),
    "joint_action": ("joint_action", actions.archive_joint_action, {"action": "x"}),
}


@pytest.fixture
def world(company):
    return World(company)


def again(row: Any) -> Any:
    return type(row)._default_manager.get(pk=row.pk)


def customer_of(row: Any) -> Any:
    return row.plan.customer if hasattr(row, "plan") else row.customer


def shut(row: Any, actor: Any) -> Any:
    """The row as it is once its customer is archived."""
    actions.archive_customer(customer=customer_of(row), seen=None, actor=actor)
    return again(row)


def refused(write: Callable[..., Any], **said: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        write(**said)
    assert caught.value.messages == ["This customer is archived. Restore it first."]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_neither_edited_nor_restored(world, part):
    name, archive, changes = PARTS[part]
    edit, restore = getattr(actions, f"edit_{part}"), getattr(actions, f"restore_{part}")
    row = shut(getattr(world, part)(), world.rep)
    refused(edit, **{name: row}, changes=changes, seen=None, actor=world.rep)
    actions.restore_customer(customer=again(customer_of(row)), seen=None, actor=world.rep)
    row = shut(archive(**{name: again(row)}, seen=None, actor=world.rep), world.rep)
    refused(restore, **{name: row}, seen=None, actor=world.rep)


def test_nor_are_units_covered(world):
    unit = shut(world.unit(), world.rep)
    refused(actions.set_coverage, unit=unit, product=factories.product(world.admin), state="ours", actor=world.rep)


def test_nor_contracts_renewed(world):
    contract = shut(world.contract(), world.rep)
    refused(actions.renew_contract, contract=contract, ends_on=date(2027, 12, 31), amount=None, actor=world.rep)


def test_nor_plans_continued(world):
    plan = shut(world.plan(), world.rep)
    refused(actions.copy_plan_forward, plan=plan, actor=world.rep)
    refused(actions.add_plan_line, plan=plan, strategy="x", actor=world.rep)
    refused(actions.add_joint_action, plan=plan, action="x", actor=world.rep)


def test_nor_targets_pursued(world):
    target = shut(world.target(), world.rep)
    refused(actions.edit_target, target=target, changes={"next_step": "Call"}, seen=None, actor=world.rep)
    actions.drop_target(target=target, seen=None, actor=world.rep)
    refused(actions.reopen_target, target=again(target), seen=None, actor=world.rep)


def test_a_removed_supplier_is_not_put_back_by_its_address(world, signed_in):
    supplier = world.supplier()
    actions.archive_supplier(supplier=supplier, seen=None, actor=world.rep)
    shut(supplier, world.rep)
    page = signed_in(world.rep).post(f"/suppliers/{supplier.pk}/restore/", {"version": 2})
    assert "This customer is archived. Restore it first." in page.content.decode()
    assert again(supplier).archived_at is not None
