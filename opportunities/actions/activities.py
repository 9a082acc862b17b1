"""The behaviour sheet: planning, rescheduling, cancelling, editing and coaching activities (METHOD.md §6)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import edits, outbox, visibility
from accounts.models import Kind, User
from customers.models import Contact, Customer
from customers.rules.attention import FACE_TO_FACE
from opportunities.actions import activity_writing
from opportunities.actions.checkpoints import checked_reason
from opportunities.models import Activity, ActivityKind, Opportunity

ABOUT = ("kind", "customer", "opportunity", "contacts")
PLAN = ("objective", "customer_needs", "line_of_talk", "advantage")
DEBRIEF = ("outcome", "said", "promised", "promised_by", "skill")
EDITABLE = (*ABOUT, *PLAN, *DEBRIEF)


@transaction.atomic
def plan_activity(
    *, actor: User, kind: ActivityKind, planned_at: datetime, owner: User | None = None,
    customer: Customer | None = None, opportunity: Opportunity | None = None, contacts: Iterable[Contact] = (),
    **fields: Any,
) -> Activity:  # fmt: skip
    """Plan something; its customer is that of the opportunity where there is one. Its owner is the actor by default.

    `fields` are those of PLAN, and `key`.
    """
    row = activity_writing.build(
        actor, kind=kind, owner=owner, customer=customer, opportunity=opportunity, planned_at=planned_at, **fields
    )
    _refuse_without_moment(planned_at)
    return activity_writing.begin(row, contacts, actor)


@transaction.atomic
def edit_activity(*, activity: Activity, changes: dict[str, Any], seen: int | None, actor: User) -> Activity:
    """Set fields of EDITABLE; those of the debrief once it is done."""
    row = activity_writing.lock_activity(activity, actor, about=changes)
    activity_writing.refuse_if_cancelled(row)
    wanted = {name: value for name, value in changes.items() if name in EDITABLE}
    if row.done_at is None and any(name in wanted and wanted[name] != getattr(row, name) for name in DEBRIEF):
        raise ValidationError(_("This has not been done yet: debrief it first."))
    activity_writing.refuse_kind(wanted.get("kind"), row.kind)
    _refuse_if_evidence_rests_on(row, wanted)
    activity_writing.follow_opportunity(row, wanted, actor)
    return activity_writing.save(row, wanted, actor, seen=seen, action="edit")


def _refuse_if_evidence_rests_on(row: Activity, wanted: dict[str, Any]) -> None:
    """A joint visit that is the only trace of a record stays one, with the person who said so."""
    if row.kind.base not in FACE_TO_FACE:
        return
    resting = row.checkpoints.standing().filter(grade="E2", link="", file=None)  # type: ignore[attr-defined]
    refusal = _("Evidence rests on this visit: withdraw the record first.")
    if "kind" in wanted and wanted["kind"].base not in FACE_TO_FACE and resting.exists():
        raise ValidationError({"kind": refusal})
    if "contacts" in wanted:
        left_out = set(row.contacts.all()) - set(wanted["contacts"])
        if left_out and resting.filter(contact__in=left_out).exists():
            raise ValidationError({"contacts": refusal})


@transaction.atomic
def reschedule_activity(*, activity: Activity, planned_at: datetime, seen: int | None, actor: User) -> Activity:
    """Plan it for another moment."""
    row = activity_writing.lock_activity(activity, actor)
    activity_writing.refuse_unless_planned(row)
    _refuse_without_moment(planned_at)
    return activity_writing.save(row, {"planned_at": planned_at}, actor, seen=seen, action="reschedule")


def _refuse_without_moment(planned_at: datetime | None) -> None:
    """What is planned stands in a day: without one it would be in no calendar and never overdue."""
    if planned_at is None:
        raise ValidationError({"planned_at": _("This field is required.")})


@transaction.atomic
def cancel_activity(*, activity: Activity, reason: str, seen: int | None, actor: User) -> Activity:
    """It will not take place, for this reason; cancelling twice changes nothing."""
    row = activity_writing.lock_activity(activity, actor)
    if row.cancelled_at is not None:
        return row
    activity_writing.refuse_unless_planned(row)
    changes = {"cancelled_at": timezone.now(), "cancelled_reason": checked_reason(reason)}
    return activity_writing.save(row, changes, actor, seen=seen, action="cancel_activity", watched=("planned_at",))


@transaction.atomic
def coach_activity(*, activity: Activity, note: str, seen: int | None, actor: User) -> Activity:
    """A note on a debrief by a manager above the activity's owner; an empty one takes the note back."""
    row = Activity.objects.visible_to(actor).with_names().filter(pk=activity.pk).first()
    if row is None:
        raise Http404
    if not may_coach(actor, row):
        raise PermissionDenied(_("Only a manager above the owner coaches, and nobody on their own activity."))
    row = edits.locked(row)
    if row.done_at is None:
        raise ValidationError(_("This has not been done yet: debrief it first."))
    note = note.strip()
    changes = {"coaching": note, "coached_by": actor if note else None, "coached_at": timezone.now() if note else None}
    if row.coaching == note:
        return row
    saved = activity_writing.save(row, changes, actor, seen=seen, action="coach")
    if note:
        about = {"by": actor.pk, "activity": saved.pk}
        outbox.announce(Kind.COACHED, to=[saved.owner], row=saved.about, params=about, hold=False)
    return saved


def may_coach(actor: User, activity: Activity) -> bool:
    """Whether somebody is a manager above the owner, whose team must be loaded."""
    return visibility.is_above(actor, activity.owner)
