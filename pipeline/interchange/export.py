"""The workspace export: every file in a stable order, row by row, so that an import gives the same history again."""

import csv
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Organisation, User
from accounts.selectors import organisation
from pipeline.interchange import contents
from pipeline.interchange.layout import FILES

LEFT_OUT = gettext_lazy(
    "Sensitive notes, price floors, the contents of attached files and the merges of customers are not in an export:"
    " only a backup of the database and of the files holds them. A customer that was merged into another one comes as"
    " an archived one."
)
Progress = Callable[[str, int], None]
EVERY = 50_000


def export_workspace(
    target: str | Path, *, actor: User | None = None, progress: Progress = lambda _what, _count: None
) -> dict[str, int]:
    """Write the workspace into a folder, or into a zip when `target` ends in .zip; {file: number of rows}.

    All files show one moment of the database. Files of these names that stand in the folder are replaced.
    """
    path = Path(target)
    with snapshot(), _zip(path) if path.suffix.lower() == ".zip" else _folder(path) as opened:
        counts = _write_all(opened, progress)
    row = Organisation.objects.filter(pk=1).first()
    if row is not None:
        audit.record("export", row=row, actor=actor)
    return counts


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


Opener = Callable[[str], Any]


def _write_all(opened: Opener, progress: Progress) -> dict[str, int]:
    zone = ZoneInfo(organisation().timezone)
    counts = {}
    for file in FILES:
        with opened(file.name) as stream:
            counts[file.name] = _write(stream, file, zone, progress)
    return counts


def _write(stream: TextIO, file: Any, zone: ZoneInfo, progress: Progress) -> int:
    writer = csv.writer(stream)
    writer.writerow([column.name for column in file.columns])
    count = 0
    for row in contents.ROWS[file.name]():
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
    def opened(name: str) -> Iterator[TextIO]:
        unfinished = path / f".{name}.part"
        with unfinished.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        unfinished.replace(path / name)

    yield opened


@contextmanager
def _zip(path: Path) -> Iterator[Opener]:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:

            @contextmanager
            def opened(name: str) -> Iterator[TextIO]:
                raw = archive.open(name, "w", force_zip64=True)
                with io.TextIOWrapper(raw, encoding="utf-8", newline="") as stream:
                    yield stream

            yield opened
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
