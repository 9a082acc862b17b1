"""Waivers: a manager above is asked to let a move past an enforced gate, and grants or refuses it (METHOD.md §2)."""

from copy import copy

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, outbox, visibility
from accounts.models import Kind, User
from accounts.selectors import today
from opportunities.actions.checkpoints import checked_reason, may_judge
from opportunities.actions.gate import may_not_override
from opportunities.actions.move import move_past_gate
from opportunities.actions.writing import lock_standing, lock_visible, refuse_if_archived
from opportunities.models import Opportunity, Stage, Waiver
from opportunities.selectors.gate import missing_between, standing_on, with_standing
from opportunities.selectors.stages import all_stages, stages_in_use


@transaction.atomic
def ask_waiver(*, opportunity: Opportunity, stage: Stage, reason: str, actor: User) -> Waiver:
    """Ask the managers above for a move to `stage`; a new question takes the place of one that is still open."""
    row = lock_standing(opportunity, actor)
    refuse_if_archived(row)
    _refuse_stage(row, stage)
    if not may_not_override(row, actor):
        raise ValidationError({"stage": _("You may move it yourself, with a reason: it needs no waiver.")})
    if not missing_between(standing_on(row), row.stage, stage, stages_in_use()):
        raise ValidationError({"stage": _("Nothing is missing for this move: it needs no waiver.")})
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
    row = _taken(waiver, Waiver.State.GRANTED, "", actor)
    stage = next(stage for stage in all_stages() if stage.pk == row.stage_id)
    _refuse_stage(row.opportunity, stage)
    if row.opportunity.stage_id != row.source_id or row.opportunity.entered_at > row.asked_at:
        raise ValidationError(_("The opportunity has been moved since. Refuse this, and let it be asked again."))
    move_past_gate(opportunity=row.opportunity, stage=stage, actor=actor, reason=row.reason, waiver=row.pk)
    return _told(row, actor)


@transaction.atomic
def refuse_waiver(*, waiver: Waiver, reason: str, actor: User) -> Waiver:
    """Refuse it, with a reason."""
    row = _taken(waiver, Waiver.State.REFUSED, checked_reason(reason), actor)
    changes = {"stage": (row.source, row.stage), "reason": (None, row.answer)}
    audit.record("waiver_refused", row=row.opportunity, actor=actor, changes=changes)
    return _told(row, actor)


def _taken(waiver: Waiver, state: str, answer: str, actor: User) -> Waiver:
    """The decision, written to the waiver while its opportunity is locked, unless there is one already."""
    opportunity = lock_visible(waiver.opportunity, actor, among=with_standing(Opportunity.objects.all()))
    refuse_if_archived(opportunity)
    if not may_judge(actor, opportunity, waiver.asked_by):
        raise PermissionDenied(_("Only a manager above the owner grants or refuses a waiver, and nobody their own."))
    decision = {"state": state, "answer": answer, "decided_by": actor, "decided_at": timezone.now()}
    if not Waiver.objects.filter(pk=waiver.pk, state=Waiver.State.ASKED).update(**decision):
        raise ValidationError(_("This waiver has been decided already."))
    row = copy(waiver)  # a refused write leaves what the caller has as it was
    for name, value in {**decision, "opportunity": opportunity}.items():
        setattr(row, name, value)
    return row


def _told(row: Waiver, actor: User) -> Waiver:
    undoable, about = row.state == Waiver.State.GRANTED, {"by": actor.pk, "waiver": row.pk}
    outbox.announce(Kind.WAIVER_DECIDED, to=[row.asked_by], row=row.opportunity, params=about, hold=undoable)
    return row
