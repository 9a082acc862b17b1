"""What is filtered, as a file for a spreadsheet."""

import csv
from collections.abc import Callable, Iterator
from datetime import date
from tempfile import TemporaryFile
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.encoding import escape_uri_path
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from accounts.selectors import today
from opportunities import rules
from opportunities.models import ForecastCategory, Opportunity, Outcome
from opportunities.selectors.table import weighted_of
from opportunities.views.table import chosen, sorted_rows

CHUNK = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
def export(request: HttpRequest, format: str) -> HttpResponseBase:
    """The filtered opportunities in the table's order: `csv` (streamed) or `xlsx`."""
    if format not in WRITERS:
        raise Http404
    rows = sorted_rows(chosen(request)).with_names()  # type: ignore[attr-defined]
    day = today()
    response = WRITERS[format](rows, day)
    name = _("opportunities-%(day)s") % {"day": day.isoformat()}
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{escape_uri_path(name)}.{format}"
    response["Cache-Control"] = "private, no-store"
    return response


def heads() -> list[str]:
    """The heads of the columns, in the active language."""
    return [
        _("Key"), _("Title"), _("Customer"), _("Tier"), _("Stage"), _("Outcome"), _("Declared win rate"), _("Amount"),
        _("Weighted amount"), _("Expected close"), _("In stage since"), _("Days in stage"), _("Next step"),
        _("Next step due"), _("Owner"), _("Team"), _("Product"), _("Source"), _("Forecast category"), _("Created on"),
        _("Signing date"), _("Competitor"),
    ]  # fmt: skip


def values(row: Opportunity, day: date) -> list[Any]:
    """One opportunity, a value a column: text, Decimal, date, int, or None where there is none."""
    return [
        row.key, row.title, row.customer.name, row.customer.tier, row.stage.name, str(Outcome(row.outcome).label),
        row.win_rate, row.amount, weighted_of(row), row.expected_close_date, row.entered_on,
        rules.days_in_stage(row.entered_on, day) if row.is_open else None, row.next_step, row.next_step_due,
        str(row.owner), str(row.team or ""), str(row.product or ""), row.source, _category(row), row.created_on,
        row.signed_on, row.competitor,
    ]  # fmt: skip


def _category(row: Opportunity) -> str:
    return str(ForecastCategory(row.forecast_category).label) if row.forecast_category else ""


def plain_text(value: str) -> str:
    """Text that a spreadsheet reads as text: what looks like a formula gets a quote in front."""
    return f"'{value}" if value.startswith(FORMULA) else value


class _Echo:
    """A file that gives every line back: what csv needs to stream."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: QuerySet[Any], day: date) -> HttpResponseBase:
    lines = _csv_lines(rows, day, heads(), get_language() or "en")
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")


def _csv_lines(rows: QuerySet[Any], day: date, names: list[str], language: str) -> Iterator[str]:
    """Read while it is sent, when the request's own language is no longer active."""
    writer = csv.writer(_Echo())
    yield "\N{BYTE ORDER MARK}" + writer.writerow(names)
    for row in rows.iterator(chunk_size=CHUNK):
        with override(language):
            cells = values(row, day)
        yield writer.writerow([plain_text(cell) if isinstance(cell, str) else cell for cell in cells])


def _xlsx(rows: QuerySet[Any], day: date) -> HttpResponseBase:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Opportunities"))
    sheet.append([_cell(sheet, name) for name in heads()])
    for row in rows.iterator(chunk_size=CHUNK):
        sheet.append([_cell(sheet, value) for value in values(row, day)])
    file = TemporaryFile()  # noqa: SIM115  (the response closes it)
    book.save(file)
    file.seek(0)
    return FileResponse(file, content_type=XLSX)


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    cell.data_type = "s"  # else text that begins with = would be a formula
    return cell


WRITERS: dict[str, Callable[[QuerySet[Any], date], HttpResponseBase]] = {"csv": _csv, "xlsx": _xlsx}
