"""The report of an import as it is kept: JSON on the run with the first bad rows, all of them in a file beside it.

Texts are kept in every language, so that each reader finds their own. The values of bad rows and of overwritten fields
may be personal data. They stand in two places alone, `ImportRun.report` and `bad_rows.jsonl`.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from config.web.spreadsheets import plain_text
from customers.duplicates import REASONS
from pipeline.interchange import Report
from pipeline.interchange.layout import FILES

MOST_SHOWN = 1_000  # bad rows and overwritten fields on the run itself
BAD_ROWS = "bad_rows.jsonl"
NUL = "␀"  # PostgreSQL keeps no NUL in JSON


def in_every_language(text: Any) -> dict[str, str]:
    """{language: text} of a text that is not put into a language yet."""
    said = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            said[code] = str(text).replace("\x00", NUL)
    return said


def said(texts: dict[str, Any] | None) -> Any:
    """The text, or the sentences, in the reader's language."""
    texts = texts or {}
    return texts.get(translation.get_language() or "") or next(iter(texts.values()), "")


def as_json(report: Report, uploaded: list[str]) -> dict[str, Any]:
    """What is kept on the run. `uploaded` are the names of the files that were sent, read or not."""
    known = {file.name for file in FILES}
    files = [file for file in report.files.values() if file.name in report.present]
    return {
        "kept": report.kept,
        "written": report.written,
        "bad_count": report.bad_count,
        "created": sum(file.created for file in files),
        "updated": sum(file.updated for file in files),
        "unchanged": sum(file.unchanged for file in files),
        "files": [
            {"name": each.name, "rows": each.rows, "bad": each.bad, "created": each.created, "updated": each.updated,
             "unchanged": each.unchanged}
            for each in files
        ],
        "bad_rows": [_bad_row(bad) for bad in report.bad_rows[:MOST_SHOWN]],
        "unknown_columns": [[file, _plain(name)] for file, name in report.unknown_columns[:MOST_SHOWN]],
        "not_read": sorted({*map(_plain, report.not_read), *(name for name in uploaded if name not in known)}),
        "without_contents": report.without_contents,
        "overwritten_count": len(report.overwritten),
        "overwritten": [
            {"file": edit.file, "key": _plain(edit.key), "field": edit.field, "ours": _plain(edit.ours),
             "theirs": _plain(edit.theirs)}
            for edit in report.overwritten[:MOST_SHOWN]
        ],
        "alike": [
            {"file": each.file, "line": each.line, "key": _plain(each.key), "name": _plain(each.name),
             "other": _plain(each.other), "reasons": list(each.reasons)}
            for each in report.alike
        ],
        "rewritten": [
            {"field": each.field, "ours": each.ours, "theirs": each.theirs, "told": each.told}
            for each in report.rewritten
        ],
    }  # fmt: skip


def _bad_row(bad: Any) -> dict[str, Any]:
    return {
        "file": bad.file, "line": bad.line, "column": _plain(bad.column), "value": _plain(bad.value),
        "wrong": in_every_language(bad.wrong), "accepted": in_every_language(bad.accepted),
        **({"key": _plain(bad.key)} if bad.key else {}),
    }  # fmt: skip


def _plain(text: str) -> str:
    return text.replace("\x00", NUL)


def shown(report: dict[str, Any] | None) -> dict[str, Any]:
    """The report as its reader gets it: texts in their language, `refused` empty unless the source was unreadable."""
    if report is None:
        return {}
    rows = [
        {**row, "wrong": said(row["wrong"]), "accepted": said(row["accepted"])} for row in report.get("bad_rows", [])
    ]
    for row in rows:
        row.pop("key", None)
    alike = [{**row, "reasons": row.get("reasons", [])} for row in report.get("alike", [])]
    rewritten = [{**each, "told": said(each["told"])} for each in report.get("rewritten", [])]
    texts = {"refused": said(report.get("refused")), "bad_rows": rows, "alike": alike, "rewritten": rewritten}
    return {**report, **texts}


def in_words(reasons: list[str]) -> str:
    """Why two customers are taken for one."""
    return _(", ").join(str(REASONS[reason]) for reason in reasons)


def refusal(text: Any) -> dict[str, Any]:
    """The report of a source that could not be read at all."""
    return {"refused": in_every_language(text), "bad_count": 1, "created": 0, "updated": 0, "unchanged": 0}


def write_bad_rows(folder: Path, report: Report) -> None:
    """All bad rows, one JSON object a line; no file when there is none."""
    path = folder / BAD_ROWS
    path.unlink(missing_ok=True)
    if report.bad_rows:
        with path.open("w", encoding="utf-8") as stream:
            for bad in report.bad_rows:
                stream.write(json.dumps(_bad_row(bad), ensure_ascii=False) + "\n")


def bad_rows(folder: Path, report: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """All bad rows; those on the run itself once the file is gone."""
    path = folder / BAD_ROWS
    if not path.exists():
        yield from (report or {}).get("bad_rows", [])
        return
    with path.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


class _Echo:
    def write(self, line: str) -> str:
        return line


def bad_rows_csv(rows: Iterator[dict[str, Any]], language: str) -> Iterator[str]:
    """The lines of a CSV file for people, in their language; no cell is a formula to a spreadsheet."""
    writer = csv.writer(_Echo())
    with translation.override(language):
        heads = [_("File"), _("Line"), _("Column"), _("Value"), _("What is wrong"), _("What is accepted")]
    yield "\N{BYTE ORDER MARK}" + writer.writerow(heads)
    for row in rows:
        texts = [row["wrong"].get(language, ""), row["accepted"].get(language, "")]
        cells = [row["file"], row["line"] or "", row["column"], row["value"], *texts]
        yield writer.writerow([plain_text(cell) if isinstance(cell, str) else cell for cell in cells])
