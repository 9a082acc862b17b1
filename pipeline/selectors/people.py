"""The table by team and person: everybody's part of a scope's open pipeline and of what was booked."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Q

from accounts.models import Team, User
from pipeline.rules import Part, Sums
from pipeline.scopes import Scope

SELLING = (User.Role.REP, User.Role.MANAGER)


class Credit(NamedTuple):
    """Whose a row was at the time."""

    team_id: int | None
    owner_id: int


@dataclass(frozen=True, slots=True)
class PersonRow:
    """What one person has to their credit in one team. `askable`: whether `owner=` may name them in this scope."""

    username: str
    name: str
    active: bool
    askable: bool
    open: Sums
    booked: Part


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team with all below it (`open`, `booked`) and the people directly in it.

    Rows stand in the order of the tree; those of `depth` 0 add up to the scope. `key` is empty on the row of people
    without a team. `askable`: whether `team=` may name it in this scope.
    """

    key: str
    name: str
    depth: int
    askable: bool
    open: Sums
    booked: Part
    people: tuple[PersonRow, ...]


def table(scope: Scope, day: date, opened: Mapping[Credit, Sums], booked: Mapping[Credit, Part]) -> tuple[TeamRow, ...]:
    """Teams and people with something in the scope, or active in it on that day. Two queries."""
    credits = {*opened, *booked}
    users = _users(scope, day, credits)
    credits |= {Credit(user.team_id, user.pk) for user in users.values() if _active_here(scope, day, user)}
    members: dict[int | None, list[PersonRow]] = defaultdict(list)
    for credit in sorted(credits, key=lambda each: (users[each.owner_id].sort_key, each.owner_id)):
        person = _person(scope, users[credit.owner_id], day, opened.get(credit), booked.get(credit))
        members[credit.team_id].append(person)
    return _tree(scope, members)


def _users(scope: Scope, day: date, credits: set[Credit]) -> dict[int, User]:
    wanted = Q(pk__in={credit.owner_id for credit in credits}) | _people_of(scope)
    return {user.pk: user for user in User.objects.filter(wanted)}


def _people_of(scope: Scope) -> Q:
    if scope.kind == "all":
        return Q(role__in=SELLING)
    return Q(team_id__in=scope.team_ids, role__in=SELLING) | Q(pk=scope.owner_id)


def _active_here(scope: Scope, day: date, user: User) -> bool:
    return user.sells and user.active_on(day) and _belongs(scope, user)


def _belongs(scope: Scope, user: User) -> bool:
    """Whether the person is of this scope now."""
    return _inside(scope, user.team_id) or user.pk == scope.owner_id


def _inside(scope: Scope, team_id: int | None) -> bool:
    return scope.kind == "all" or team_id in scope.team_ids


def _person(scope: Scope, user: User, day: date, opened: Sums | None, booked: Part | None) -> PersonRow:
    here = _belongs(scope, user)
    return PersonRow(user.username, str(user), user.active_on(day), here, opened or Sums(), booked or Part())


def _tree(scope: Scope, members: Mapping[int | None, list[PersonRow]]) -> tuple[TeamRow, ...]:
    teams = {team.pk: team for team in Team.objects.all()}
    lines = {pk: _line(scope, team) for pk, team in teams.items()}
    shown = {above for pk in members if pk is not None for above in lines[pk]}
    order = sorted(shown, key=lambda pk: [(teams[above].name, above) for above in lines[pk]])
    rows = [_team_row(scope, teams[pk], lines, members) for pk in order]
    if None in members:
        rows.append(_row(members[None], members[None], key="", name="", depth=0, askable=False))
    return tuple(rows)


def _line(scope: Scope, team: Team) -> list[int]:
    """Ids of the teams above that the scope holds, from the top, and the team's own; outside of it that alone."""
    ids = [int(part) for part in team.path.split("/") if part]
    return [above for above in ids if _inside(scope, above)] if _inside(scope, team.pk) else [team.pk]


def _team_row(
    scope: Scope, team: Team, lines: Mapping[int, list[int]], members: Mapping[int | None, list[PersonRow]]
) -> TeamRow:
    below = [row for pk, people in members.items() if pk is not None and team.pk in lines[pk] for row in people]
    depth, askable = len(lines[team.pk]) - 1, _inside(scope, team.pk)
    return _row(below, members.get(team.pk, []), key=team.key, name=team.name, depth=depth, askable=askable)


def _row(below: list[PersonRow], people: list[PersonRow], **named: Any) -> TeamRow:
    opened = sum((row.open for row in below), Sums())
    booked = sum((row.booked for row in below), Part())
    return TeamRow(open=opened, booked=booked, people=tuple(people), **named)
