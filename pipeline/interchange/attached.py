"""Contents of attached files: checked as an upload is, and in the storage before the short transaction writes."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils.translation import gettext_lazy as _

from config.web.uploads import disk_errors
from opportunities.actions.files import Checked, checked, keep, refuse_size
from opportunities.models import Attachment, Opportunity
from opportunities.models.files import attachment_storage
from pipeline.interchange import cells, staging
from pipeline.interchange.files_of_evidence import ATTACHMENTS, CHECKPOINTS
from pipeline.interchange.report import Bad, Report, Said
from pipeline.interchange.source import FOLDER, Source

CHUNK = 64 * 1024
KNOWN = Attachment._meta.db_table


def leave_out(report: Report) -> None:
    """Of a file that is known nothing changes; one that came without contents does not come.

    What rests on one that does not come, or that was removed here, keeps the name alone.
    """
    _keep_the_name(f"SELECT m.key FROM {KNOWN} m WHERE m.removed_at IS NOT NULL")
    if ATTACHMENTS.name not in report.present:
        return
    table = ATTACHMENTS.table
    known = staging.execute(f"DELETE FROM {table} WHERE key IN (SELECT m.key FROM {KNOWN} m)")
    report.file(ATTACHMENTS.name).unchanged += known
    _keep_the_name(f"SELECT key FROM {table} WHERE content IS NULL")
    report.without_contents = staging.execute(f"DELETE FROM {table} WHERE content IS NULL")


def _keep_the_name(keys: str) -> None:
    staging.execute(f"UPDATE {CHECKPOINTS.table} SET attachment = NULL WHERE attachment IN ({keys})")


def check_attachments(report: Report) -> None:
    """Each file belongs to one thing, its contents are its own, and evidence rests on files of its opportunity."""
    table = ATTACHMENTS.table
    sql = f"SELECT csv_line, entry FROM {table} WHERE (opportunity IS NULL) = (entry IS NULL) ORDER BY csv_line"
    already = {bad.line for bad in report.bad_rows if bad.file == ATTACHMENTS.name}
    one = Bad(_("A file belongs to one thing."), _("an opportunity, or an entry of the playbook"))
    for line, value in staging.fetch(sql):
        if line not in already:
            report.refuse(ATTACHMENTS.name, line, "entry" if value else "opportunity", value, one)
    first = f"SELECT content, MIN(csv_line) AS line FROM {table} GROUP BY content HAVING COUNT(*) > 1"
    sql = (
        f"SELECT s.csv_line, s.content, f.line FROM {table} s JOIN ({first}) f ON f.content = s.content"
        " WHERE s.csv_line > f.line ORDER BY s.csv_line"
    )
    for line, value, above in staging.fetch(sql):
        wrong = Said(_("Line %(line)s names the same contents."), line=above)
        report.refuse(ATTACHMENTS.name, line, "content", value, Bad(wrong, _("each file once")))
    _evidence(report)


def _evidence(report: Report) -> None:
    said = f"SELECT key, opportunity FROM {ATTACHMENTS.table}"
    known = f"SELECT m.key, o.key FROM {KNOWN} m LEFT JOIN {Opportunity._meta.db_table} o ON o.id = m.opportunity_id"
    sql = (
        f"SELECT s.csv_line, s.attachment FROM {CHECKPOINTS.table} s"
        f" JOIN ({said} UNION ALL {known}) a ON a.key = s.attachment"
        " WHERE a.opportunity IS DISTINCT FROM s.opportunity ORDER BY s.csv_line"
    )
    for line, value in staging.fetch(sql):
        bad = Bad(_("The file belongs to something else."), _("a file of the opportunity"))
        report.refuse(CHECKPOINTS.name, line, "attachment", value, bad)


class Contents:
    """What the new files of an import hold. Leaving it takes out of the storage again what was not `written`."""

    def __init__(self, source: Source, report: Report, progress: Callable[[str, int], None]) -> None:
        self.source, self.report, self.progress = source, report, progress
        self.stored: list[str] = []

    def __enter__(self) -> "Contents":
        return self

    def __exit__(self, *_error: Any) -> None:
        for name in self.stored:
            with suppress(Exception):  # then it is a stray, which goes by itself
                attachment_storage().delete(name)

    def written(self) -> None:
        """Their rows are there: the contents stay."""
        self.stored.clear()

    def take_in(self) -> None:
        """Look at each, and store it unless it is clear by then that nothing will be written."""
        writer = staging.Writer(staging.KEPT, staging.KEPT_COLUMNS)
        rows = f"SELECT csv_line, name, content FROM {ATTACHMENTS.table} WHERE {{page}} AND name IS NOT NULL"
        count = 0
        for page in staging.pages(rows, "csv_line"):
            for line, name, content in page:
                try:
                    self._take(line, name, content, writer)
                except Bad as bad:
                    self.report.refuse(ATTACHMENTS.name, line, "content", content, bad)
                count += 1
                self.progress(FOLDER, count)
        writer.flush()
        staging.analyze(staging.KEPT)

    def _take(self, line: int, name: str, content: str, writer: staging.Writer) -> None:
        if content not in self.source.contents:
            raise Bad(_("There is no such file."), Said(_("a file in the folder %(folder)s"), folder=FOLDER))
        with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as copy:
            found = self._checked(name, content, copy)
            with closing(found.content):
                if self.report.ok and not self.report.dry_run:
                    fields = keep(found)
                    self.stored.append(fields["stored"])
                    writer.add([line, *fields.values()])

    def _checked(self, name: str, content: str, copy: Any) -> Checked:
        size = self.source.size(content)
        try:
            refuse_size(size)
            with disk_errors(), self.source.open(content) as stream:
                shutil.copyfileobj(stream, copy, CHUNK)
            upload = File(copy, name)
            upload.size = size
            return checked(upload)
        except ValidationError as error:
            accepted = Said(
                _("a file that could be added in Ascent, at most %(limit)s MB"), limit=settings.ATTACHMENT_MEGABYTES
            )
            raise Bad(cells.said(error.error_dict["file"][0]), accepted) from error
