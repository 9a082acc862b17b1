"""Archiving what was entered by mistake, and bringing it back (FINE-PRINT 53)."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import edits, visibility
from accounts.models import User
from accounts.selectors import today
from customers.actions.shared import hold_in_use
from opportunities.actions.writing import MOVE_WATCHES, lock_editable, stage_info, write
from opportunities.models import Opportunity, OpportunityVersion, Outcome, Stage
from opportunities.querysets import FOREVER
from opportunities.rules import BY_MISTAKE, RESTORED


def may_archive(opportunity: Opportunity, actor: User) -> bool:
    """A manager above the owner; the owner on the day of its creation."""
    own = opportunity.owner_id == actor.pk and opportunity.created_on == today()
    return own or visibility.is_above(actor, opportunity.owner)


@transaction.atomic
def archive_opportunity(*, opportunity: Opportunity, seen: int | None, actor: User) -> Opportunity:
    """Take an open opportunity out of the pipeline: it leaves it as no_go, out of every list, kept in the past."""
    row = lock_editable(opportunity, actor)
    if row.archived_at is not None:
        return row
    if not may_archive(row, actor):
        raise PermissionDenied(
            _("Only a manager above the owner archives an opportunity, or its owner on its first day.")
        )
    if not row.is_open:
        raise ValidationError(_("Only an open opportunity is archived; a closed one keeps its outcome."))
    row.refuse_if_stale(seen, {}, MOVE_WATCHES)
    stage = Stage.objects.in_use().filter(outcome=Outcome.NO_GO).first()
    if stage is None:
        raise ValidationError(_("There is no stage for what was given up. An administrator adds one first."))
    fields = {"archived_at": timezone.now()}
    write(row, actor=actor, action="archive", held={"stage": stage_info(stage)}, fields=fields, reason=BY_MISTAKE)
    return row


@transaction.atomic
def restore_opportunity(*, opportunity: Opportunity, seen: int | None, actor: User) -> Opportunity:
    """Bring an archived opportunity back into the stage that it had."""
    among = Opportunity.objects.annotate(team_of_owner=edits.team_kept(OuterRef("owner")))
    row: Any = lock_editable(opportunity, actor, among=among)
    if row.archived_at is None:
        return row  # type: ignore[no-any-return]
    if not may_archive(row, actor):
        raise PermissionDenied(
            _("Only a manager above the owner restores an opportunity, or its owner on its first day.")
        )
    row.refuse_if_stale(seen, {}, MOVE_WATCHES)
    hold_in_use(row.customer)
    held = {"stage": stage_info(_stage_before(row)), "team_id": row.team_of_owner}
    write(row, actor=actor, action="restore", held=held, fields={"archived_at": None}, reason=RESTORED)
    return row  # type: ignore[no-any-return]


def _stage_before(row: Opportunity) -> Stage:
    """The stage that it was archived from; the first open one when that was retired since."""
    before = OpportunityVersion.objects.filter(opportunity=row, valid_to=row.entered_at).exclude(valid_to=FOREVER)
    version = before.select_related("stage").first()
    if version is not None and version.stage.retired_at is None:
        return version.stage
    stage = Stage.objects.open().first()
    assert stage is not None
    return stage
