"""The one action that moves a stage, whatever the door (METHOD.md §2)."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import edits, visibility
from accounts.models import User
from accounts.selectors import today
from customers.actions.shared import hold_in_use
from opportunities import rules
from opportunities.actions.gate import pass_gate, unproven_after
from opportunities.actions.writing import MOVE_WATCHES, lock_standing, refuse_if_archived, stage_info, write
from opportunities.models import Opportunity, Stage
from opportunities.selectors.gate import standing_on


@transaction.atomic
def move_to_stage(
    *,
    opportunity: Opportunity,
    stage: Stage,
    seen: int | None,
    actor: User,
    reason: str = "",
    amount: Decimal | None = None,
    signed_on: date | None = None,
    competitor: str = "",
    override: bool = False,
) -> Opportunity:
    """Move the opportunity to `stage`; to the stage it has, nothing happens.

    Raises ValidationError {field: message} for what is missing, PermissionDenied for a reopening by somebody who
    is not a manager above the owner, StaleWrite when stage or owner was changed since version `seen`, GateClosed when
    the evidence does not reach and `override` is not set by somebody who may.
    """
    if not opportunity.is_open:
        list(edits.kept(opportunity.owner_id).values_list("pk"))  # it follows them into the team that they are in
    row = lock_standing(opportunity, actor)
    refuse_if_archived(row)
    if row.stage_id == stage.pk:
        return row
    _refuse_target(row, stage, seen, actor, amount)
    reason = reason.strip()
    sum_at_closing = row.amount if amount is None else amount
    problems = rules.move_problems(
        stage_info(row.stage), stage_info(stage), reason=reason, amount=sum_at_closing, signed_on=signed_on,
        today=today(),
    )  # fmt: skip
    if problems:
        raise ValidationError(problems)
    unproven_from = pass_gate(row, stage, standing_on(row), actor, override=override, reason=reason)
    fields = _closing_facts(stage, {"signed_on": signed_on, "competitor": competitor.strip()})
    _write_move(row, stage, actor, reason, sum_at_closing, {**fields, "unproven_from": unproven_from})
    return row


def move_past_gate(*, opportunity: Opportunity, stage: Stage, actor: User, reason: str, waiver: int) -> None:
    """The move that a waiver lets through, by somebody who need not be able to edit the opportunity.

    This is locked, and was read `with_standing`.
    """
    unproven_from = unproven_after(opportunity, stage, standing_on(opportunity), opportunity.stage)
    fields, kept = {"unproven_from": unproven_from}, {"waiver": waiver}
    write(
        opportunity, actor=actor, action="waiver_granted", held={"stage": stage_info(stage)}, fields=fields,
        stage=stage, reason=reason, kept=kept,
    )  # fmt: skip


def _write_move(
    row: Opportunity, stage: Stage, actor: User, reason: str, amount: Decimal | None, fields: dict[str, Any]
) -> None:
    held: dict[str, Any] = {"stage": stage_info(stage), "amount": amount}
    if not row.is_open:  # a closed one does not follow its owner into another team until it is reopened
        held["team_id"] = row.owner.team_id
    write(row, actor=actor, action="move", held=held, fields=fields, stage=stage, reason=reason)


def _closing_facts(stage: Stage, given: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a closing: a signing date of a won one, a competitor of one that is closed at all."""
    return {
        "signed_on": given["signed_on"] if stage.outcome == "won" else None,
        "competitor": "" if stage.is_open else given["competitor"],
    }


def _refuse_target(row: Opportunity, stage: Stage, seen: int | None, actor: User, amount: Decimal | None) -> None:
    if stage.retired_at is not None:
        raise ValidationError({"stage": _("This stage is no longer in use.")})
    yours: dict[str, Any] = {"stage": stage} if amount is None else {"stage": stage, "amount": amount}
    row.refuse_if_stale(seen, yours, MOVE_WATCHES)
    if not row.is_open and not visibility.is_above(actor, row.owner):
        raise PermissionDenied(_("Only a manager above the owner reopens a closed opportunity."))
    if stage.is_open and not row.is_open:
        hold_in_use(row.customer)
