"""Rows as a file for a spreadsheet: CSV, streamed, or XLSX. What looks like a formula is text in both."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import quote

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language, override
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - Excel takes wide ones too
NOT_IN_A_TITLE = re.compile(r"[\\*?:/\[\]]")  # of a sheet; 31 characters at most
FORMATS = ("csv", "xlsx")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Row = Sequence[Any]


def spreadsheet(format: str, *, name: str, title: str, heads: Sequence[str], rows: Iterable[Row]) -> HttpResponseBase:
    """A download `name`.`format` (one of FORMATS): a value a column, text, Decimal, date, int or None."""
    answer = _csv(heads, rows) if format == "csv" else _xlsx(title, heads, rows)
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}.{format}"
    answer["Cache-Control"] = "private, no-store"
    return answer


def plain_text(value: str) -> str:
    """Text that a spreadsheet reads as text: what looks like a formula gets a quote in front."""
    return f"'{value}" if value.startswith(FORMULA) else value


class _Echo:
    """A file that gives every line back: what csv needs to stream."""

    def write(self, line: str) -> str:
        return line


def _csv(heads: Sequence[str], rows: Iterable[Row]) -> HttpResponseBase:
    lines = _csv_lines(heads, iter(rows), get_language() or "en")
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")


def _csv_lines(heads: Sequence[str], rows: Iterator[Row], language: str) -> Iterator[str]:
    """Read while it is sent, when the request's own language is no longer active."""
    writer = csv.writer(_Echo())
    yield "\N{BYTE ORDER MARK}" + writer.writerow(heads)
    while True:
        with override(language):
            cells = next(rows, None)
        if cells is None:
            return
        yield writer.writerow([plain_text(cell) if isinstance(cell, str) else cell for cell in cells])


def _xlsx(title: str, heads: Sequence[str], rows: Iterable[Row]) -> HttpResponseBase:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(NOT_IN_A_TITLE.sub(" ", title)[:31])
    sheet.append([_cell(sheet, name) for name in heads])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
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
