"""The table of opportunities: what is filtered, grouped by stage or sorted by a column, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import SavedView, User
from accounts.selectors import today
from accounts.visibility import sight
from config.web.html import joined
from opportunities.filters import ORDERINGS, OpportunityFilter, names_closed
from opportunities.models import Stage
from opportunities.selectors import table as reading
from opportunities.selectors.saved_views import views_of
from opportunities.selectors.stages import all_stages
from opportunities.views.cells import RowDrawer
from opportunities.views.filterbar import canonical, filter_bar, matching
from opportunities.views.saved_views import opening, views_bar


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a request asks for: the filter set, the rows it leaves, and the sort (empty: grouped by stage).

    `all_open`: none of the rows is closed. `asked` is the same as the shape of a statement, where it can be one.
    """

    filters: OpportunityFilter
    rows: QuerySet[Any]
    sort: str
    all_open: bool
    asked: reading.Asked | None


def chosen(request: HttpRequest) -> Chosen:
    """The visible opportunities that match: the open ones unless the filters name a stage or an outcome.

    A filter that names nothing, or something hidden, leaves no row.
    """
    assert isinstance(request.user, User)
    all_open = not names_closed(request.GET)
    visible = reading.seen_by(request.user, all_open=all_open)
    filters = OpportunityFilter(request.GET, queryset=visible, request=request)
    given = request.GET.get("sort", "")
    sort = given if given.removeprefix("-") in ORDERINGS else ""
    wanted = filters.plain()
    asked = None if wanted is None else reading.Asked(sight(request.user), wanted, all_open, sort)
    return Chosen(filters, matching(filters), sort, all_open, asked)


def sorted_rows(what: Chosen) -> QuerySet[Any]:
    """The rows in the order that the request asks for."""
    return reading.in_order(what.rows, what.sort)


def _groups(what: Chosen, user: User, stages: Sequence[Stage]) -> list[reading.Group]:
    if what.asked is None:
        return reading.groups_of(what.rows, stages, all_open=what.all_open)
    return reading.groups_asked_for(what.asked, user, stages)


def _page(what: Chosen, user: User, totals: reading.Totals, number: str | None) -> Page[Any]:
    if what.asked is None:
        return reading.page_of(sorted_rows(what), totals, number)
    return reading.page_asked_for(what.asked, user, totals, number)


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The table, or with `?part=totals` what an edit in it changes: the sums in its heads."""
    elsewhere = canonical(request)
    if elsewhere is not None:
        return elsewhere
    assert isinstance(request.user, User)
    part = request.GET.get("part", "")
    views = [] if part else views_of(request.user)
    opened = opening(request, views, SavedView.Page.TABLE)
    if opened is not None:
        return opened
    what = chosen(request)
    stages = all_stages()
    groups = _groups(what, request.user, stages)
    totals = reading.totals_of(groups)
    if part == "totals":
        return render(request, "opportunities/table.html#sums", {"groups": groups, "totals": totals})
    page = _page(what, request.user, totals, request.GET.get("page"))
    context = {
        **_context(request.user, what, groups, totals, page),
        "stages": [stage for stage in stages if stage.retired_at is None] if request.user.sells else [],
        "bar": filter_bar(what.filters, request.GET),
        "views": views_bar(request, views, SavedView.Page.TABLE, request.GET),
    }
    return render(request, "opportunities/table.html", context)


def _context(user: Any, what: Chosen, groups: Any, totals: reading.Totals, page: Page[Any]) -> dict[str, Any]:
    day = today()
    rows = reading.rows_of(page, day)
    drawer = RowDrawer(editable=user.sells, may_pick=user.sells or user.is_admin)
    groups = [(None, rows)] if what.sort else reading.in_groups(rows, groups)
    return {
        "sort": what.sort,
        "totals": totals,
        "page": page,
        "groups": [(group, joined(map(drawer.row, members))) for group, members in groups],
        "editable": user.sells,
        "may_assign": user.is_manager or user.is_admin,
        "may_pick": user.sells or user.is_admin,
    }
