"""The board in one request."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet

from accounts import visibility
from accounts.models import User
from accounts.selectors import calendar, today
from config.web.composed import prepared
from config.web.money import MoneySerializerField
from opportunities.api.rows import plain, plain_rows
from opportunities.models import Opportunity, Outcome
from opportunities.selectors import board as reading
from opportunities.selectors.stages import stages_in_use

DEFAULT = "stage_entered_at"
_money = MoneySerializerField().to_representation


def board_answer(view: Any) -> dict[str, Any]:
    """{"columns": […]}: sums over all that match, by SQL, and the first twelve rows of each."""
    request = view.request
    user = request.user
    assert isinstance(user, User)
    stages = stages_in_use()
    if request.query_params:
        view.default_ordering = DEFAULT
        matching = view.filter_queryset(Opportunity.objects.visible_to(user).in_use())
        ordering = request.query_params.get("ordering") or DEFAULT
        rows, board = plain(reading.first(matching, reading.terms_of(stages), ordering)), reading.sums(matching, stages)
    else:
        rows = _first_of_all(visibility.sight(user), reading.terms_of(stages), **visibility.beholder(user))
        board = reading.sums_of(user, stages)
    first = _by_stage(plain_rows(rows))
    rest = request.build_absolute_uri(view.reverse_action("list"))
    return {"columns": [_column(column, first.get(column.stage.key, []), rest, request) for column in board.columns]}


@prepared
def _first_of_all(sight: Any, terms: reading.Terms, *, user: int, path: str) -> QuerySet[Any]:
    """The first rows of a board without filters."""
    of_all = visibility.sees_everything(sight)
    return plain(reading.first(reading.everything(sight, user, path), terms, DEFAULT, of_all=of_all))


def _by_stage(rows: Iterable[dict[str, Any]]) -> dict[str, list[Any]]:
    """{stage key: its rows}, in their order."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row["stage"], []).append(row)
    return found


def _column(column: reading.Column, results: list[Any], rest: str, request: Any) -> dict[str, Any]:
    sums = column.sums
    return {
        "stage": column.stage.key,
        "count": sums.count,
        "amount": _money(sums.amount),
        "weighted": _money(sums.weighted),
        "counted": _money(sums.counted),
        "unassessed": {"count": sums.unassessed_count, "amount": _money(sums.unassessed)},
        "results": results,
        "next": f"{rest}?{_following(column, request)}" if column.count > len(results) else None,
    }


def _following(column: reading.Column, request: Any) -> str:
    """What the list is asked to go on: the same filters and order, its second page."""
    own = _of_column(column, request)
    given = {name: values for name, values in request.query_params.lists() if name not in (*own, "archived")}
    return urlencode(sorted({**given, **own}.items()), doseq=True)


def _of_column(column: reading.Column, request: Any) -> dict[str, Any]:
    own: dict[str, Any] = {
        "stage": column.stage.key,
        "ordering": request.query_params.get("ordering") or DEFAULT,
        "page": 2,
        "page_size": reading.CARDS,
    }
    if column.stage.outcome == Outcome.WON:
        quarter = calendar().quarter(today())
        own |= {"entered_from": quarter.first, "entered_to": quarter.last}
    return own
