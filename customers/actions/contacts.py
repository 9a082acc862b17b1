"""Writes about contacts."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from accounts import edits
from accounts.models import User
from customers.actions.shared import (
    held,
    only,
    refuse_if_archived,
    refuse_to_change,
    refuse_unless_editable,
    refuse_unless_writable,
    set_archived,
)
from customers.models import PERSONAL, Contact, Customer

CONTACT_FIELDS = ("name", "title", "department", "email", "phone", "buying_role", "influence", "stance", "notes")


@transaction.atomic
def create_contact(*, actor: User, customer: Customer, name: str, **fields: Any) -> Contact:
    """A new contact of a customer that the actor may see and work with."""
    _refuse_new_contact(customer, actor)
    made = Contact(customer=customer, name=name.strip(), **fields)
    unset = {field.name for field in Contact._meta.fields} - {"customer", "name", *fields}
    return edits.create(made, actor=actor, made_up=unset)


def _refuse_new_contact(customer: Customer, actor: User) -> None:
    """Those who may edit the customer or one of its opportunities add contacts: all who sell and see it."""
    row = held(Customer.objects.visible_to(actor).filter(pk=customer.pk)).first()
    if row is None:
        raise Http404
    if not actor.sells and not actor.is_admin:
        raise PermissionDenied(_("You may read this but not change it."))
    refuse_if_archived(row)


@transaction.atomic
def edit_contact(*, contact: Contact, changes: dict[str, Any], seen: int | None, actor: User) -> Contact:
    """Set fields of CONTACT_FIELDS."""
    row = edits.locked(contact)
    refuse_to_change(row, actor)
    _refuse_erased(row, changes)
    return edits.edit_locked(row, changes=only(changes, CONTACT_FIELDS), seen=seen, actor=actor)


def _refuse_erased(contact: Contact, changes: dict[str, Any]) -> None:
    """What was erased on request is not written again (FINE-PRINT 54)."""
    written = [name for name in PERSONAL if changes.get(name, getattr(contact, name)) != getattr(contact, name)]
    if contact.erased_at is not None and written:
        raise ValidationError(dict.fromkeys(written, _("This person's data was erased on request.")))


def archive_contact(*, contact: Contact, seen: int | None, actor: User) -> Contact:
    refuse_unless_editable(contact, actor)
    return set_archived(contact, True, seen, actor)


def restore_contact(*, contact: Contact, seen: int | None, actor: User) -> Contact:
    refuse_unless_writable(contact, actor)
    return set_archived(contact, False, seen, actor)
