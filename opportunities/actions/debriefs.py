"""What came of an activity, in one act with the evidence and the next step that follow from it (METHOD.md §6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from customers.models import Contact, Customer
from opportunities.actions import activity_writing
from opportunities.actions.activities import DEBRIEF
from opportunities.actions.checkpoints import Evidence, add_checkpoints
from opportunities.actions.edit import edit_opportunity
from opportunities.models import Activity, ActivityKind, Opportunity


@dataclass(frozen=True, slots=True)
class NextStep:
    """What is agreed next on the opportunity; `seen` is the opportunity's version that the editor saw."""

    text: str
    due: date | None = None
    seen: int | None = None


@transaction.atomic
def debrief_activity(
    *, activity: Activity, done_at: datetime, seen: int | None, actor: User, evidence: Sequence[Evidence] = (),
    file: dict[str, Any] | None = None, next_step: NextStep | None = None, **told: Any,
) -> Activity:  # fmt: skip
    """Say what came of a planned activity; `told` are fields of DEBRIEF and `contacts`.

    Evidence, with the file that shows it, and next step go to its opportunity, all or nothing; add_checkpoints says
    what evidence may lack.
    """
    row = activity_writing.lock_activity(activity, actor)
    activity_writing.refuse_unless_planned(row)
    changes = {"done_at": done_at, **_only_debrief(told)}
    watched = ("planned_at", "opportunity", "customer")
    row = activity_writing.save(row, changes, actor, seen=seen, action="debrief", watched=watched)
    _carry_over(row, evidence, file, next_step, actor)
    return row


@transaction.atomic
def log_activity(
    *, actor: User, kind: ActivityKind, done_at: datetime, owner: User | None = None, customer: Customer | None = None,
    opportunity: Opportunity | None = None, contacts: Iterable[Contact] = (), evidence: Sequence[Evidence] = (),
    file: dict[str, Any] | None = None, next_step: NextStep | None = None, **fields: Any,
) -> Activity:  # fmt: skip
    """Something that was done without having been planned, with its debrief; else as `debrief_activity`."""
    row = activity_writing.build(
        actor, kind=kind, owner=owner, customer=customer, opportunity=opportunity, done_at=done_at, **fields
    )
    row = activity_writing.begin(row, contacts, actor)
    _carry_over(row, evidence, file, next_step, actor)
    return row


def _only_debrief(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name in (*DEBRIEF, "contacts")}


def _carry_over(
    row: Activity, evidence: Sequence[Evidence], file: dict[str, Any] | None, next_step: NextStep | None, actor: User
) -> None:
    """The records and the next step that follow, on the opportunity."""
    if not evidence and next_step is None:
        return
    if row.opportunity is None:
        raise ValidationError({"opportunity": _("Say which deal it is about: evidence and next steps belong to one.")})
    if evidence:
        records = [replace(each, activity=row) for each in evidence]
        made = add_checkpoints(opportunity=row.opportunity, records=records, actor=actor, file=file)
        row.opportunity = made[0].opportunity  # it shows the heights that it has by them
    if next_step is not None:
        changes = {"next_step": next_step.text, "next_step_due": next_step.due}
        edit_opportunity(opportunity=row.opportunity, changes=changes, seen=next_step.seen, actor=actor)
