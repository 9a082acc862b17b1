"""The rows behind a figure of the dashboard, as a file for a spreadsheet."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.selectors import today
from config.web.spreadsheets import FORMATS, spreadsheet
from pipeline.selectors.rows import Named
from pipeline.views.dashboard import rows_asked


@require_safe
def export(request: HttpRequest, figure: str, format: str) -> HttpResponseBase:
    """What `rows` shows, all of it: `csv` (streamed) or `xlsx`. What was handed over has its amounts alone."""
    if format not in FORMATS:
        raise Http404
    asked = rows_asked(request, figure)
    heads, values = COLUMNS[figure]
    name = _("%(figure)s-%(day)s") % {"figure": asked.heading, "day": today().isoformat()}
    rows = (values(row) for row in asked.rows)
    return spreadsheet(format, name=name, title=asked.heading, heads=heads(), rows=rows)


def _named(row: Named | None) -> list[str]:
    return [row.key, row.title, row.customer] if row else ["", _("Handed over"), ""]


def _named_heads() -> list[str]:
    return [_("Key"), _("Title"), _("Customer")]


def _open(row: Any) -> list[Any]:
    unassessed = _("Yes") if row.unassessed else ""
    return [*_named(row.opportunity), row.owner, row.stage.name, row.amount, row.weighted, row.counted, unassessed]


def _open_heads() -> list[str]:
    return [*_named_heads(), _("Owner"), _("Stage"), _("Amount"), _("Weighted"), _("Counted"), _("Unassessed")]


def _booked(row: Any) -> list[Any]:
    return [*_named(row.opportunity), row.owner, row.on, row.amount]


def _booked_heads() -> list[str]:
    return [*_named_heads(), _("Owner"), _("Won on"), _("Amount")]


def _bar(row: Any) -> list[Any]:
    now = row.opportunity
    return [*_named(now), now.owner if now else "", now.stage.name if now else "", row.on, row.reason, row.amount]


def _bar_heads() -> list[str]:
    return [*_named_heads(), _("Owner now"), _("Stage now"), _("Changed on"), _("Reason"), _("Amount")]


COLUMNS: dict[str, tuple[Callable[[], list[str]], Callable[[Any], list[Any]]]] = {
    "open": (_open_heads, _open),
    "booked": (_booked_heads, _booked),
    "bar": (_bar_heads, _bar),
}
