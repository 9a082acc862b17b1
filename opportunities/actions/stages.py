"""Settings of the stages (METHOD.md §2; FINE-PRINT 6 says from when a change counts)."""

from datetime import datetime
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits
from accounts.actions import BEGINNING, refuse_unless_admin
from accounts.models import User
from accounts.selectors import calendar
from opportunities import rules
from opportunities.actions.gate import settle_marks
from opportunities.actions.spread import begin_versions, moment_for_all, recompute_furthest, touch
from opportunities.actions.writing import stage_info
from opportunities.models import Opportunity, Outcome, Stage, StageSetting
from opportunities.rules import gate
from opportunities.selectors.stages import forget_stages

NAMES = ("name_zh", "name_en")
SETTINGS = ("win_rate", "floor", "floors", "milestones", "expected_days")
DEMANDS = {"floor", "floors", "milestones"}


@transaction.atomic
def create_stage(*, actor: User, position: int | None = None, **fields: Any) -> Stage:
    """A new stage, last of all unless a position is named."""
    refuse_unless_admin(actor)
    last = Stage.objects.aggregate(last=Max("position"))["last"] or 0
    stage = Stage(position=position or last + 1, **fields)
    _refuse_new(stage)
    edits.create(stage, actor=actor)
    _keep_settings(stage, BEGINNING)
    return stage


def _refuse_new(stage: Stage) -> None:
    if not stage.is_open and stage.win_rate != (1 if stage.outcome == Outcome.WON else 0):
        raise ValidationError({"win_rate": _("The win rate of a closed stage is fixed: 100 % when won, else 0.")})
    if Stage.objects.in_use().filter(position=stage.position).exists():
        raise ValidationError({"position": _("Another stage has this position.")})


@transaction.atomic
def edit_stage(*, stage: Stage, changes: dict[str, Any], seen: int | None, actor: User) -> Stage:
    """Rename a stage, or set its win rate, floor, expected days, which count from now on."""
    refuse_unless_admin(actor)
    wanted = {name: value for name, value in changes.items() if name in (*NAMES, *SETTINGS)}
    rate = edits.locked(stage).win_rate
    edits.hold(Opportunity.objects.filter(Q(stage=stage, outcome="open") | Q(unproven_from__isnull=False)))
    _refuse_rate_of_closed(stage, wanted)
    stage = edits.edit(stage, changes=wanted, seen=seen, actor=actor)
    forget_stages()
    if DEMANDS & set(wanted):
        settle_marks()
    if set(SETTINGS) & set(wanted):
        at = moment_for_all()
        _keep_settings(stage, at)
        if stage.win_rate != rate:
            rows = Opportunity.objects.filter(stage=stage, outcome="open")
            touch(rows, at, win_rate=stage.win_rate)
            begin_versions(at, actor, "")
    return stage


def _refuse_rate_of_closed(stage: Stage, changes: dict[str, Any]) -> None:
    if not stage.is_open and "win_rate" in changes and changes["win_rate"] != stage.win_rate:
        raise ValidationError({"win_rate": _("The win rate of a closed stage is fixed: 100 % when won, else 0.")})


def _keep_settings(stage: Stage, at: datetime) -> None:
    forget_stages()
    values = {name: getattr(stage, name) for name in SETTINGS}
    StageSetting.objects.update_or_create(stage=stage, valid_from=at, defaults=values)


@transaction.atomic
def reorder_stages(*, order: list[int], actor: User) -> None:
    """Put the stages into this order of ids; what counts as furthest is worked out again for every version."""
    refuse_unless_admin(actor)
    stages = {stage.pk: stage for stage in Stage.objects.select_for_update(no_key=True).order_by("pk")}
    if set(order) != {pk for pk, stage in stages.items() if stage.retired_at is None} or len(order) != len(set(order)):
        raise ValidationError(_("Name every stage in use exactly once."))
    for position, pk in enumerate(order, start=1):
        stage = stages[pk]
        if stage.position != position:
            edits.edit(stage, changes={"position": position}, seen=None, actor=actor, action="reorder")
    edits.hold(Opportunity.objects.all())
    recompute_furthest()
    forget_stages()
    settle_marks()


@transaction.atomic
def retire_stage(*, stage: Stage, target: Stage | None, actor: User) -> Stage:
    """Take a stage out of use and move its open opportunities to `target` in the same act.

    Closed ones stay in the stage that they were closed in: moving them would close, and book, them a second time.
    """
    refuse_unless_admin(actor)
    stage = edits.locked(stage)
    _refuse_retirement(stage, target)
    rows = Opportunity.objects.filter(stage=stage).open()
    if target is not None and rows.exists():
        _move_all(rows, stage, target, actor)
    elif rows.exists():
        raise ValidationError({"target": _("This stage is in use: choose where its opportunities go.")})
    stage.retired_at = timezone.now()
    stage.mark_changed(["retired_at"])
    stage.save(update_fields=["retired_at", "version", "changed_in"])
    forget_stages()
    audit.record("retire", row=stage, actor=actor, changes={"opportunities_to": (stage, target)})
    return stage


def _refuse_retirement(stage: Stage, target: Stage | None) -> None:
    if stage.retired_at is not None:
        raise ValidationError(_("This stage is no longer in use."))
    if not Stage.objects.in_use().filter(outcome=stage.outcome).exclude(pk=stage.pk).exists():
        raise ValidationError(_("The last stage of its kind stays in use."))
    if target is not None and (target.pk == stage.pk or target.retired_at or target.outcome != stage.outcome):
        raise ValidationError({"target": _("Choose another stage of the same kind that is in use.")})


def _move_all(rows: Any, stage: Stage, target: Stage, actor: User) -> None:
    touched = list(rows.select_for_update().order_by("pk").only("pk", "version", "changed_in", "furthest"))
    at = moment_for_all()
    info = stage_info(target)
    for row in touched:
        row.mark_changed(["stage"])
        row.furthest = rules.reached(row.furthest, info)
    Opportunity.objects.bulk_update(touched, ["version", "changed_in", "furthest"], batch_size=500)
    day = calendar().local_date(at)
    Opportunity.objects.filter(pk__in=[row.pk for row in touched]).update(
        stage=target, win_rate=target.win_rate, entered_at=at, entered_on=day, changed_at=at, last_change=None
    )
    begin_versions(at, actor, _("Stage “%(stage)s” was retired") % {"stage": stage})


def ship_stages() -> None:
    """The shipped stages in place of all others, as on the first day; only where no opportunity stands in one."""
    StageSetting.objects.all().delete()
    Stage.objects.all().delete()
    import_module("opportunities.migrations.0002_shipped_stages").ship_stages(apps, None)
    for key, milestones in gate.SHIPPED.items():
        Stage.objects.filter(key=key).update(milestones=milestones)
        StageSetting.objects.filter(stage__key=key).update(milestones=milestones)
    forget_stages()
