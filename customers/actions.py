"""Writes about customers, contacts and products."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import edits, outbox, visibility
from accounts.actions import refuse_unless_admin
from accounts.models import Kind, User
from accounts.selectors import today
from config.web.errors import TooManyAttempts
from config.web.revisions import Revised
from customers.duplicates import refuse_if_served
from customers.models import Contact, Customer, Product

CUSTOMER_FIELDS = ("name", "industry", "region", "parent", "annual_spend", "tier", "created_on")
CONTACT_FIELDS = ("name", "title", "department", "email", "phone", "buying_role", "influence", "stance")
PRODUCT_FIELDS = ("name", "line", "is_core", "active")


def _only(changes: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if name in names}


def _refuse_unless_editable(row: Revised, actor: User) -> None:
    """403 for those who only read; 404 when the row has gone out of sight meanwhile."""
    model: Any = type(row)
    if model.objects.editable_by(actor).filter(pk=row.pk).exists():
        return
    if model.objects.visible_to(actor).filter(pk=row.pk).exists():
        raise PermissionDenied(_("You may read this but not change it."))
    raise Http404


def _refuse_if_archived(row: Any) -> None:
    if row.archived_at is not None:
        raise ValidationError(_("This is archived. Restore it first."), code="archived")


# --- Customers


def create_customer(*, actor: User, name: str, owner: User | None = None, **fields: Any) -> Customer:
    """A new customer; its owner is the actor unless they name somebody whom they may give it to.

    A name that is served already, out of the actor's sight, is refused (code `already_served`).
    """
    if actor.role == User.Role.EXECUTIVE:
        raise PermissionDenied(_("Executives read customers; they do not write them."))
    owner = owner or (actor if actor.sells else None)
    if owner is not None and owner.pk != actor.pk:
        _refuse_new_owner(actor, owner)
    _refuse_served(name, actor)
    fields.setdefault("created_on", today())
    customer = Customer(
        name=name.strip(), owner=owner, team=owner.team if owner else fields.pop("team", None), **fields
    )
    with transaction.atomic():
        row = edits.create(customer, actor=actor)
        _tell_new_owner(row, None, actor)
    return row


def _refuse_served(name: str, actor: User) -> None:
    try:
        refuse_if_served(name=name, actor=actor)
    except TooManyAttempts:
        raise
    except ValidationError as error:
        raise ValidationError({"name": error}) from error


def _refuse_new_owner(actor: User, owner: User) -> None:
    if not visibility.may_give_to(actor, owner):
        raise ValidationError({"owner": _("Choose a person from the list.")})
    if not owner.active_on(today()):
        raise ValidationError({"owner": _("This person is no longer active.")})


@transaction.atomic
def edit_customer(*, customer: Customer, changes: dict[str, Any], seen: int | None, actor: User) -> Customer:
    """Set fields of CUSTOMER_FIELDS."""
    _refuse_unless_editable(customer, actor)
    _refuse_if_archived(customer)
    wanted = _only(changes, CUSTOMER_FIELDS)
    _refuse_circle(customer, wanted.get("parent"))
    return edits.edit(customer, changes=wanted, seen=seen, actor=actor)


def _refuse_circle(customer: Customer, parent: Customer | None) -> None:
    while parent is not None:
        if parent.pk == customer.pk:
            raise ValidationError({"parent": _("A company cannot belong to itself.")})
        parent = parent.parent


@transaction.atomic
def assign_customer(*, customer: Customer, owner: User | None, seen: int | None, actor: User) -> Customer:
    """Give the customer to somebody; its team follows the owner. Without an owner its team stays."""
    if not visibility.may_assign(actor, customer.owner) and not (
        customer.owner is None and Customer.objects.editable_by(actor).filter(pk=customer.pk).exists()
    ):
        raise PermissionDenied(_("Only a manager above the owner, or an administrator, hands customers over."))
    if owner is not None:
        _refuse_new_owner(actor, owner)
    changes = {"owner": owner, "team": owner.team} if owner else {"owner": None}
    before = customer.owner_id
    row = edits.edit(customer, changes=changes, seen=seen, actor=actor, action="assign")
    _tell_new_owner(row, before, actor)
    return row


def _tell_new_owner(customer: Customer, before: int | None, actor: User) -> None:
    if customer.owner is not None and customer.owner_id not in (before, actor.pk):
        outbox.announce(Kind.HANDED_OVER, to=[customer.owner], row=customer, params={"by": actor.pk})


@transaction.atomic
def archive_customer(*, customer: Customer, seen: int | None, actor: User) -> Customer:
    """Out of lists and choices, kept in the past; refused while it has open opportunities."""
    _refuse_unless_editable(customer, actor)
    _refuse_open_opportunities(customer, actor)
    return _set_archived(customer, True, seen, actor)


def _refuse_open_opportunities(customer: Customer, actor: User) -> None:
    opportunities: Any = customer.opportunities  # type: ignore[attr-defined]
    still_open = opportunities.filter(outcome="open")
    if not still_open.exists():
        return
    titles = list(still_open.visible_to(actor).values_list("title", flat=True)[:5])
    if titles:
        raise ValidationError(
            _("Close or move these open opportunities first: %(titles)s") % {"titles": ", ".join(titles)}
        )
    raise ValidationError(_("This customer cannot be archived now."))


def restore_customer(*, customer: Customer, seen: int | None, actor: User) -> Customer:
    _refuse_unless_editable(customer, actor)
    return _set_archived(customer, False, seen, actor)


def _set_archived(row: Any, archived: bool, seen: int | None, actor: User) -> Any:
    if (row.archived_at is not None) == archived:
        return row
    changes = {"archived_at": timezone.now() if archived else None}
    return edits.edit(row, changes=changes, seen=seen, actor=actor, action="archive" if archived else "restore")


# --- Contacts


@transaction.atomic
def create_contact(*, actor: User, customer: Customer, name: str, **fields: Any) -> Contact:
    """A new contact of a customer that the actor may see and work with."""
    _refuse_new_contact(customer, actor)
    return edits.create(Contact(customer=customer, name=name.strip(), **fields), actor=actor)


def _refuse_new_contact(customer: Customer, actor: User) -> None:
    """Those who may edit the customer or one of its opportunities add contacts: all who sell and see it."""
    _refuse_if_archived(customer)
    if not Customer.objects.visible_to(actor).filter(pk=customer.pk).exists():
        raise Http404
    if not actor.sells and not actor.is_admin:
        raise PermissionDenied(_("You may read this but not change it."))


@transaction.atomic
def edit_contact(*, contact: Contact, changes: dict[str, Any], seen: int | None, actor: User) -> Contact:
    """Set fields of CONTACT_FIELDS."""
    _refuse_unless_editable(contact, actor)
    _refuse_if_archived(contact)
    return edits.edit(contact, changes=_only(changes, CONTACT_FIELDS), seen=seen, actor=actor)


def archive_contact(*, contact: Contact, seen: int | None, actor: User) -> Contact:
    _refuse_unless_editable(contact, actor)
    return _set_archived(contact, True, seen, actor)


def restore_contact(*, contact: Contact, seen: int | None, actor: User) -> Contact:
    _refuse_unless_editable(contact, actor)
    return _set_archived(contact, False, seen, actor)


# --- Products


@transaction.atomic
def create_product(*, actor: User, name: str, **fields: Any) -> Product:
    """A new product (administrators)."""
    refuse_unless_admin(actor)
    return edits.create(Product(name=name.strip(), **fields), actor=actor)


def edit_product(*, product: Product, changes: dict[str, Any], seen: int | None, actor: User) -> Product:
    """Set fields of PRODUCT_FIELDS (administrators)."""
    refuse_unless_admin(actor)
    _refuse_if_archived(product)
    return edits.edit(product, changes=_only(changes, PRODUCT_FIELDS), seen=seen, actor=actor)


def archive_product(*, product: Product, seen: int | None, actor: User) -> Product:
    refuse_unless_admin(actor)
    return _set_archived(product, True, seen, actor)


def restore_product(*, product: Product, seen: int | None, actor: User) -> Product:
    refuse_unless_admin(actor)
    return _set_archived(product, False, seen, actor)
