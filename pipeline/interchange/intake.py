"""From CSV into staging: every cell of every row is checked on its own."""

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.calendar import OrgCalendar
from pipeline.interchange import cells
from pipeline.interchange.columns import Column, File
from pipeline.interchange.layout import CONTACTS, CUSTOMERS, EVENTS, FILES, NEEDED_AT_FIRST, OPPORTUNITIES
from pipeline.interchange.reading import Table
from pipeline.interchange.report import Bad, Report, Said, SourceError
from pipeline.interchange.source import Source
from pipeline.interchange.staging import file_writer

Progress = Callable[[str, int], None]
EVERY = 50_000  # rows between two words of progress
MOST_USED = (*NEEDED_AT_FIRST, CUSTOMERS, CONTACTS, OPPORTUNITIES, EVENTS)
NOTHING = _("There is nothing to import: no file has the name of one of a workspace, in small letters: %(names)s …")

EVENT_VALUES: dict[str, cells.Parse] = {
    "stage": cells.key,
    "amount": lambda cell, calendar: str(cells.amount(cell, calendar)),
    "expected_close": lambda cell, calendar: cells.day(cell, calendar).isoformat(),
    "owner": cells.key,
    "product": cells.key,
    "next_step": cells.text(500),
    "next_step_due": lambda cell, calendar: cells.day(cell, calendar).isoformat(),
}


class Intake:
    """Reads the files of a source into staging."""

    def __init__(self, source: Source, report: Report, progress: Progress) -> None:
        self.source, self.report, self.progress = source, report, progress

    def take_stock(self, *, nothing_set_up: bool) -> None:
        """What is there, what is missing, what is not read."""
        known = {file.name for file in FILES}
        self.report.not_read = [name for name in self.source.names if name not in known]
        if not known & set(self.source.names):
            raise SourceError(Said(NOTHING, names=", ".join(file.name for file in MOST_USED)))
        if not nothing_set_up:
            return
        for file in NEEDED_AT_FIRST:
            if file.name not in self.source.names:
                self.report.refuse_line(file.name, 0, _("The file is missing."), _("a file of this name"))

    def has(self, file: File) -> bool:
        return file.name in self.report.present

    def read(self, file: File, calendar: OrgCalendar) -> None:
        """Stage one file, if it is there."""
        if file.name not in self.source.names:
            return
        table = Table(self.source, file.name, self.report)
        writer = file_writer(file)
        rows = table.rows()
        parse: RowParser | None = None
        count = self.report.file(file.name)
        for line, row in rows:
            parse = parse or self._parser(file, table.header, calendar)
            writer.add([line, *parse(line, row)])
            count.rows += 1
            if count.rows % EVERY == 0:
                self.progress(file.name, count.rows)
        if parse is None:
            self._parser(file, table.header, calendar)
        writer.flush()
        self.progress(file.name, count.rows)

    def _parser(self, file: File, header: list[str], calendar: OrgCalendar) -> "RowParser":
        known = {column.name for column in file.columns}
        self.report.present[file.name] = known & set(header)
        self.report.unknown_columns += [(file.name, name) for name in header if name not in known]
        for column in file.columns:
            if header and column.required and column.name not in header:
                bad = Bad(_("The column is missing."), _("a column of this name"))
                self.report.refuse(file.name, 1, column.name, "", bad)
                self.report.broken.add(file.name)
        return RowParser(file, header, calendar, self.report)


class RowParser:
    """The staged values of a row, in the order of the file's columns; refused cells become None."""

    def __init__(self, file: File, header: list[str], calendar: OrgCalendar, report: Report) -> None:
        self.file, self.calendar, self.report = file, calendar, report
        self.places = [(column, header.index(column.name) if column.name in header else -1) for column in file.columns]
        self.is_event = file is EVENTS
        self.key_at = header.index("key") if file is CONTACTS and "key" in header else -1
        self.field_at = next((place for column, place in self.places if column.name == "field"), -1)

    def __call__(self, line: int, row: list[str]) -> Iterator[Any]:
        for column, place in self.places:
            if place < 0:
                yield column.absent
                continue
            cell = row[place]
            try:
                yield self._value(column, cell, row)
            except Bad as bad:
                key = row[self.key_at] if self.key_at >= 0 else ""
                self.report.refuse(self.file.name, line, column.name, cell, bad, key)
                if column.name in self.file.key:
                    self.report.broken.add(self.file.name)
                yield None

    def _value(self, column: Column, cell: str, row: list[str]) -> Any:
        if self.is_event and column.name == "value":
            return _event_value(row[self.field_at] if self.field_at >= 0 else "", cell, self.calendar)
        if cell == "" or (cell.isspace() and _needs_words(column)):
            if column.required and not column.blank:
                raise Bad(_("The cell is empty."), _("a value"))
            return column.empty
        if "\x00" in cell:
            raise Bad(_("The text holds a NUL character."), _("text"))
        return column.parse(cell, self.calendar)


def _needs_words(column: Column) -> bool:
    """Whether blanks alone are nothing, as in a form; a key is whatever string the source has."""
    return column.required and not column.blank and not column.ref and column.name != "key"


def _event_value(field: str, cell: str, calendar: OrgCalendar) -> str | None:
    if cell == "":
        if field in ("stage", "owner"):
            raise Bad(_("Stage and owner are never empty."), _("a key"))
        return None
    if "\x00" in cell:
        raise Bad(_("The text holds a NUL character."), _("text"))
    parse = EVENT_VALUES.get(field)
    return parse(cell, calendar) if parse else None
