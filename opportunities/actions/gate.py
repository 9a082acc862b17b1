"""The gate of a forward move, for every door, and the mark of what was moved past it (METHOD.md §2)."""

from django.core.exceptions import ValidationError

from accounts import visibility
from accounts.models import User
from opportunities.models import MethodSetting, Opportunity, Stage
from opportunities.rules import SAY_WHY
from opportunities.rules.gate import Missing, Standing
from opportunities.selectors.gate import method_now, missing_between, origin_of, standing_of, standing_on, with_standing
from opportunities.selectors.stages import stages_in_use


class GateClosed(Exception):
    """A forward move lacks evidence. Nothing was written; `waiver_needed`: only a manager above may let it through."""

    def __init__(self, row: Opportunity, target: Stage, missing: Missing, *, waiver_needed: bool) -> None:
        self.row, self.target, self.missing, self.waiver_needed = row, target, missing, waiver_needed
        super().__init__(f"{row} to {target}: {missing}")


def pass_gate(
    row: Opportunity, target: Stage, standing: Standing, actor: User, *, override: bool, reason: str
) -> Stage | None:
    """The stage from which `row` will stand in `target` without proof, None when nothing is missing or it goes back.

    Raises GateClosed when something is missing and it is not overridden by somebody who may; a reason is then needed.
    """
    stages = stages_in_use()
    source = origin_of(row) or next(stage for stage in stages if stage.is_open)
    if target.is_open and target.position < source.position:
        return None
    missing = missing_between(standing, source, target, stages)
    _refuse(row, target, missing, actor, override=override, reason=reason)
    return unproven_after(row, target, standing, source if missing else None)


def pass_gate_at_creation(
    row: Opportunity, first: Stage, target: Stage, actor: User, *, override: bool, reason: str
) -> Stage | None:
    """Likewise for a new one that does not begin in the first open stage: a move from there, at height 0."""
    if target.pk == first.pk:
        return None
    missing = missing_between(Standing(), first, target, stages_in_use())
    _refuse(row, target, missing, actor, override=override, reason=reason)
    return first if missing else None


def _refuse(row: Opportunity, target: Stage, missing: Missing, actor: User, *, override: bool, reason: str) -> None:
    if not missing:
        return
    waiver_needed = may_not_override(row, actor)
    if not override or waiver_needed:
        raise GateClosed(row, target, missing, waiver_needed=waiver_needed)
    if not reason.strip():
        raise ValidationError({"reason": SAY_WHY})


def may_not_override(row: Opportunity, actor: User) -> bool:
    """Whether the gate is enforced and this person is no manager above the owner."""
    return not visibility.is_above(actor, row.owner) and method_now().gate_mode == MethodSetting.GateMode.ENFORCE


def unproven_after(row: Opportunity, target: Stage, standing: Standing, source: Stage | None) -> Stage | None:
    """From where `row` stands in `target` without proof: where it did so far, else `source`; None when proven.

    A closed one keeps it, unseen: once reopened it stands there again.
    """
    base = row.unproven_from or source
    if base is None or not target.is_open:
        return row.unproven_from
    return base if missing_between(standing, base, target, stages_in_use()) else None


def settle_marks() -> None:
    """Likewise for every open one, after what stages demand was changed. Two queries."""
    marked = with_standing(Opportunity.objects.open().filter(unproven_from__isnull=False))
    rows = list(marked.select_related("stage", "unproven_from"))
    proven = [row.pk for row in rows if unproven_after(row, row.stage, standing_on(row), None) is None]
    if proven:
        Opportunity.objects.filter(pk__in=proven).update(unproven_from=None)


def settle_proof(row: Opportunity, standing: Standing | None = None) -> None:
    """Take the mark *moved without proof* away once the evidence has reached the stage; `row` is locked.

    `standing` is how it stands now, where the caller knows it.
    """
    if row.unproven_from is None or not row.is_open:
        return
    if unproven_after(row, row.stage, standing or standing_of(row), None) is None:
        row.unproven_from = None
        Opportunity.objects.filter(pk=row.pk).update(unproven_from=None)
