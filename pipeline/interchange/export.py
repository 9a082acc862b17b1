"""The workspace export: every file in a stable order, row by row, so that an import gives the same history again."""

import csv
import io
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Organisation, User
from accounts.selectors import organisation
from opportunities.models.files import attachment_storage
from pipeline.interchange import contents
from pipeline.interchange.files_of_evidence import ATTACHMENTS
from pipeline.interchange.layout import FILES
from pipeline.interchange.source import FOLDER

LEFT_OUT = gettext_lazy(
    "Sensitive notes, price floors and files that were removed are not in an export: only a backup of the database and"
    " of the files holds them. Names and codes of customers that were merged lead to the survivor after an import as"
    " well, but such a merge cannot be taken back: who merged them and what moved is not in the export."
)
Progress = Callable[[str, int], None]
EVERY = 50_000


def export_workspace(
    target: str | Path, *, actor: User | None = None, progress: Progress = lambda _what, _count: None
) -> dict[str, int]:
    """Write the workspace into a folder, or into a zip when `target` ends in .zip; {file: number of rows}.

    Under FOLDER stands of how many attached files the contents were there. All files show one moment of the database.
    Files of these names that stand in the folder are replaced.
    """
    path = Path(target)
    with snapshot(), _zip(path) if path.suffix.lower() == ".zip" else _folder(path) as opened:
        counts = _write_all(opened, progress)
    row = Organisation.objects.filter(pk=1).first()
    if row is not None:
        audit.record("export", row=row, actor=actor)
    return counts


def lost_contents(counts: Mapping[str, int]) -> int:
    """Of how many attached files the storage has lost the contents, by the counts of an export."""
    return counts[ATTACHMENTS.name] - counts[FOLDER] if FOLDER in counts else 0


@contextmanager
def snapshot() -> Iterator[None]:
    """One state of the database for several queries, without keeping anybody from writing."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:  # atomic() would take the one write lock
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


Opener = Callable[[str], Any]  # the name of a file in the export: a stream for its bytes


def _write_all(opened: Opener, progress: Progress) -> dict[str, int]:
    zone = ZoneInfo(organisation().timezone)
    lost = _write_contents(opened, progress)
    counts = {}
    for file in FILES:
        rows = contents.ROWS[file.name]()
        if file is ATTACHMENTS:
            rows = _without(lost, rows)
        with opened(file.name) as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="") as stream:
            counts[file.name] = _write(stream, file, rows, zone, progress)
    return {**counts, FOLDER: counts[ATTACHMENTS.name] - len(lost)}


def _write_contents(opened: Opener, progress: Progress) -> set[str]:
    """The contents of every attached file; the keys of those that the storage has lost."""
    storage, lost = attachment_storage(), set()
    for count, (row, stored) in enumerate(contents.attachments(), 1):
        try:
            stream = storage.open(stored)
        except FileNotFoundError:
            lost.add(row[0])
        else:
            with stream, opened(row[contents.CONTENT]) as out:
                shutil.copyfileobj(stream, out)
        progress(FOLDER, count)
    return lost


def _without(lost: set[str], rows: Iterator[contents.Row]) -> Iterator[contents.Row]:
    """Rows of files; no contents are named where they are lost."""
    for row in rows:
        yield [None if row[0] in lost and at == contents.CONTENT else value for at, value in enumerate(row)]


def _write(stream: Any, file: Any, rows: Iterator[contents.Row], zone: ZoneInfo, progress: Progress) -> int:
    writer = csv.writer(stream)
    writer.writerow([column.name for column in file.columns])
    count = 0
    for row in rows:
        writer.writerow([contents.cell(value, zone) for value in row])
        count += 1
        if count % EVERY == 0:
            progress(file.name, count)
    progress(file.name, count)
    return count


@contextmanager
def _folder(path: Path) -> Iterator[Opener]:
    path.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def opened(name: str) -> Iterator[IO[bytes]]:
        target = path / name
        target.parent.mkdir(exist_ok=True)
        unfinished = target.with_name(f".{target.name}.part")
        with unfinished.open("wb") as stream:
            yield stream
        unfinished.replace(target)

    yield opened


@contextmanager
def _zip(path: Path) -> Iterator[Opener]:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:

            @contextmanager
            def opened(name: str) -> Iterator[IO[bytes]]:
                info = zipfile.ZipInfo(name)
                # Attached files as they are: however well one can be packed, no import takes it for a bomb.
                info.compress_type = zipfile.ZIP_STORED if "/" in name else zipfile.ZIP_DEFLATED
                with archive.open(info, "w", force_zip64=True) as stream:
                    yield stream

            yield opened
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
