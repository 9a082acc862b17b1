"""Targets of one profile that both customers of a merge have; what a merge sets and its taking back returns."""

from typing import Any

from django.db import models

from accounts import edits
from accounts.models import User
from customers.models import Merge, TargetCustomer

TAKEN = ("owner", "next_step", "next_step_due", "state")
State = TargetCustomer.State
Noted = dict[str, list[Any]]  # {field: [before, after]}


def plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, models.Model):
        return value.pk
    return value if value is None or isinstance(value, str) else str(value)


def as_before(row: Any, noted: Noted) -> tuple[dict[str, Any], list[str]]:
    """The values of a row as they were, and the fields that somebody has edited since."""
    edited = [name for name, (_before, after) in noted.items() if plain(getattr(row, name)) != after]
    values = {name: _value(row, name, noted[name][0]) for name in noted if name not in edited}
    return values, edited


def _value(row: Any, name: str, kept: Any) -> Any:
    column: Any = row._meta.get_field(name)
    if kept is None or not column.is_relation:
        return column.to_python(kept)
    return column.related_model.objects.get(pk=kept)


def take_up_targets(merge: Merge, actor: User) -> None:
    """Whom the other pursues is pursued, although the survivor's target of that profile was settled or dropped."""
    theirs = TargetCustomer.objects.filter(customer=merge.other, state=State.OPEN).select_related("owner")
    pursued = {row.profile_id: row for row in theirs}
    settled = TargetCustomer.objects.filter(customer=merge.survivor, profile__in=pursued).exclude(state=State.OPEN)
    for row in settled.select_related("owner"):
        changes = {name: getattr(pursued[row.profile_id], name) for name in TAKEN}
        merge.taken_up[str(row.pk)] = {
            name: [plain(getattr(row, name)), plain(value)] for name, value in changes.items()
        }
        edits.edit(row, changes=changes, seen=None, actor=actor, action="merge")


def settle_targets(merge: Merge, actor: User) -> dict[str, list[int]]:
    """What was taken up is settled again; {model.field: ids} of those that somebody has edited since."""
    left = []
    for row in TargetCustomer.objects.filter(pk__in=merge.taken_up).select_related("owner"):
        changes, edited = as_before(row, merge.taken_up[str(row.pk)])
        if edited:
            left.append(row.pk)
        else:
            edits.edit(row, changes=changes, seen=None, actor=actor, action="undo_merge")
    return {"customers.targetcustomer.state": left} if left else {}
