"""What actions on rows that hang on an opportunity share: whose they are, who may change them, what is archived."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import edits, visibility
from accounts.models import User
from accounts.selectors import today
from customers.models import Contact
from opportunities.actions.writing import lock_editable, refuse_if_archived
from opportunities.models import Opportunity


def lock_for_writing(opportunity: Opportunity, actor: User) -> Opportunity:
    """The opportunity, locked, when this person may change it and it is not archived."""
    row = lock_editable(opportunity, actor)
    refuse_if_archived(row)
    return row


def refuse_archived_row(row: Any) -> None:
    if row.archived_at is not None:
        raise ValidationError(_("This is archived. Restore it first."), code="archived")


def set_archived(row: Any, archived: bool, *, seen: int | None, actor: User) -> Any:
    """Out of lists, or back into them; twice changes nothing."""
    if (row.archived_at is not None) == archived:
        return row
    changes = {"archived_at": timezone.now() if archived else None}
    return edits.edit(row, changes=changes, seen=seen, actor=actor, action="archive" if archived else "restore")


def only(changes: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Those of the changes that an action takes, texts without blanks around them."""
    known = {name: changes[name] for name in names if name in changes}
    return {name: value.strip() if isinstance(value, str) else value for name, value in known.items()}


def refuse_foreign_contact(contact: Contact | None, opportunity: Opportunity) -> None:
    """A contact in use of this opportunity's customer, or none."""
    if contact is not None and (contact.customer_id != opportunity.customer_id or contact.archived_at is not None):
        raise ValidationError({"contact": _("There is no such choice.")})


def refuse_inactive(person: User | None, name: str) -> None:
    """A person who is there to do it, or nobody."""
    if person is not None and not (person.sells and person.active_on(today())):
        raise ValidationError({name: _("Choose an active sales rep or manager.")})


def refuse_unless_reads_sensitive(opportunity: Opportunity, actor: User, author_id: int | None) -> None:
    """What a person does not read they do not write either (METHOD.md §4)."""
    if not visibility.reads_sensitive(actor, opportunity.owner, author_id):
        raise PermissionDenied(_("Only the owner and the managers above write what only they read."))
