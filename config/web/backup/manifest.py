"""What a backup says of itself: `manifest.json`, and the checks that follow from it."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import Any, Self

from django.db import connection

FILE = "manifest.json"
FORMAT = 1
Fetch = Callable[[str], list[Any]]  # runs one SELECT, gives all of its rows


class BackupError(Exception):
    """Why there is no backup, or no restore; says it to whoever gave the command."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the backup: bytes and SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`made_at` is ISO 8601 in UTC, `migrations` are those applied (`app.0001_name`), `rows` counts each table."""

    format: int = FORMAT
    made_at: str
    vendor: str
    migrations: list[str]
    rows: dict[str, int] = field(repr=False)
    parts: dict[str, Part]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest of this backup; BackupError when it is none or not of this format."""
        try:
            data = json.loads((folder / FILE).read_text(encoding="utf-8"))
            if data["format"] == FORMAT:
                parts = {str(name): Part(**part) for name, part in data["parts"].items()}
                rows = {str(table): int(count) for table, count in data["rows"].items()}
                return cls(**data | {"parts": parts, "rows": rows})
        except FileNotFoundError as error:
            raise BackupError(f"{folder} is not a backup: it has no {FILE}.") from error
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise BackupError(f"{folder / FILE} cannot be read: {error}") from error
        raise BackupError(f"This backup has format {data['format']}; this version of Ascent reads format {FORMAT}.")

    def write(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    def check_parts(self, folder: Path, names: set[str]) -> None:
        """BackupError unless exactly these files belong to the backup, and are there as they were written."""
        if set(self.parts) != names:
            raise BackupError(f"The manifest names {sorted(self.parts)}, not {sorted(names)}.")
        for name, part in self.parts.items():
            try:
                found = part_of(folder / name)
            except OSError as error:
                raise BackupError(f"The backup is not whole: {error}") from error
            if found != part:
                raise BackupError(f"The backup is damaged: {name} is not what was written ({part.size} bytes then).")


def part_of(path: Path) -> Part:
    with path.open("rb") as file:
        return Part(size=path.stat().st_size, sha256=file_digest(file, "sha256").hexdigest())


def contents(fetch: Fetch) -> tuple[list[str], dict[str, int]]:
    """The applied migrations, and how many rows each of our tables has, as this connection sees them."""
    migrations = [f"{app}.{name}" for app, name in fetch("SELECT app, name FROM django_migrations ORDER BY id")]
    tables = sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))
    return migrations, {table: fetch(counting(table))[0][0] for table in tables}


def counting(table: str) -> str:
    return f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}"
