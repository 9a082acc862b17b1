"""Writes about people and the organisation."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits
from accounts.models import Kind, Notification, NotificationPreference, Team, User, UserTeam
from accounts.notifications import preferences_of

BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
TOLD_OF_A_PERSON = ("username", "name", "email", "role", "team", "language", "active_from", "active_until")
OWN_FIELDS = {"name", "email", "language", "theme", "rail", "shortcuts"}


def refuse_unless_admin(actor: User) -> None:
    """Settings are the administrators' (METHOD.md §10)."""
    if not actor.is_admin:
        raise PermissionDenied(_("Only administrators may change this."))


def edit_profile(*, user: User, changes: dict[str, Any], seen: int | None = None) -> User:
    """A person changes their own name, address, language, appearance."""
    return edits.edit(user, changes={k: v for k, v in changes.items() if k in OWN_FIELDS}, seen=seen, actor=user)


def mark_read(*, user: User, notifications: QuerySet[Notification]) -> int:
    """Mark those of a person's own notifications read that are not. How many there were; the trail keeps no reading."""
    unread = notifications.filter(recipient=user, read_at__isnull=True)
    return unread.update(read_at=timezone.now())


@transaction.atomic
def set_notification_preferences(*, user: User, changes: Mapping[Kind, Mapping[str, bool]]) -> None:
    """How a person wants to be told of each kind: {kind: {"bell": …, "mail": …}}; what is not named stays.

    Only kinds that this person is ever told about are taken. Three queries.
    """
    edits.locked(user)
    now, found = preferences_of(user), {}
    for kind in (kind for kind in changes if kind in now):
        for way, wanted in changes[kind].items():
            if getattr(now[kind], way) != wanted:
                found[f"{kind}.{way}"] = (not wanted, wanted)
                setattr(now[kind], way, wanted)
    if not found:
        return
    NotificationPreference.objects.bulk_create(
        now.values(), update_conflicts=True, unique_fields=["user", "kind"], update_fields=["bell", "mail"]
    )
    audit.record("notification_preferences", row=user, actor=user, changes=found)


@transaction.atomic
def create_team(*, name: str, parent: Team | None, actor: User | None, **fields: Any) -> Team:
    """A new node of the team tree."""
    team = Team(name=name, parent=parent, **fields)
    team.full_clean(exclude=["path"])
    team.save()
    team.path = f"{parent.path if parent else '/'}{team.pk}/"
    team.save(update_fields=["path"])
    audit.record("create", row=team, actor=actor, changes=audit.beginning(team))
    return team


@transaction.atomic
def create_person(*, username: str, actor: User | None, password: str | None = None, **fields: Any) -> User:
    """A new person, in their team since before all time (FINE-PRINT 6)."""
    user: User = User.objects.create_user(username, password, **fields)
    UserTeam.objects.create(user=user, team=user.team, valid_from=BEGINNING)
    audit.record("create", row=user, actor=actor, changes=audit.first_values(user, TOLD_OF_A_PERSON))
    return user
