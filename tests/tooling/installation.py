"""An installation of its own: a database and a folder for files, for tests of what is lost and brought back."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from django.conf import settings

ROOT = Path(__file__).parents[2]
ON_POSTGRESQL = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")


@dataclass(frozen=True)
class Installation:
    """A database and a folder for files, used by processes of its own."""

    url: str
    var: Path

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "MEDIA_ROOT")}
        own = {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": self.url, "VAR_DIR": str(self.var)}
        return subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=given | own | environment,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def manage(self, *arguments: object, **environment: str) -> str:
        """What the command prints; it must end well."""
        done = self.run("manage.py", *map(str, arguments), **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refuses(self, *arguments: object, **environment: str) -> str:
        """Why the command refuses: one line, and neither rows nor files have changed."""
        before = self.holds()
        done = self.run("manage.py", *map(str, arguments), **environment)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert self.holds() == before
        return done.stderr

    @contextlib.contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection that commits each statement."""
        if ON_POSTGRESQL:
            found = psycopg2.connect(self.url)
            found.autocommit = True
        else:
            found = sqlite3.connect(urlsplit(self.url).path, isolation_level=None)
        with contextlib.closing(found):
            yield found

    def execute(self, *statements: str) -> None:
        with self.connection() as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)

    def tables(self) -> dict[str, list[Any]]:
        """The rows of every table."""
        with self.connection() as connection:
            return {name: rows(connection, f'SELECT * FROM "{name}"') for name in table_names(connection)}

    @property
    def media(self) -> Path:
        return self.var / "media"

    def uploads(self) -> dict[str, str]:
        """The uploaded files by name."""
        return {str(path.relative_to(self.media)): path.read_text() for path in self.media.rglob("*") if path.is_file()}

    def holds(self) -> tuple[dict[str, list[Any]], dict[str, str]]:
        return self.tables(), self.uploads()

    def upload(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.media / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def lose(self) -> None:
        """Neither a table nor a file is left."""
        shutil.rmtree(self.media)
        if ON_POSTGRESQL:
            self.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        else:
            for end in ("", "-wal", "-shm"):
                Path(urlsplit(self.url).path + end).unlink(missing_ok=True)


def rows(connection: Any, query: str) -> list[Any]:
    cursor = connection.cursor()
    cursor.execute(query)
    return sorted(cursor.fetchall(), key=repr)


def table_names(connection: Any) -> list[str]:
    where = "information_schema.tables WHERE table_schema = 'public'" if ON_POSTGRESQL else None
    query = f"SELECT table_name FROM {where}" if where else "SELECT name FROM sqlite_master WHERE type = 'table'"
    return [name for (name,) in rows(connection, query) if not name.startswith("sqlite_")]


@contextlib.contextmanager
def database(var: Path) -> Iterator[str]:
    """The address of a database of its own, which is gone afterwards."""
    if not ON_POSTGRESQL:
        yield f"sqlite:///{var}/own.sqlite3"
        return
    server, name = os.environ["DATABASE_URL"].rpartition("/")[0], f"ascent_backup_{uuid.uuid4().hex[:12]}"
    maintenance = Installation(f"{server}/postgres", var)
    maintenance.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{server}/{name}"
    finally:
        maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def installed(var: Path, story: str) -> Iterator[Installation]:
    """One of its own in the folder `var`, with what the Python of `story` makes in it; it is gone afterwards."""
    with database(var) as url:
        made = Installation(url, var)
        made.manage("migrate", "--no-input", "--verbosity=0")
        told = made.run("-c", story)
        assert told.returncode == 0, told.stderr
        yield made
