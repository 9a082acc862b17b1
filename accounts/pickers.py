"""People and teams for fields that search as one types: `?q=` answers {"results": [{"value", "text", "hint"}]}."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from accounts import search, visibility
from accounts.models import Team, User
from accounts.selectors import today
from accounts.states import awaited, with_state

MOST = 20
LONGEST = 200


def asked(request: HttpRequest) -> str:
    """What was typed, cut to a sensible length and without NUL, which no text in the database holds."""
    return request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]


def called(rows: search.Rows, user: User, typed: str, field: str = "name") -> Q:
    """Rows of `rows(user)` with what was typed in this field, or found by it as in the search: by pinyin, phone, code.

    One query where something was typed.
    """
    by_search = [row["pk"] for row in search.found(rows, user, typed, MOST)]
    return Q(**{f"{field}__icontains": typed}) | Q(pk__in=by_search)


def answer(rows: Iterable[tuple[str, str, str]]) -> JsonResponse:
    """The rows (value, text, hint) as the picker reads them."""
    names = ("value", "text", "hint")
    return JsonResponse({"results": [dict(zip(names, row, strict=True)) for row in rows]})


@require_GET
def people(request: HttpRequest) -> JsonResponse:
    """At most 20 people by name or login name, with their team, and whether they have yet to sign in.

    `only=assignable`: to whom one may hand a row. `only=selling`: active reps and managers.
    `except=`: somebody (login name) who is no choice here.
    """
    typed = asked(request)
    found: Any = User.objects.filter(Q(name__icontains=typed) | Q(username__icontains=typed))
    if request.GET.get("only") == "assignable":
        assert isinstance(request.user, User)
        found = found.filter(pk__in=visibility.assignable_people(request.user).values("pk")).active_on(today())
    elif request.GET.get("only") == "selling":
        found = found.filter(role__in=[User.Role.REP, User.Role.MANAGER]).active_on(today())
    found = found.exclude(username=request.GET.get("except", "").replace("\x00", ""))
    rows = with_state(found, today()).order_by("sort_key", "id")
    told = rows.values_list("username", "name", "team__name", "state")[:MOST]
    return answer((username, name or username, _hint(team, state)) for username, name, team, state in told)


def _hint(team: str | None, state: str) -> str:
    return " · ".join(filter(None, (team, awaited(state))))


@require_GET
def teams(request: HttpRequest) -> JsonResponse:
    """At most 20 teams in use by name, with the team above."""
    found = Team.objects.in_use().filter(name__icontains=asked(request)).order_by("name", "id")
    rows = found.values_list("key", "name", "parent__name")
    return answer((key, name, parent or "") for key, name, parent in rows[:MOST])
