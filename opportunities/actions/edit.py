"""Edits of what an opportunity says of itself, and its hand-over to another owner."""

from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts import edits, visibility
from accounts.models import User
from accounts.selectors import today
from customers.actions.shared import hold_in_use
from opportunities.actions.writing import MOVE_WATCHES, lock_editable, lock_visible, refuse_if_archived, write
from opportunities.models import Activity, Checkpoint, JointTask, Opportunity, Stakeholder
from opportunities.rules import WITHOUT_PAST

VERSIONED = ("amount", "expected_close_date", "product", "next_step", "next_step_due")
EDITABLE = (*VERSIONED, *WITHOUT_PAST)


@transaction.atomic
def edit_opportunity(
    *, opportunity: Opportunity, changes: dict[str, Any], seen: int | None, actor: User
) -> Opportunity:
    """Set fields of EDITABLE. Raises StaleWrite when one was changed since version `seen`."""
    row = lock_editable(opportunity, actor)
    refuse_if_archived(row)
    held, plain = _edited(row, changes, seen)
    write(row, actor=actor, action="edit", held=held, fields=plain)
    return row


@transaction.atomic
def edit_and_assign(
    *, opportunity: Opportunity, changes: dict[str, Any], owner: User, seen: int | None, actor: User
) -> Opportunity:
    """Both in one change: handed over first, then edited (FINE-PRINT 22), undone together."""
    row = lock_editable(opportunity, actor, among=_with_team_of(owner))
    refuse_if_archived(row)
    held, plain = _edited(row, changes, seen)
    held |= _handed_over(row, owner, seen, actor)
    write(row, actor=actor, action="edit", held=held, fields=plain, owner=owner)
    return row


def _edited(row: Opportunity, changes: dict[str, Any], seen: int | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a version holds of the changes, and what has no past."""
    wanted = {name: value for name, value in changes.items() if name in EDITABLE}
    differing = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    row.refuse_if_stale(seen, differing)
    _refuse_signing_date(wanted)
    if "customer" in differing:
        _refuse_to_leave_people(row)
        hold_in_use(differing["customer"])
    held: dict[str, Any] = {name: wanted[name] for name in VERSIONED if name in wanted}
    if "product" in held:
        product = held.pop("product")
        held["product_id"] = product.pk if product else None
    return held, {name: wanted[name] for name in WITHOUT_PAST if name in wanted}


def _refuse_to_leave_people(row: Opportunity) -> None:
    """The present customer's people would stay behind on a deal of another customer, seen by whoever sees that one."""
    if has_people(row):
        told = _("People of this customer stand on the deal, in its evidence, plan or activities: it stays with them.")
        raise ValidationError({"customer": told})


def has_people(row: Opportunity) -> bool:
    """Whether anybody of its customer stands on it: on its map, in its evidence, plan or activities. One query."""
    named: list[Any] = [model.objects.filter(contact__isnull=False) for model in (Stakeholder, Checkpoint, JointTask)]
    with_somebody = Activity.contacts.through.objects.values("activity")
    named.append(Activity.objects.filter(pk__in=with_somebody))
    anywhere = [Q(Exists(rows.filter(opportunity=OuterRef("pk")))) for rows in named]
    return Opportunity.objects.filter(reduce(or_, anywhere), pk=row.pk).exists()


def _refuse_signing_date(changes: dict[str, Any]) -> None:
    signed_on = changes.get("signed_on")
    if signed_on is not None and signed_on > today():
        raise ValidationError({"signed_on": _("The signing date must not lie in the future.")})


@transaction.atomic
def assign(*, opportunity: Opportunity, owner: User, seen: int | None, actor: User, reason: str = "") -> Opportunity:
    """Hand the opportunity over; its team follows the new owner. Everything else stays."""
    row = lock_visible(opportunity, actor, among=_with_team_of(owner))
    refuse_if_archived(row)
    held = _handed_over(row, owner, seen, actor)
    write(row, actor=actor, action="assign", held=held, owner=owner, reason=reason)
    return row


def _with_team_of(owner: User) -> Any:
    return Opportunity.objects.annotate(team_of_owner=edits.team_kept(owner.pk))


def _handed_over(row: Any, owner: User, seen: int | None, actor: User) -> dict[str, Any]:
    """The change of owner, when this person may make it; the row was read with the team that they are in."""
    edits.in_team(owner, row.team_of_owner)
    if not visibility.may_assign(actor, row.owner):
        raise PermissionDenied(_("Only a manager above the owner, or an administrator, hands opportunities over."))
    if not visibility.may_give_to(actor, owner):
        raise ValidationError({"owner": _("Choose a person from the list.")})
    if not owner.active_on(today()):
        raise ValidationError({"owner": _("This person is no longer active.")})
    if owner.pk != row.owner_id:
        row.refuse_if_stale(seen, {"owner": owner}, MOVE_WATCHES)
    return {"owner": (owner.pk, owner.team_id)}
