"""The kinds of activity that a company has (administrators)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import edits
from accounts.actions import refuse_unless_admin
from accounts.models import User
from opportunities.models import ActivityKind

FIELDS = ("name_zh", "name_en", "base", "position")


@transaction.atomic
def create_activity_kind(*, actor: User, name_zh: str, name_en: str, base: str, **fields: Any) -> ActivityKind:
    """A new kind, behind the others unless `position` says where."""
    refuse_unless_admin(actor)
    last = ActivityKind.objects.aggregate(last=Max("position"))["last"] or 0
    fields.setdefault("position", last + 1)
    return edits.create(ActivityKind(name_zh=name_zh, name_en=name_en, base=base, **fields), actor=actor)


@transaction.atomic
def edit_activity_kind(
    *, kind: ActivityKind, changes: dict[str, Any], seen: int | None, actor: User
) -> ActivityKind:  # fmt: skip
    """Set fields of FIELDS; another base counts from now on, for past activities too."""
    refuse_unless_admin(actor)
    if kind.archived_at is not None:
        raise ValidationError(_("This is archived. Restore it first."), code="archived")
    wanted = {name: value for name, value in changes.items() if name in FIELDS}
    return edits.edit(kind, changes=wanted, seen=seen, actor=actor)


@transaction.atomic
def archive_activity_kind(*, kind: ActivityKind, seen: int | None, actor: User) -> ActivityKind:
    """Out of choices; activities keep it. The last one in use stays."""
    refuse_unless_admin(actor)
    if kind.archived_at is not None:
        return kind
    if not ActivityKind.objects.filter(archived_at=None).exclude(pk=kind.pk).exists():
        raise ValidationError(_("The last kind in use stays."))
    return edits.edit(kind, changes={"archived_at": timezone.now()}, seen=seen, actor=actor, action="archive")


@transaction.atomic
def restore_activity_kind(*, kind: ActivityKind, seen: int | None, actor: User) -> ActivityKind:
    """Back into choices."""
    refuse_unless_admin(actor)
    if kind.archived_at is None:
        return kind
    return edits.edit(kind, changes={"archived_at": None}, seen=seen, actor=actor, action="restore")
