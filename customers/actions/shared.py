"""What the actions of customers and of what hangs on them have in common."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import edits
from accounts.models import User
from config.web.revisions import Revised
from customers.models import Customer

Row = TypeVar("Row")


def above(customer: Customer) -> Iterator[int]:
    """Ids of the companies above this one."""
    known: set[int] = set()
    parent = customer.parent
    while parent is not None and parent.pk not in known:
        known.add(parent.pk)
        yield parent.pk
        parent = parent.parent


def only(changes: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if name in names}


def refuse_unless_editable(row: Revised, actor: User) -> None:
    """403 for those who only read; 404 when the row has gone out of sight meanwhile."""
    model: Any = type(row)
    if model.objects.editable_by(actor).filter(pk=row.pk).exists():
        return
    if model.objects.visible_to(actor).filter(pk=row.pk).exists():
        raise PermissionDenied(_("You may read this but not change it."))
    raise Http404


def refuse_unless_writable(row: Any, actor: User) -> None:
    """What hangs on a customer is written by those who may edit it, and not while the customer is archived.

    An order may be seen by its seller without its customer: seen then, not changed.
    """
    refuse_unless_editable(row, actor)
    refuse_if_archived(row.customer)


def refuse_to_change(row: Any, actor: User) -> None:
    """Likewise, and not while it is archived itself."""
    refuse_unless_writable(row, actor)
    refuse_if_archived(row)


def refuse_unless_may_add(customer: Customer, actor: User) -> None:
    """Those who may edit the customer; an administrator brings rows of another system in and then only reads."""
    if not actor.is_admin:
        refuse_unless_editable(customer, actor)
    elif not Customer.objects.visible_to(actor).filter(pk=customer.pk).exists():
        raise Http404
    hold_in_use(customer)


def hold_in_use(*customers: Customer) -> None:
    """Refuse what is archived by now, and keep the others in use until the transaction ends.

    What is added to a customer would else stay behind with it when it is merged or archived at the same time. An
    opportunity that is locked too is locked before.
    """
    rows = Customer.objects.filter(pk__in=[customer.pk for customer in customers])
    for row in held(rows):
        refuse_if_archived(row)


def held(customers: Any) -> Any:
    """These customers as they are now; nobody merges or archives them until the transaction ends."""
    return customers.order_by("pk").select_for_update(of=("self",), no_key=True)


def refuse_if_archived(row: Any) -> None:
    if row.archived_at is None:
        return
    if isinstance(row, Customer):
        raise ValidationError(_("This customer is archived. Restore it first."), code="archived")
    raise ValidationError(_("This is archived. Restore it first."), code="archived")


def once_at_the_customer(row: Any, name: str, write: Callable[[], Row]) -> Row:
    """What `write` makes of a row whose `name` stands once among those in use at its customer."""
    taken = ValidationError({"name": _("The customer has this already.")})
    same = type(row).objects.in_use().filter(customer=row.customer_id, name=name)
    if same.exclude(pk=row.pk).exists():
        raise taken
    try:
        with transaction.atomic():
            return write()
    except IntegrityError as error:
        raise taken from error


def set_archived(row: Any, archived: bool, seen: int | None, actor: User) -> Any:
    if (row.archived_at is not None) == archived:
        return row
    changes = {"archived_at": timezone.now() if archived else None}
    return edits.edit(row, changes=changes, seen=seen, actor=actor, action="archive" if archived else "restore")
