"""The joint plan 协同计划: tasks of both sides towards the signature (METHOD.md §3)."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import edits
from accounts.models import User
from accounts.selectors import today
from opportunities.actions.of_opportunity import (
    lock_for_writing,
    only,
    refuse_archived_row,
    refuse_foreign_contact,
    refuse_inactive,
    set_archived,
)
from opportunities.models import JointTask, Opportunity

FIELDS = ("side", "title", "owner", "contact", "due_on", "done_on")


@transaction.atomic
def add_task(*, opportunity: Opportunity, actor: User, **fields: Any) -> JointTask:
    """A task of ours (`owner`) or of the customer's (`contact`), due on a day."""
    row = lock_for_writing(opportunity, actor)
    given = _of_its_side(None, only(fields, FIELDS))
    _refuse_wrong(row, None, given)
    return edits.create(JointTask(opportunity=row, **given), actor=actor)


@transaction.atomic
def edit_task(*, task: JointTask, changes: dict[str, Any], seen: int | None, actor: User) -> JointTask:
    """Set fields of FIELDS."""
    row = lock_for_writing(task.opportunity, actor)
    now = edits.locked(task)
    refuse_archived_row(now)
    given = _of_its_side(now, only(changes, FIELDS))
    _refuse_wrong(row, now, given)
    return edits.edit(now, changes=given, seen=seen, actor=actor)


def finish_task(*, task: JointTask, done_on: date | None, seen: int | None, actor: User) -> JointTask:
    """Done on this day; None: open again."""
    return edit_task(task=task, changes={"done_on": done_on}, seen=seen, actor=actor)


def _of_its_side(now: JointTask | None, given: dict[str, Any]) -> dict[str, Any]:
    """A task has the owner of its side alone."""
    side = given.get("side", now.side if now else JointTask.Side.OURS)
    others = "contact" if side == JointTask.Side.OURS else "owner"
    return {**given, others: None} if "side" in given or others in given else given


def _refuse_wrong(row: Opportunity, now: JointTask | None, given: dict[str, Any]) -> None:
    done_on, owner, contact = given.get("done_on"), given.get("owner"), given.get("contact")
    if done_on is not None and done_on > today():
        raise ValidationError({"done_on": _("This day must not lie in the future.")})
    if owner is not None and (now is None or owner.pk != now.owner_id):
        refuse_inactive(owner, "owner")
    if contact is not None and (now is None or contact.pk != now.contact_id):
        refuse_foreign_contact(contact, row)


@transaction.atomic
def archive_task(*, task: JointTask, seen: int | None, actor: User) -> JointTask:
    """Out of the plan and of its share on time; restorable."""
    lock_for_writing(task.opportunity, actor)
    saved: JointTask = set_archived(task, True, seen=seen, actor=actor)
    return saved


@transaction.atomic
def restore_task(*, task: JointTask, seen: int | None, actor: User) -> JointTask:
    """Back into the plan."""
    lock_for_writing(task.opportunity, actor)
    saved: JointTask = set_archived(task, False, seen=seen, actor=actor)
    return saved
