"""`manage.py import_workspace DIR|ZIP`: a company in the interchange format, with its history."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.web.templatetags.ui import sentences
from config.web.uploads import DISK_FULL, DiskFull
from pipeline.interchange import FileReport, Report, SourceError, import_workspace


class Command(BaseCommand):
    help = "Loads a workspace from a folder or a zip file; all or nothing (docs/interchange.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="DIR|ZIP")
        parser.add_argument("--dry-run", action="store_true", help="check and count everything, write nothing")
        parser.add_argument("--keep-edits", action="store_true", help="leave fields that were changed in Ascent")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = import_workspace(
                options["source"],
                dry_run=options["dry_run"],
                keep_edits=options["keep_edits"],
                progress=self._progress if options["verbosity"] > 0 else lambda _what, _count: None,
            )
        except SourceError as error:
            raise CommandError(str(error)) from error
        except DiskFull as error:
            raise CommandError(str(DISK_FULL)) from error
        self._print(report)
        if not report.ok:
            count = report.bad_count
            raise CommandError(
                ngettext(
                    "%(count)s mistake; nothing was written.", "%(count)s mistakes; nothing was written.", count
                ) % {"count": count}
            )  # fmt: skip

    def _progress(self, what: str, count: int) -> None:
        self.stderr.write(f"{what} {count}" if count else what)

    def _print(self, report: Report) -> None:
        for bad in report.bad_rows:
            self.stdout.write(_bad_row(bad))
        for file, column in report.unknown_columns:
            self.stdout.write(_("%(file)s: the column “%(column)s” is unknown and ignored.")
                              % {"file": file, "column": column})  # fmt: skip
        for name in report.not_read:
            self.stdout.write(_("%(file)s: not read in this version.") % {"file": name})
        if report.without_contents:
            self.stdout.write(
                ngettext(
                    "%(count)s attached file came without its contents and is left out.",
                    "%(count)s attached files came without their contents and are left out.", report.without_contents,
                ) % {"count": report.without_contents}
            )  # fmt: skip
        for edit in report.overwritten:
            self.stdout.write(_overwritten(edit, report.kept))
        for each in report.rewritten:
            self.stdout.write(f"{each.field} {each.ours} → {each.theirs}: {sentences(_told(each))}")
        for alike in report.alike:
            values = {"file": alike.file, "line": alike.line, "name": alike.name, "other": alike.other}
            self.stdout.write(_("%(file)s:%(line)s: “%(name)s” may be the same customer as %(other)s.") % values)
        for file_report in report.files.values():
            self.stdout.write(_counts(file_report, report.ok))
        if report.ok and not report.written:
            self.stdout.write(_why_nothing(report))


def _counts(file: FileReport, ok: bool) -> str:
    values = {"file": file.name, "rows": file.rows, "bad": file.bad, "created": file.created, "updated": file.updated,
              "unchanged": file.unchanged}  # fmt: skip
    if not ok:
        return _("%(file)s: rows %(rows)s, mistakes %(bad)s") % values
    return _("%(file)s: %(created)s created, %(updated)s updated, %(unchanged)s unchanged") % values


def _why_nothing(report: Report) -> str:
    if not any(file.rows for file in report.files.values()):
        return _("The files hold no rows: there is nothing to import.")
    return _("Dry run: nothing was written.") if report.dry_run else _("Nothing has changed.")


def _bad_row(bad: Any) -> str:
    place = f"{bad.file}:{bad.line}" if bad.line else bad.file
    if bad.column:
        place = f"{place} {bad.column}"
    value = f" {bad.value!r}" if bad.value else ""
    accepted = " " + _("Accepted: %(accepted)s.") % {"accepted": bad.accepted} if bad.accepted else ""
    return f"{place}{value}: {bad.wrong}{accepted}"


def _told(each: Any) -> list[str]:
    """In the language of the command."""
    return each.told.get(translation.get_language() or "") or next(iter(each.told.values()))  # type: ignore[no-any-return]


def _overwritten(edit: Any, kept: bool) -> str:
    values = {"file": edit.file, "key": edit.key, "field": edit.field, "ours": edit.ours, "theirs": edit.theirs}
    if kept:
        return _("%(file)s %(key)s: %(field)s stays “%(ours)s”, the file says “%(theirs)s”.") % values
    return _("%(file)s %(key)s: %(field)s was changed in Ascent to “%(ours)s”; the file says “%(theirs)s”.") % values
