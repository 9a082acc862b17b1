"""People and teams as administrators see them: their state, and how many open opportunities they have."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Invitation, Team
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
STATES = {
    "active": pgettext_lazy("person", "Active"),
    "invited": pgettext_lazy("person", "Invited"),
    "not_invited": _("Not invited yet"),
    "outside": _("Outside of their dates"),
    "deactivated": pgettext_lazy("person", "Deactivated"),
}


def with_state(people: QuerySet[Any], day: date) -> QuerySet[Any]:
    """Each person with `state`, one of STATES, on this date."""
    no_password = Q(password="") | Q(password__startswith="!")
    invited = Exists(Invitation.objects.usable().filter(user=OuterRef("pk")))
    outside = Q(active_from__gt=day) | Q(active_until__lt=day)
    return people.annotate(
        state=Case(
            When(deactivated_at__isnull=False, then=Value("deactivated")),
            When(outside, then=Value("outside")),
            When(no_password & Q(invited), then=Value("invited")),
            When(no_password, then=Value("not_invited")),
            default=Value("active"),
            output_field=CharField(),
        )
    )


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
