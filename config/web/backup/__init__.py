"""Backup and restore of all that an installation holds: its database and its uploaded files. Knows no app.

A backup is a folder with a manifest, the database and a tar of the files. It is written beside and renamed into place
when it is complete. A restore checks everything before it touches anything.
"""

import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from config.web.backup import files, postgresql, sqlite
from config.web.backup.manifest import BackupError, Manifest, part_of

__all__ = ["BackupError", "Manifest", "backup", "check", "restore"]


def backup(folder: Path) -> Manifest:
    """Write a backup of now into `folder`, which must be new or empty. BackupError, and nothing there, when it fails.

    The database is read in one snapshot while people go on working; the files are read after it, so that every file
    that a row of the snapshot names is among them.
    """
    folder = folder.absolute()
    _refuse_unless_free(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
    try:
        manifest = _write(partial)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _sync(folder.parent)
    return manifest


def check(folder: Path) -> Manifest:
    """The manifest of a backup that is whole and fits this code and kind of database; BackupError otherwise."""
    manifest = Manifest.read(folder)
    if manifest.vendor != connection.vendor:
        raise BackupError(
            f"This backup holds a {manifest.vendor} database, but DATABASE_URL names a {connection.vendor} one."
        )
    unknown = sorted(set(manifest.migrations) - _migrations_of_this_code())
    if unknown:
        raise BackupError(f"This backup is of a newer version of Ascent: it has {', '.join(unknown)}.")
    manifest.check_parts(folder, {_database().FILE, files.FILE})
    return manifest


def restore(folder: Path, *, replace: bool = False) -> Manifest:
    """Put database and files back as they were in a backup. BackupError, and all as before, when that fails.

    `replace` allows it where there is something already, which is lost.
    """
    manifest = check(folder)
    if not replace and (_database_holds_something() or files.present()):
        raise BackupError("There is something here already. --replace gives it up for what is in the backup.")
    with files.replaced_by(folder / files.FILE):
        _database().load(folder / _database().FILE, manifest)
    return manifest


def _database() -> ModuleType:
    """What differs between the kinds of database: `FILE`, `save`, `load`."""
    return postgresql if connection.vendor == "postgresql" else sqlite


def _write(folder: Path) -> Manifest:
    made_at = datetime.now(UTC)
    try:
        migrations, rows = _database().save(folder / _database().FILE)
    except DatabaseError as error:
        raise BackupError(f"The database could not be read: {error}") from error
    files.save(folder / files.FILE)
    parts = {name: part_of(folder / name) for name in (_database().FILE, files.FILE)}
    manifest = Manifest(
        made_at=made_at.isoformat(timespec="seconds"), vendor=connection.vendor, migrations=migrations, rows=rows,
        parts=parts,
    )  # fmt: skip
    manifest.write(folder)
    for path in folder.iterdir():
        _sync(path)
    _sync(folder)
    return manifest


def _sync(path: Path) -> None:
    """Have the system put a file or folder on the disk now."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_unless_free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is there already: every backup gets a folder of its own.")
    if folder.resolve().is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
        raise BackupError(f"{folder} lies among the uploaded files that are to be backed up.")


def _migrations_of_this_code() -> set[str]:
    return {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}


def _database_holds_something() -> bool:
    """Whether there is a person (without one nobody can have written anything), or a table that is not ours."""
    tables = set(connection.introspection.table_names())
    person = get_user_model()
    ours = {"django_migrations", *connection.introspection.django_table_names()}
    return bool(tables - ours) or (person._meta.db_table in tables and person._default_manager.exists())
