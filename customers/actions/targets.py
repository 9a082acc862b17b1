"""Writes about the target list: whom somebody has set out to win, and what is done next about it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import edits, visibility
from accounts.models import User
from accounts.selectors import today
from customers.actions.shared import (
    hold_in_use,
    only,
    refuse_if_archived,
    refuse_unless_editable,
    refuse_unless_writable,
)
from customers.models import Customer, IdealProfile, TargetCustomer

TARGET_FIELDS = ("owner", "next_step", "next_step_due")
State = TargetCustomer.State


@transaction.atomic
def add_target(
    *, actor: User, profile: IdealProfile, customer: Customer, owner: User | None = None, **fields: Any
) -> TargetCustomer:
    """Put a customer on the target list of a profile; one that was settled or dropped is pursued again."""
    refuse_unless_editable(customer, actor)
    hold_in_use(customer)
    refuse_if_archived(profile)
    owner = owner or first_owner(customer, actor)
    _refuse_owner(customer, owner, actor)
    values = {"owner": owner, **only(fields, TARGET_FIELDS)}
    known = TargetCustomer.objects.filter(profile=profile, customer=customer).first()
    if known is None:
        return _once(TargetCustomer(profile=profile, customer=customer, **values), actor)
    _refuse_second(known)
    return edits.edit(known, changes={**values, "state": State.OPEN}, seen=None, actor=actor, action="reopen")


def first_owner(customer: Customer, actor: User) -> User:
    """Who pursues a customer unless somebody is named: its owner if the actor may give it to them, else the actor."""
    owner = customer.owner
    may = owner is not None and owner.sells and owner.active_on(today()) and visibility.may_give_to(actor, owner)
    return owner if may and owner is not None else actor


def _once(row: TargetCustomer, actor: User) -> TargetCustomer:
    try:
        with transaction.atomic():
            return edits.create(row, actor=actor)
    except IntegrityError as error:
        raise _on_the_list() from error


def _refuse_second(known: TargetCustomer) -> None:
    if known.state == State.OPEN:
        raise _on_the_list()


def _on_the_list() -> ValidationError:
    return ValidationError({"customer": _("This customer is on the target list of this profile already.")})


def _refuse_owner(customer: Customer, owner: User, actor: User) -> None:
    """Somebody who sells, to whom the actor may give it, and who may edit the customer: they work on it."""
    fit = owner.sells and owner.active_on(today()) and visibility.may_give_to(actor, owner)
    if not fit or not Customer.objects.editable_by(owner).filter(pk=customer.pk).exists():
        raise ValidationError({"owner": _("Choose somebody who looks after this customer.")})


@transaction.atomic
def edit_target(*, target: TargetCustomer, changes: dict[str, Any], seen: int | None, actor: User) -> TargetCustomer:
    """Set fields of TARGET_FIELDS of one that is pursued; another owner is named by a manager above the present one."""
    refuse_unless_writable(target, actor)
    _refuse_settled(target)
    wanted = only(changes, TARGET_FIELDS)
    if "owner" in edits.differences(target, wanted):
        _refuse_hand_over(target, actor)
        _refuse_owner(target.customer, wanted["owner"], actor)
    return edits.edit(target, changes=wanted, seen=seen, actor=actor)


def _refuse_settled(row: TargetCustomer) -> None:
    if row.state != State.OPEN:
        raise ValidationError(_("This is no longer pursued. Take it up again first."))


def _refuse_hand_over(row: TargetCustomer, actor: User) -> None:
    if not visibility.may_assign(actor, row.owner):
        raise ValidationError({"owner": _("Only a manager above the owner hands this over.")})


def settle_target(*, target: TargetCustomer, seen: int | None, actor: User) -> TargetCustomer:
    """A deal came of it: it leaves the list of those still to be won over."""
    return _set_state(target, State.WON_OVER, seen, actor, "finish")


def drop_target(*, target: TargetCustomer, seen: int | None, actor: User) -> TargetCustomer:
    """It is no longer pursued."""
    return _set_state(target, State.DROPPED, seen, actor, "drop")


def reopen_target(*, target: TargetCustomer, seen: int | None, actor: User) -> TargetCustomer:
    """It is pursued again."""
    refuse_if_archived(target.customer)
    refuse_if_archived(target.profile)
    return _set_state(target, State.OPEN, seen, actor, "reopen")


@transaction.atomic
def _set_state(target: TargetCustomer, state: str, seen: int | None, actor: User, verb: str) -> TargetCustomer:
    refuse_unless_editable(target, actor)
    return edits.edit(target, changes={"state": state}, seen=seen, actor=actor, action=verb)
