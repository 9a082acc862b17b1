"""The customer's people on an opportunity: who they are, where they stand, and our plan for those who may say no."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import edits
from accounts.models import User
from customers.actions import create_contact
from customers.models import Contact
from opportunities.actions.gate import settle_proof
from opportunities.actions.of_opportunity import (
    lock_for_writing,
    only,
    refuse_archived_row,
    refuse_foreign_contact,
    refuse_inactive,
    refuse_unless_reads_sensitive,
    set_archived,
)
from opportunities.models import Opportunity, Stakeholder

FIELDS = (
    "contact", "role_title", "buying_role", "influence", "stance", "decision_style", "goal", "goal_value", "goal_on",
    "gains", "threats", "may_veto", "veto_state", "veto_plan", "veto_plan_owner", "sensitive_note",
)  # fmt: skip


@transaction.atomic
def add_stakeholder(*, opportunity: Opportunity, actor: User, new_contact: str = "", **fields: Any) -> Stakeholder:
    """Somebody with a say: a contact of the customer, or a post (`role_title`) whose person is not known yet.

    `new_contact` is the name of a contact that is made with it. Role, influence and stance that are not given are taken
    over from the contact. The actor is the author of the sensitive note.
    """
    row = lock_for_writing(opportunity, actor)
    if new_contact:
        fields["contact"] = create_contact(actor=actor, customer=row.customer, name=new_contact)
    given = _completed({**_known_of(fields.get("contact")), **only(fields, FIELDS)})
    _refuse_wrong(row, None, given, is_new=bool(new_contact))
    if given.get("sensitive_note") and not new_contact:
        _refuse_erased(given.get("contact"), is_new=True)
    author = actor if given.get("sensitive_note") else None
    made = edits.create(Stakeholder(opportunity=row, sensitive_by=author, **given), actor=actor, made_up=["key"])
    settle_proof(row)
    return made


def _known_of(contact: Contact | None) -> dict[str, Any]:
    """What the customer's page says of the person already."""
    if contact is None:
        return {}
    known = {name: getattr(contact, name) for name in ("buying_role", "influence", "stance")}
    may_veto = contact.buying_role == Contact.BuyingRole.TECHNICAL_VETO
    return {name: value for name, value in known.items() if value not in ("", None)} | {"may_veto": may_veto}


def _completed(given: dict[str, Any]) -> dict[str, Any]:
    """Who can say no is at least identified."""
    if given.get("may_veto") and not given.get("veto_state"):
        return {**given, "veto_state": Stakeholder.VetoState.IDENTIFIED}
    return given


def _refuse_wrong(row: Opportunity, now: Stakeholder | None, given: dict[str, Any], *, is_new: bool = False) -> None:
    """`is_new`: the contact was made in this act, so it stands nowhere else."""
    contact, stays = given.get("contact"), now is not None and now.contact_id is not None and "contact" not in given
    if contact is None and not stays and not given.get("role_title", now.role_title if now else ""):
        raise ValidationError({"contact": _("Choose a person of the customer, or say which post it is.")})
    if contact is not None and not is_new and (now is None or contact.pk != now.contact_id):
        refuse_foreign_contact(contact, row)
        _refuse_twice(row, contact)
    if now is None or given.get("veto_plan_owner") != now.veto_plan_owner:
        refuse_inactive(given.get("veto_plan_owner"), "veto_plan_owner")


def _refuse_twice(row: Opportunity, contact: Contact | None) -> None:
    """A contact stands once on the map; the opportunity is locked."""
    if contact is not None and Stakeholder.objects.in_use().filter(opportunity=row, contact=contact).exists():
        raise ValidationError({"contact": _("This person is on the map already.")})


def _refuse_erased(contact: Contact | None, *, is_new: bool = False, is_known: bool = False) -> None:
    """Nothing sensitive is noted of a person whose data was erased on request (FINE-PRINT 54).

    Read again, unless it was read for this act (`is_known`): an erasure locks the contact and all its rows on maps, of
    which a new one is none yet (`is_new`).
    """
    if contact is None:
        return
    if not is_known:
        rows = Contact.objects.select_for_update(of=("self",)) if is_new else Contact.objects.all()
        contact = rows.get(pk=contact.pk)
    if contact.erased_at is not None:
        raise ValidationError({"sensitive_note": _("This person's data was erased on request.")})


@transaction.atomic
def forget_sensitive_notes(*, contact: Contact, actor: User) -> None:
    """Blank what was noted of a person whose data is erased, on the map or off it; the contact is locked."""
    for row in Stakeholder.objects.select_for_update(of=("self",)).filter(contact=contact).order_by("pk"):
        changes = {"sensitive_note": ""}
        edits.edit_locked(row, changes=changes, seen=None, actor=actor, action="erase", besides={"sensitive_by": None})


@transaction.atomic
def edit_stakeholder(
    *, stakeholder: Stakeholder, changes: dict[str, Any], seen: int | None, actor: User
) -> Stakeholder:
    """Set fields of FIELDS: a place on the map is `stance` and `influence`.

    What the veto list says after it may prove a stage (`settle_proof`). PermissionDenied for a sensitive note that the
    actor does not read.
    """
    row = lock_for_writing(stakeholder.opportunity, actor)
    now = _locked(stakeholder)
    refuse_archived_row(now)
    given = only(changes, FIELDS)
    if given.get("may_veto", now.may_veto) and not given.get("veto_state", now.veto_state):
        given["veto_state"] = Stakeholder.VetoState.IDENTIFIED
    if "sensitive_note" in given:
        refuse_unless_reads_sensitive(row, actor, now.sensitive_by_id)
    _refuse_wrong(row, now, given)
    note = given.get("sensitive_note", now.sensitive_note)
    if note and (note != now.sensitive_note or given.get("contact", now.contact) != now.contact):
        _refuse_erased(given.get("contact", now.contact), is_known=given.get("contact", now.contact) != now.contact)
    author = {} if note == now.sensitive_note else {"sensitive_by": actor if note else None}
    saved = edits.edit_locked(now, changes=given, seen=seen, actor=actor, besides=author)
    settle_proof(row)
    return saved


def _locked(stakeholder: Stakeholder) -> Stakeholder:
    rows = Stakeholder.objects.select_related("contact", "veto_plan_owner").select_for_update(of=("self",))
    return rows.get(pk=stakeholder.pk)  # type: ignore[no-any-return]


@transaction.atomic
def archive_stakeholder(*, stakeholder: Stakeholder, seen: int | None, actor: User) -> Stakeholder:
    """Off the map; kept, and restorable."""
    row = lock_for_writing(stakeholder.opportunity, actor)
    saved: Stakeholder = set_archived(stakeholder, True, seen=seen, actor=actor)
    settle_proof(row)
    return saved


@transaction.atomic
def restore_stakeholder(*, stakeholder: Stakeholder, seen: int | None, actor: User) -> Stakeholder:
    """Back on the map, unless the same person stands there already."""
    row = lock_for_writing(stakeholder.opportunity, actor)
    if stakeholder.archived_at is not None:
        _refuse_twice(row, stakeholder.contact)
    saved: Stakeholder = set_archived(stakeholder, False, seen=seen, actor=actor)
    return saved
