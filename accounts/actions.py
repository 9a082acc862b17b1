"""Writes about people and the organisation."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, edits
from accounts.models import Organisation, Team, User, UserTeam

BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
OWN_FIELDS = {"name", "email", "language", "theme", "rail", "shortcuts"}
SETTABLE = {"name", "industry", "fiscal_year_start_month"}


def refuse_unless_admin(actor: User) -> None:
    """Settings are the administrators' (METHOD.md §10)."""
    if not actor.is_admin:
        raise PermissionDenied(_("Only administrators may change this."))


def edit_profile(*, user: User, changes: dict[str, Any], seen: int | None = None) -> User:
    """A person changes their own name, address, language, appearance."""
    return edits.edit(user, changes={k: v for k, v in changes.items() if k in OWN_FIELDS}, seen=seen, actor=user)


@transaction.atomic
def edit_organisation(*, changes: dict[str, Any], seen: int | None, actor: User) -> Organisation:
    """Change the organisation's name, industry or fiscal year."""
    refuse_unless_admin(actor)
    row, _created = Organisation.objects.get_or_create(pk=1)
    return edits.edit(row, changes={k: v for k, v in changes.items() if k in SETTABLE}, seen=seen, actor=actor)


@transaction.atomic
def create_team(*, name: str, parent: Team | None, actor: User | None, **fields: Any) -> Team:
    """A new node of the team tree."""
    team = Team(name=name, parent=parent, **fields)
    team.full_clean(exclude=["path"])
    team.save()
    team.path = f"{parent.path if parent else '/'}{team.pk}/"
    team.save(update_fields=["path"])
    audit.record("create", row=team, actor=actor)
    return team


@transaction.atomic
def create_person(*, username: str, actor: User | None, password: str | None = None, **fields: Any) -> User:
    """A new person, in their team since before all time (FINE-PRINT 6)."""
    user: User = User.objects.create_user(username, password, **fields)
    UserTeam.objects.create(user=user, team=user.team, valid_from=BEGINNING)
    audit.record("create", row=user, actor=actor, changes={"role": (None, user.role)})
    return user
