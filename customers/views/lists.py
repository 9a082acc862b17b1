"""What the list pages share."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, QueryDict

ROWS = 25


def page_of(request: HttpRequest, rows: Any, size: int = ROWS, count: int | None = None) -> Page[Any]:
    """The page that `?page=` names; the nearest one when there is no such page. `count`: of rows, where it is known."""
    paginator = Paginator(rows, size)
    if count is not None:
        paginator.count = count
    return paginator.get_page(request.GET.get("page"))


def matching(filters: Any) -> Any:
    """The rows that match; none for a filter that means nothing, so that a slip does not show everything."""
    return filters.qs if filters.is_valid() else filters.qs.none()


def narrowed(filters: Any) -> bool:
    """Whether the address asks for less than everything."""
    return any(filters.data.get(name) for name in filters.filters)


def without(query: QueryDict, *names: str) -> str:
    """The address's query without these parts and without the page."""
    rest = query.copy()
    for name in ("page", *names):
        rest.pop(name, None)
    return rest.urlencode()
