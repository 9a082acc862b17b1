"""Whose numbers a computed answer holds: by credit, that is by owner and team at the time (METHOD.md §10)."""

from dataclasses import dataclass, replace
from typing import Literal

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from accounts import visibility
from accounts.models import Team, User
from accounts.selectors import team_ids_below


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything, a team with all below it, one person, or a manager's team together with the manager's own.

    `owner` (login name) and `team` (key) are what was asked for, empty for the caller's whole scope. `member`
    narrows a scope to the credit of one person in one team (None: in none): a line of the dashboard's table.
    """

    kind: Literal["all", "team", "owner", "manager"]
    team_ids: tuple[int, ...] = ()
    owner_id: int | None = None
    label: str = ""
    owner: str = ""
    team: str = ""
    member: tuple[int, int | None] | None = None

    @property
    def params(self) -> dict[str, str]:
        """The query parameters that ask for this scope again (`member` aside)."""
        return {name: value for name in ("owner", "team") if (value := getattr(self, name))}

    def q(self) -> Q:
        """The condition on rows with an owner and a team: versions, nightly totals."""
        if self.member is None:
            return self._whole_q()
        owner_id, team_id = self.member
        return self._whole_q() & Q(owner_id=owner_id, team_id=team_id)

    def _whole_q(self) -> Q:
        if self.kind == "all":
            return Q()
        owned = Q(owner_id=self.owner_id)
        if self.kind == "owner":
            return owned
        inside = Q(team_id__in=self.team_ids)
        return inside | owned if self.kind == "manager" else inside

    def sql(self, alias: str) -> str:
        """The same condition as SQL text, never NULL, on the table of this alias (numbers only, no parameters)."""
        if self.member is None:
            return self._whole_sql(alias)
        owner_id, team_id = self.member
        return (
            f"({self._whole_sql(alias)} AND {alias}.owner_id = {owner_id:d} AND {_team_of(alias)} = {team_id or 0:d})"
        )

    def _whole_sql(self, alias: str) -> str:
        if self.kind == "all":
            return "1 = 1"
        owned = f"{alias}.owner_id = {self.owner_id or 0:d}"
        if self.kind == "owner":
            return owned
        teams = ", ".join(f"{each:d}" for each in self.team_ids) or "-1"
        inside = f"{_team_of(alias)} IN ({teams})"
        return f"({inside} OR {owned})" if self.kind == "manager" else inside


def _team_of(alias: str) -> str:
    return f"COALESCE({alias}.team_id, 0)"


def scope_for(user: User, *, owner: str | None = None, team: str | None = None) -> Scope:
    """The scope that `owner` (login name) or `team` (key) names, or the caller's whole one.

    Http404 when it is unknown or not the caller's to ask for, ValidationError when both are given.
    """
    if "\0" in f"{owner}{team}":  # PostgreSQL takes no such text, so nobody is called that
        raise Http404
    if owner and team:
        raise ValidationError({"team": _("Ask for a person or for a team, not for both.")})
    if owner:
        return _owner_scope(user, owner)
    return _team_scope(user, team) if team else _whole_scope(user)


def narrowed(scope: Scope, member: str, of: str) -> Scope:
    """The scope, of it only the credit of one person (login name) in one team (key; empty: in none).

    Http404 when there is no such person or team. What lies outside the scope stays outside.
    """
    if "\0" in f"{member}{of}":
        raise Http404
    person = User.objects.filter(username=member).first()
    team = Team.objects.filter(key=of).first() if of else None
    if person is None or (of and team is None):
        raise Http404
    return replace(scope, label=str(person), member=(person.pk, team.pk if team else None))


def _owner_scope(user: User, username: str) -> Scope:
    person = visibility.people_in_scope(user).filter(username=username).first()
    if person is None:
        raise Http404
    return Scope("owner", owner_id=person.pk, label=str(person), owner=person.username)


def _team_scope(user: User, key: str) -> Scope:
    team: Team | None = visibility.teams_in_scope(user).filter(key=key).first()
    if team is None:
        raise Http404
    return Scope("team", team_ids=tuple(team_ids_below(team)), label=team.name, team=team.key)


def _whole_scope(user: User) -> Scope:
    if user.sees_everything:
        return Scope("all", label=_("Whole company"))
    if user.is_manager and user.team is not None:
        return Scope("manager", team_ids=tuple(team_ids_below(user.team)), owner_id=user.pk, label=user.team.name)
    return Scope("owner", owner_id=user.pk, label=str(user))
