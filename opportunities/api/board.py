"""The board in one request."""

from typing import Any
from urllib.parse import urlencode

from rest_framework.utils.urls import replace_query_param

from accounts.models import User
from accounts.selectors import calendar, today
from config.web.money import MoneySerializerField
from opportunities.models import Opportunity, Outcome
from opportunities.selectors import board as reading
from opportunities.selectors.api_board import first_ids

DEFAULT = "stage_entered_at"
_money = MoneySerializerField().to_representation


def board_answer(view: Any) -> dict[str, Any]:
    """{"columns": […]}: sums over all that match, by SQL, and the first twelve rows of each."""
    request = view.request
    assert isinstance(request.user, User)
    stages = reading.stages_in_use()
    view.default_ordering = DEFAULT
    matching = view.filter_queryset(reading.on_board(request.user, stages))
    ordering = request.query_params.get("ordering") or DEFAULT
    ids = first_ids(matching, stages, ordering=ordering, most=reading.CARDS)
    rows = _rows(view, ids)
    board = reading.sums(matching, stages)
    return {"columns": [_column(view, column, rows.get(column.stage.pk, [])) for column in board.columns]}


def _rows(view: Any, ids: dict[int, list[int]]) -> dict[int, list[Any]]:
    chosen = Opportunity.objects.with_names().prefetch_related("collaborators")
    found = chosen.in_bulk([pk for each in ids.values() for pk in each])
    rows = [found[pk] for each in ids.values() for pk in each if pk in found]
    shown = dict(zip((row.pk for row in rows), view.get_serializer(rows, many=True).data, strict=True))
    return {stage: [shown[pk] for pk in each if pk in shown] for stage, each in ids.items()}


def _column(view: Any, column: reading.Column, results: list[Any]) -> dict[str, Any]:
    amount = _money(column.amount)
    return {
        "stage": column.stage.key,
        "count": column.count,
        "amount": amount,
        "weighted": _money(column.weighted),
        "counted": _money(column.weighted),
        "unassessed": {"count": column.count, "amount": amount},
        "results": results,
        "next": _next(view, column) if column.count > len(results) else None,
    }


def _next(view: Any, column: reading.Column) -> str:
    """Where the list goes on: the same filters and order, its second page."""
    request = view.request
    url = request.build_absolute_uri(view.reverse_action("list"))
    for name, values in request.query_params.lists():
        if name not in ("stage", "page", "page_size", "archived"):
            url = _with(url, name, values)
    for name, value in _of_column(column, request).items():
        url = replace_query_param(url, name, value)
    return url


def _with(url: str, name: str, values: list[str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode([(name, value) for value in values])}"


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
