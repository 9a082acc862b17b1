"""What an import found and did."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOST_BAD_ROWS = 100_000  # listed one by one; beyond that they are only counted
LONGEST_VALUE = 200


class Said:
    """A text of the catalogue with values in it, in whatever language is active when it is read."""

    __slots__ = ("text", "values")

    def __init__(self, text: Any, **values: Any) -> None:
        self.text, self.values = text, values

    def __str__(self) -> str:
        return str(self.text) % self.values


Text = str | Promise | Said


class Bad(Exception):
    """A cell or row that is refused: what is wrong, and what is accepted."""

    def __init__(self, wrong: Any, accepted: Any = "") -> None:
        super().__init__(wrong)
        self.wrong, self.accepted = wrong, accepted


class SourceError(Exception):
    """The folder or zip as a whole cannot be read; str() is a message for people."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """One refusal: line as an editor counts it (1 = header; 0 = the file as a whole)."""

    file: str
    line: int
    column: str
    value: str
    wrong: Text
    accepted: Text = ""
    key: str = ""  # of the row that it stands in, where the row is about a person


@dataclass(frozen=True, slots=True)
class Overwritten:
    """A field that somebody changed in Ascent since the last import and for which the file says something else."""

    file: str
    key: str
    field: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Alike:
    """A new row that shares signs (`reasons`: columns) with the one whose key is `other`: perhaps the same twice."""

    file: str
    line: int
    key: str
    name: str
    other: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A field of the organisation whose change rewrites the past, and what it does, in sentences by language."""

    field: str
    ours: str
    theirs: str
    told: dict[str, list[str]]


@dataclass(slots=True)
class FileReport:
    """Counts of one file's rows; `bad` are the mistakes in them."""

    name: str
    rows: int = 0
    bad: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class Report:
    """What an import found: `written` says whether anything was kept; `overwritten` were left when `kept` is True."""

    dry_run: bool = False
    kept: bool = False
    written: bool = False
    files: dict[str, FileReport] = field(default_factory=dict)
    bad_rows: list[BadRow] = field(default_factory=list)
    bad_count: int = 0
    unknown_columns: list[tuple[str, str]] = field(default_factory=list)
    present: dict[str, set[str]] = field(default_factory=dict)  # columns that each file had
    broken: set[str] = field(default_factory=set)  # files of which a row's key could not be read
    not_read: list[str] = field(default_factory=list)
    overwritten: list[Overwritten] = field(default_factory=list)
    without_contents: int = 0  # attached files that did not come along
    alike: list[Alike] = field(default_factory=list)  # warnings: nothing is refused for them
    rewritten: list[Rewritten] = field(default_factory=list)  # likewise

    @property
    def ok(self) -> bool:
        return not self.bad_count

    def refuse(self, file: str, line: int, column: str, value: Any, bad: Bad, key: str = "") -> None:
        """Note a bad row."""
        self.bad_count += 1
        self.file(file).bad += 1
        if len(self.bad_rows) < MOST_BAD_ROWS:
            text = "" if value is None else str(value)[:LONGEST_VALUE]
            self.bad_rows.append(BadRow(file, line, column, text, bad.wrong, bad.accepted, key))

    def refuse_line(self, file: str, line: int, wrong: Any, accepted: Any) -> None:
        """Note a row that could not be read at all: whether a key is among its cells nobody knows."""
        self.broken.add(file)
        self.refuse(file, line, "", "", Bad(wrong, accepted))

    def file(self, name: str) -> FileReport:
        return self.files.setdefault(name, FileReport(name))


NOT_UTF8 = _("The file is neither UTF-8 nor GB18030.")
