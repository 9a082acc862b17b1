"""People and teams as administrators see them, and how many open opportunities they have."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import Team
from accounts.teams import staying
from customers.filters import ordered
from opportunities.models import Opportunity

ORDERINGS = {
    "name": "sort_key",
    "username": "username",
    "role": "role",
    "team": "team__name",
    "seen": "last_seen_at",
    "open": "open_count",
}


def person_rows(people: QuerySet[Any], *, sort: str) -> QuerySet[Any]:
    """People with their team and `open_count`, sorted by one of ORDERINGS."""
    mine = Opportunity.objects.filter(owner=OuterRef("pk")).open().order_by().values("owner")
    counted = people.annotate(open_count=Coalesce(Subquery(mine.annotate(n=Count("pk")).values("n")), Value(0)))
    return ordered(counted, sort, ORDERINGS, "name").select_related("team")


@dataclass(frozen=True, slots=True)
class Node:
    """A team in the tree: how deep it stands, its own people and open opportunities (those below are not in it)."""

    team: Team
    depth: int
    people: int
    open_count: int


def team_nodes() -> list[Node]:
    """The teams in use, each below its parent, by name: three queries."""
    teams = list(Team.objects.in_use())
    people = dict(staying().values_list("team").annotate(n=Count("pk")).order_by().values_list("team", "n"))
    deals = dict(Opportunity.objects.open().order_by().values_list("team").annotate(n=Count("pk")))
    below: dict[int | None, list[Team]] = {}
    known = {team.pk for team in teams}
    for team in teams:
        below.setdefault(team.parent_id if team.parent_id in known else None, []).append(team)
    return list(_walk(None, 0, below, people, deals))


def _walk(
    parent: int | None, depth: int, below: dict[int | None, list[Team]], people: dict[Any, int], deals: dict[Any, int]
) -> Any:
    for team in below.get(parent, []):
        yield Node(team, depth, people.get(team.pk, 0), deals.get(team.pk, 0))
        yield from _walk(team.pk, depth + 1, below, people, deals)
