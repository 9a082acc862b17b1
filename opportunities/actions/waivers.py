"""Waivers: a manager above is asked to let a move past an enforced gate, and grants or refuses it (METHOD.md §2)."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, outbox, visibility
from accounts.models import Kind, User
from accounts.selectors import today
from opportunities.actions.checkpoints import checked_reason, may_judge
from opportunities.actions.move import move_past_gate
from opportunities.actions.writing import lock_editable, lock_visible, refuse_if_archived
from opportunities.models import Opportunity, Stage, Waiver


@transaction.atomic
def ask_waiver(*, opportunity: Opportunity, stage: Stage, reason: str, actor: User) -> Waiver:
    """Ask the managers above for a move to `stage`; a new question takes the place of one that is still open."""
    row = lock_editable(opportunity, actor)
    refuse_if_archived(row)
    _refuse_stage(row, stage)
    reason = checked_reason(reason)
    Waiver.objects.filter(opportunity=row, state=Waiver.State.ASKED).delete()
    waiver = Waiver.objects.create(opportunity=row, source=row.stage, stage=stage, reason=reason, asked_by=actor)
    audit.record("ask_waiver", row=row, actor=actor, changes={"stage": (row.stage, stage), "reason": (None, reason)})
    about = {"by": actor.pk, "waiver": waiver.pk}
    outbox.announce(Kind.WAIVER_ASKED, to=_judges(row, actor), row=row, params=about, hold=False)
    return waiver


def _refuse_stage(row: Opportunity, stage: Stage) -> None:
    if not stage.is_open or stage.retired_at is not None or not row.is_open or stage.position <= row.stage.position:
        raise ValidationError({"stage": _("A waiver is for a move forward to an open stage.")})


def _judges(row: Opportunity, actor: User) -> list[User]:
    """Who may decide what `actor` asks: the managers above the owner, administrators where there is none."""
    above = visibility.managers_above(row.owner).active_on(today()).exclude(pk=actor.pk)
    return list(above) or list(User.objects.filter(role=User.Role.ADMIN).active_on(today()))


@transaction.atomic
def grant_waiver(*, waiver: Waiver, actor: User) -> Waiver:
    """Let the move through: it is made at once, for the asker's reason, and marked as moved without proof.

    Raises ValidationError when the opportunity no longer stands where it stood when the waiver was asked for.
    """
    row = _locked(waiver, actor)
    _refuse_stage(row.opportunity, row.stage)
    if row.opportunity.stage_id != row.source_id or row.opportunity.entered_at > row.asked_at:
        raise ValidationError(_("The opportunity has been moved since. Refuse this, and let it be asked again."))
    move_past_gate(opportunity=row.opportunity, stage=row.stage, actor=actor, reason=row.reason, waiver=row.pk)
    return _decided(row, Waiver.State.GRANTED, "", actor)


@transaction.atomic
def refuse_waiver(*, waiver: Waiver, reason: str, actor: User) -> Waiver:
    """Refuse it, with a reason."""
    row = _locked(waiver, actor)
    decided = _decided(row, Waiver.State.REFUSED, checked_reason(reason), actor)
    changes = {"stage": (row.source, row.stage), "reason": (None, row.answer)}
    audit.record("waiver_refused", row=row.opportunity, actor=actor, changes=changes)
    return decided


def _locked(waiver: Waiver, actor: User) -> Waiver:
    opportunity = lock_visible(waiver.opportunity, actor)
    refuse_if_archived(opportunity)
    row = Waiver.objects.select_related("asked_by", "stage", "source").get(pk=waiver.pk)
    row.opportunity = opportunity
    if not may_judge(actor, opportunity, row.asked_by):
        raise PermissionDenied(_("Only a manager above the owner grants or refuses a waiver, and nobody their own."))
    if row.state != Waiver.State.ASKED:
        raise ValidationError(_("This waiver has been decided already."))
    return row


def _decided(row: Waiver, state: str, answer: str, actor: User) -> Waiver:
    row.state, row.answer, row.decided_by, row.decided_at = state, answer, actor, timezone.now()
    row.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    undoable, about = state == Waiver.State.GRANTED, {"by": actor.pk, "waiver": row.pk}
    outbox.announce(Kind.WAIVER_DECIDED, to=[row.asked_by], row=row.opportunity, params=about, hold=undoable)
    return row
