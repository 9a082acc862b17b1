"""SQLite in a backup: a copy by the online backup API, both ways, so that other processes may have it open."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from django.db import connection

from config.web.backup.manifest import BackupError, Manifest, contents, counting

FILE = "database.sqlite3"
PATIENCE = 30  # seconds to wait for another process that holds the database


def save(file: Path) -> tuple[list[str], dict[str, int]]:
    """Write a sound copy of the database as of one moment; its migrations and rows. DatabaseError without any."""
    with connection.wrap_database_errors, closing(_connect(_live())) as live, closing(_connect(file)) as copy:
        live.backup(copy, progress=_patience())
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, which can be read where nothing can be written
        _refuse_unless_sound(copy)
        return contents(lambda sql: copy.execute(sql).fetchall())


def load(file: Path, manifest: Manifest) -> None:
    """Replace all that the database holds in one transaction; processes that have it open see it thereafter."""
    connection.close()
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True)) as copy:
            _refuse_unless_sound(copy)
            _refuse_unless_as_counted(copy, manifest)
            with closing(_connect(_live())) as live:
                copy.backup(live, progress=_patience())
    except sqlite3.Error as error:
        raise BackupError(f"The database was not restored: {error}") from error


def _live() -> str:
    return str(connection.settings_dict["NAME"])


def _connect(path: str | Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=PATIENCE)


def _patience() -> Callable[[int, int, int], None]:
    """For `backup`, which would wait for ever: ends it when the other side was locked for too long."""
    end = time.monotonic() + PATIENCE

    def waited(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > end:
            raise BackupError("The database is in use: stop web, worker and beat, and try again.")

    return waited


def _refuse_unless_sound(copy: sqlite3.Connection) -> None:
    found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise BackupError(f"The database is damaged: {found}")


def _refuse_unless_as_counted(copy: sqlite3.Connection, manifest: Manifest) -> None:
    for table, rows in manifest.rows.items():
        found = copy.execute(counting(table)).fetchone()[0]
        if found != rows:
            raise BackupError(f"The backup is damaged: {table} has {found} rows, {rows} were counted.")
