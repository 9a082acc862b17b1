"""Writes about the tree of teams: new, renamed, moved, archived, restored.

Who is above whom follows at once, for every day (FINE-PRINT 6); the team that a version names stays.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import edits
from accounts.actions import create_team, refuse_unless_admin
from accounts.models import Team, User
from accounts.selectors import today

TEAM_FIELDS = ("name", "parent")
LONGEST_PATH = 500


@transaction.atomic
def new_team(*, name: str, parent: Team | None, actor: User, **fields: Any) -> Team:
    """A new team below `parent`, or at the top."""
    refuse_unless_admin(actor)
    tree = _locked_tree()
    parent = tree[parent.pk] if parent else None  # where it stands now, not where the page has seen it
    _refuse_place(parent, parent.path if parent else "/")
    return create_team(name=name, parent=parent, actor=actor, **fields)


def _locked_tree() -> dict[int, Team]:
    """Every team, locked: two moves at once could make a circle. The tree is small."""
    return {team.pk: team for team in Team.objects.select_for_update(no_key=True).order_by("pk")}


def _refuse_place(parent: Team | None, longest: str) -> None:
    if parent is not None and parent.archived_at is not None:
        raise ValidationError({"parent": _("This team is archived. Restore it first.")})
    if len(longest) > LONGEST_PATH - 20:
        raise ValidationError({"parent": _("The tree is too deep there.")})


@transaction.atomic
def edit_team(*, team: Team, changes: dict[str, Any], seen: int | None, actor: User) -> Team:
    """Rename a team, or move it with all below it. Raises StaleWrite when that was changed since version `seen`."""
    refuse_unless_admin(actor)
    tree = _locked_tree()
    team = tree[team.pk]
    _refuse_if_archived(team)
    wanted = {name: value for name, value in changes.items() if name in TEAM_FIELDS}
    old = team.path
    parent = tree[wanted["parent"].pk] if wanted.get("parent") else None
    moves = "parent" in wanted and (parent.pk if parent else None) != team.parent_id
    if moves:
        _refuse_move(team, parent, tree)
    team = edits.edit(team, changes=wanted, seen=seen, actor=actor)
    if moves:
        team.path = f"{parent.path if parent else '/'}{team.pk}/"
        _move_paths(old, team.path)
    return team


def _refuse_if_archived(team: Team) -> None:
    if team.archived_at is not None:
        raise ValidationError(_("This team is archived. Restore it first."), code="archived")


def _refuse_move(team: Team, parent: Team | None, tree: dict[int, Team]) -> None:
    if parent is not None and parent.path.startswith(team.path):
        raise ValidationError({"parent": _("A team cannot stand below itself.")})
    deepest = max((row.path for row in tree.values() if row.path.startswith(team.path)), key=len)
    _refuse_place(parent, (parent.path if parent else "/") + deepest[len(team.path) :])


def _move_paths(old: str, new: str) -> None:
    Team.objects.filter(path__startswith=old).update(path=Concat(Value(new), Substr("path", len(old) + 1)))


@transaction.atomic
def archive_team(*, team: Team, seen: int | None, actor: User) -> Team:
    """Out of the tree and of choices, kept in the past; refused while people or teams are in it."""
    refuse_unless_admin(actor)
    tree = _locked_tree()
    team = tree[team.pk]
    if team.archived_at is not None:
        return team
    if any(row.parent_id == team.pk and row.archived_at is None for row in tree.values()):
        raise ValidationError(_("Move or archive the teams below it first."))
    if staying().filter(team=team).exists():
        raise ValidationError(_("Move its people to another team first."))
    return edits.edit(team, changes={"archived_at": timezone.now()}, seen=seen, actor=actor, action="archive")


def staying() -> Any:
    """Those who work here now or will: neither deactivated nor past their last day."""
    return User.objects.filter(Q(active_until=None) | Q(active_until__gte=today()), deactivated_at=None)


@transaction.atomic
def restore_team(*, team: Team, seen: int | None, actor: User) -> Team:
    """Back into the tree, below a team that is in use."""
    refuse_unless_admin(actor)
    tree = _locked_tree()
    team = tree[team.pk]
    if team.archived_at is None:
        return team
    if team.parent_id is not None and tree[team.parent_id].archived_at is not None:
        raise ValidationError(_("Restore the team above it first."))
    return edits.edit(team, changes={"archived_at": None}, seen=seen, actor=actor, action="restore")
