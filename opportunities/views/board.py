"""The board: the pipeline by stage."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import SavedView, User
from accounts.selectors import today
from opportunities.filters import OpportunityFilter
from opportunities.models import Opportunity
from opportunities.selectors import board as reader
from opportunities.selectors.saved_views import views_of
from opportunities.selectors.stages import stages_in_use
from opportunities.views.cards import Drawer
from opportunities.views.filterbar import canonical, filter_bar, matching
from opportunities.views.saved_views import opening, views_bar

SORT_NAMES = {
    "stage_entered_at": gettext_lazy("Days in stage"),
    "-amount": gettext_lazy("Amount"),
    "expected_close_date": gettext_lazy("Expected close"),
    "next_step_due": gettext_lazy("Next step due"),
}
FARTHEST = 100_000


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The board of what the person may see, filtered and sorted by the URL."""
    assert isinstance(request.user, User)
    elsewhere = canonical(request)
    if elsewhere is not None:
        return elsewhere
    views = views_of(request.user)
    opened = opening(request, views, SavedView.Page.BOARD)
    if opened is not None:
        return opened
    stages = stages_in_use()
    filterset = filtered(request, request.GET)
    sort = sort_of(request.GET)
    user = request.user
    found = reader.board(matching(filterset), stages, sort) if filterset.asks else reader.board_of(user, stages, sort)
    drawer = Drawer(today(), may_move=request.user.sells)
    columns = [drawer.column(column) for column in found.columns]
    context = {
        "board": found,
        "columns": columns,
        "shown": _shown(columns, request.GET.get("column", "")),
        "bar": filter_bar(filterset, request.GET),
        "views": views_bar(request, views, SavedView.Page.BOARD, request.GET),
        "sort": sort,
        "sorts": SORT_NAMES,
        "may_move": request.user.sells,
        "query": _query(request.GET),
        "offset": reader.CARDS,
    }
    return render(request, "opportunities/board.html", context)


@require_safe
def board_column(request: HttpRequest, key: str) -> HttpResponse:
    """The next cards of one column, from `offset` on."""
    assert isinstance(request.user, User)
    stages = stages_in_use()
    stage = next((stage for stage in reader.columns_of(stages) if stage.key == key), None)
    if stage is None:
        raise Http404
    offset = _offset(request.GET.get("offset", ""))
    queryset = reader.of_column(matching(filtered(request, request.GET)), stage)
    cards = reader.cards(queryset, sort=sort_of(request.GET), offset=offset, most=reader.CARDS + 1)
    drawer = Drawer(today(), may_move=request.user.sells)
    context = {
        "stage": stage,
        "cards": [drawer.card(card, stage) for card in cards[: reader.CARDS]],
        "more": len(cards) > reader.CARDS,
        "query": _query(request.GET),
        "offset": offset + reader.CARDS,
    }
    return render(request, "opportunities/board_parts.html#more", context)


def filtered(request: HttpRequest, query: QueryDict) -> OpportunityFilter:
    """The filters of `query` over what the person may see."""
    assert isinstance(request.user, User)
    return OpportunityFilter(query, Opportunity.objects.visible_to(request.user).in_use(), request=request)


def sort_of(query: QueryDict) -> str:
    """The order that the URL asks for, else the first."""
    wanted = query.get("sort", "")
    return wanted if wanted in reader.SORTS else reader.SORTS[0]


def _shown(columns: list[Any], wanted: str) -> int | None:
    """The stage whose column a phone shows: the one asked for, else the first with something in it."""
    asked = [column for column in columns if column.stage.key == wanted]
    filled = [column for column in columns if column.count]
    return next((column.stage.pk for column in (*asked, *filled, *columns)), None)


def _offset(text: str) -> int:
    return min(int(text), FARTHEST) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _query(query: QueryDict) -> str:
    kept = query.copy()
    kept.pop("offset", None)
    return kept.urlencode()
