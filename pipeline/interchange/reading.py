"""CSV files row by row: whatever is wrong with one becomes a bad row with its line, never a traceback."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import Any, TextIO

from django.utils.translation import gettext_lazy as _

from pipeline.interchange.report import NOT_UTF8, Bad, Report, Said
from pipeline.interchange.source import Source

LONGEST_CELL = 100_000
LONGEST_ROW = 2_000_000  # characters of all cells of a row
DELIMITERS = {";": _("semicolons"), "\t": _("tabs"), "|": _("vertical bars")}
CHUNK = 1024 * 1024


def encoding_of(source: Source, name: str) -> str:
    """`utf-8-sig` or `gb18030`, whichever the whole file is in; Bad when it is neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with source.open(name) as stream:
                while chunk := stream.read(CHUNK):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Bad(NOT_UTF8, _("UTF-8"))


class Lines:
    """The lines of a text for `csv.reader`, none of them and no row of them longer than LONGEST_ROW in memory."""

    def __init__(self, text: TextIO) -> None:
        self.text, self.number, self.left = text, 0, LONGEST_ROW

    def begin_row(self) -> None:
        self.left = LONGEST_ROW

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self.text.readline(LONGEST_ROW)
        if not line:
            raise StopIteration
        self.number += 1
        self.left -= len(line)
        if self.left < 0 or not self._is_whole(line):
            self._skip_the_rest(line)
            raise csv.Error("row too long")
        return line

    def _is_whole(self, line: str) -> bool:
        return len(line) < LONGEST_ROW or line.endswith(("\n", "\r"))

    def _skip_the_rest(self, line: str) -> None:
        while line and not self._is_whole(line):
            line = self.text.readline(LONGEST_ROW)


class Table:
    """One CSV file: `header` after opening, then `rows()`. Refusals go into the report."""

    def __init__(self, source: Source, name: str, report: Report) -> None:
        self.source, self.name, self.report = source, name, report
        self.header: list[str] = []

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(line on which the row begins, its cells). Rows that are no CSV, or of another width, are refused here."""
        try:
            encoding = encoding_of(self.source, self.name)
        except Bad as bad:
            self._refuse(0, bad.wrong, bad.accepted)
            return
        csv.field_size_limit(LONGEST_CELL)
        with self.source.open(self.name) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as text:
            parsed = self._parsed(Lines(text))
            if not self._take_header(next(parsed, None)):
                return
            for line, cells in parsed:
                if len(cells) != len(self.header):
                    wrong = Said(_("The row has %(found)s cells."), found=len(cells))
                    self._refuse(line, wrong, Said(_("%(wanted)s cells, as the header"), wanted=len(self.header)))
                else:
                    yield line, cells

    def _parsed(self, lines: Lines) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(lines, strict=True)
        while True:
            line = lines.number + 1
            lines.begin_row()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._refuse(line, *_explained(str(error)))
                continue
            if cells:
                yield line, cells

    def _take_header(self, first: tuple[int, list[str]] | None) -> bool:
        if first is None:
            self._refuse(1, _("The file is empty."), _("a header row"))
            return False
        if delimiter := _other_delimiter(first[1]):
            self._refuse(1, Said(_("The cells stand between %(delimiter)s."), delimiter=delimiter), _("commas"))
            return False
        self.header = [cell.strip() for cell in first[1]]
        named = [name for name in self.header if name]
        for name in sorted({name for name in named if named.count(name) > 1}):
            bad = Bad(_("The column stands there twice."), _("each column once"))
            self.report.refuse(self.name, 1, name, name, bad)
            self.report.broken.add(self.name)
        return len(named) == len(set(named))

    def _refuse(self, line: int, wrong: Any, accepted: Any) -> None:
        self.report.refuse_line(self.name, line, wrong, accepted)


def _other_delimiter(header: list[str]) -> Any:
    """What stands between the names of a header that is a single cell, in words; nothing when nothing does."""
    if len(header) > 1:
        return ""
    return next((said for character, said in DELIMITERS.items() if character in header[0]), "")


def _explained(error: str) -> tuple[Any, Any]:
    if "field larger" in error:
        return _("A cell is too long, or its quote is never closed."), _("at most 100,000 characters in a cell")
    if "row too long" in error:
        return _("The row is too long."), _("at most 2,000,000 characters in a row")
    if "unexpected end" in error:
        return _("A quote is opened and never closed."), _('text in "…", a quote inside it doubled')
    if "NUL" in error:
        return _("The row holds a NUL character."), _("text")
    return _("The row is not CSV."), _('cells between commas; text in "…", a quote inside it doubled')
