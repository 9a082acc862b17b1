"""The views that a person has beside board and table, and how many opportunities each holds for them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, QueryDict

from accounts.models import SavedView, User
from config.web.composed import prepared
from opportunities.filters import condition_of, names_closed
from opportunities.models import Opportunity, Outcome

NOTHING = Q(pk__in=[])


def views_of(user: User) -> list[SavedView]:
    """One's own and those of one's team, in the order of this person, with `is_default`. One query."""
    return _views(user.team_id is not None, user=user.pk, team=user.team_id or 0)


@prepared
def _views(has_team: bool, *, user: int, team: int) -> QuerySet[Any]:
    person = User(pk=user, team_id=team if has_team else None)
    seen: QuerySet[Any] = SavedView.objects.visible_to(person).placed_for(person)
    return seen.select_related("owner__team")


def counts_of(views: Sequence[SavedView], request: HttpRequest) -> tuple[int, list[int]]:
    """How many open opportunities there are for this person, and how many rows each view holds for them.

    One query whatever the number of views: the rows that any of them asks for are read once.
    """
    assert isinstance(request.user, User)
    queries = [QueryDict(view.query) for view in views]
    conditions = [condition_of(query, request) or NOTHING for query in queries]
    still_open = any_of = Q(outcome=Outcome.OPEN)
    for query, condition in zip(queries, conditions, strict=True):
        if names_closed(query):
            any_of |= condition
    rows = Opportunity.objects.visible_to(request.user).in_use().filter(any_of)
    numbers = {f"view_{place}": Count("pk", filter=condition) for place, condition in enumerate(conditions)}
    found = rows.aggregate(open=Count("pk", filter=still_open), **numbers)
    return found["open"], [found[name] for name in numbers]
