"""Writes about what customers bought, are bound to, say of us: orders, contracts, NPS answers."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import edits
from accounts.models import User
from accounts.selectors import today
from config.web.fields import FIRST_YEAR, LAST_YEAR
from customers.actions.shared import (
    hold_in_use,
    only,
    refuse_to_change,
    refuse_unless_editable,
    refuse_unless_may_add,
    refuse_unless_writable,
    set_archived,
)
from customers.models import Contract, Customer, NpsResponse, Order

ORDER_FIELDS = ("product", "owner", "amount", "booked_on")
CONTRACT_FIELDS = ("title", "amount", "starts_on", "ends_on", "renewed_by")
NPS_FIELDS = ("contact", "score", "answered_on", "comment")


def _refuse_future(name: str, day: date | None) -> None:
    """What was ordered or answered has happened."""
    if day is not None and day > today():
        raise ValidationError({name: _("This day must not lie in the future.")})


def _refuse_future_change(row: Order | NpsResponse, name: str, wanted: dict[str, Any]) -> None:
    """A day that stays as it is may lie there: an import may have brought it."""
    if name in wanted and wanted[name] != getattr(row, name):
        _refuse_future(name, wanted[name])


# --- Orders


@transaction.atomic
def create_order(*, actor: User, customer: Customer, **fields: Any) -> Order:
    """An order of a customer; `owner` is the seller, the actor where it says nobody and the actor sells."""
    refuse_unless_may_add(customer, actor)
    fields.setdefault("owner", actor if actor.sells else None)
    row = Order(customer=customer, **fields)
    _refuse_future("booked_on", row.booked_on)
    return edits.create(row, actor=actor)


@transaction.atomic
def edit_order(*, order: Order, changes: dict[str, Any], seen: int | None, actor: User) -> Order:
    """Set fields of ORDER_FIELDS."""
    refuse_to_change(order, actor)
    wanted = only(changes, ORDER_FIELDS)
    _refuse_future_change(order, "booked_on", wanted)
    return edits.edit(order, changes=wanted, seen=seen, actor=actor)


def archive_order(*, order: Order, seen: int | None, actor: User) -> Order:
    """Out of lists and of the figures to come."""
    refuse_unless_editable(order, actor)
    return set_archived(order, True, seen, actor)


def restore_order(*, order: Order, seen: int | None, actor: User) -> Order:
    refuse_unless_writable(order, actor)
    return set_archived(order, False, seen, actor)


# --- Contracts


@transaction.atomic
def create_contract(*, actor: User, customer: Customer, **fields: Any) -> Contract:
    """A contract of a customer. ValidationError {"ends_on"} when it ends before it starts."""
    refuse_unless_may_add(customer, actor)
    row = Contract(customer=customer, **fields)
    _refuse_unfit(row, row.starts_on, row.ends_on, row.renewed_by)
    return edits.create(row, actor=actor)


@transaction.atomic
def edit_contract(*, contract: Contract, changes: dict[str, Any], seen: int | None, actor: User) -> Contract:
    """Set fields of CONTRACT_FIELDS."""
    refuse_to_change(contract, actor)
    wanted = only(changes, CONTRACT_FIELDS)
    row = edits.locked(contract)
    said = {name: wanted.get(name, getattr(row, name)) for name in ("starts_on", "ends_on")}
    follows = wanted.get("renewed_by")
    _refuse_unfit(row, said["starts_on"], said["ends_on"], follows if follows != row.renewed_by else None)
    return edits.edit(contract, changes=wanted, seen=seen, actor=actor)


def _refuse_unfit(row: Contract, starts_on: date, ends_on: date, renewed_by: Contract | None) -> None:
    for name, day in (("starts_on", starts_on), ("ends_on", ends_on)):
        kept = row.pk is not None and day == getattr(row, name)  # an import may have brought any day
        if not kept and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError({name: _("Enter a date between 1970 and 2199.")})
    if ends_on < starts_on:
        raise ValidationError({"ends_on": _("It ends before it starts.")})
    if renewed_by is None:
        return
    if renewed_by.customer_id != row.customer_id:
        raise ValidationError({"renewed_by": _("A contract is renewed by one of the same customer.")})
    follows = dict(Contract.objects.filter(customer=row.customer_id).values_list("pk", "renewed_by"))
    following: int | None = renewed_by.pk
    passed: set[int] = set()
    while following is not None and following not in passed:  # two edits at once may have closed a circle of others
        if following == row.pk:
            raise ValidationError({"renewed_by": _("A contract cannot renew itself.")})
        passed.add(following)
        following = follows.get(following)


@transaction.atomic
def renew_contract(
    *, contract: Contract, ends_on: date, amount: Any, actor: User, seen: int | None = None,
    starts_on: date | None = None, title: str = "",
) -> Contract:  # fmt: skip
    """The contract that follows, linked to this one in the same act; it starts the day after the end of this one."""
    refuse_to_change(contract, actor)
    hold_in_use(contract.customer)  # before the contract, as a merge does
    if edits.locked(contract).is_renewed:
        raise ValidationError(_("This contract has been renewed already."))
    made = create_contract(
        actor=actor, customer=contract.customer, title=title or contract.title, amount=amount,
        starts_on=starts_on or contract.next_term()[0], ends_on=ends_on,
    )  # fmt: skip
    edits.edit(contract, changes={"renewed_by": made}, seen=seen, actor=actor, action="renew")
    return made


def archive_contract(*, contract: Contract, seen: int | None, actor: User) -> Contract:
    refuse_unless_editable(contract, actor)
    return set_archived(contract, True, seen, actor)


def restore_contract(*, contract: Contract, seen: int | None, actor: User) -> Contract:
    refuse_unless_writable(contract, actor)
    return set_archived(contract, False, seen, actor)


# --- NPS


@transaction.atomic
def create_nps_response(*, actor: User, customer: Customer, **fields: Any) -> NpsResponse:
    """What somebody at the customer's answered; the contact is the customer's."""
    refuse_unless_may_add(customer, actor)
    row = NpsResponse(customer=customer, **fields)
    _refuse_stranger(row)
    _refuse_future("answered_on", row.answered_on)
    return edits.create(row, actor=actor)


@transaction.atomic
def edit_nps_response(*, response: NpsResponse, changes: dict[str, Any], seen: int | None, actor: User) -> NpsResponse:
    """Set fields of NPS_FIELDS."""
    refuse_to_change(response, actor)
    wanted = only(changes, NPS_FIELDS)
    if wanted.get("contact") != response.contact:
        _refuse_stranger(NpsResponse(customer=response.customer, contact=wanted.get("contact")))
    _refuse_future_change(response, "answered_on", wanted)
    return edits.edit(response, changes=wanted, seen=seen, actor=actor)


def _refuse_stranger(row: NpsResponse) -> None:
    if row.contact is not None and row.contact.customer_id != row.customer_id:
        raise ValidationError({"contact": _("Choose a contact of this customer.")})


def archive_nps_response(*, response: NpsResponse, seen: int | None, actor: User) -> NpsResponse:
    refuse_unless_editable(response, actor)
    return set_archived(response, True, seen, actor)


def restore_nps_response(*, response: NpsResponse, seen: int | None, actor: User) -> NpsResponse:
    refuse_unless_writable(response, actor)
    return set_archived(response, False, seen, actor)
