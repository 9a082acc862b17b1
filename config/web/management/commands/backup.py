"""`manage.py backup DIR`: all that this installation holds, in a folder of its own."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.web.backup import BackupError, backup


class Command(BaseCommand):
    help = "Writes database and uploaded files into a new folder, while people go on working (docs/operations.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="new or empty; its parents are made")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["folder"]
        try:
            manifest = backup(folder)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        rows, size = sum(manifest.rows.values()), sum(part.size for part in manifest.parts.values())
        self.stdout.write(f"{folder}: {rows} rows of {len(manifest.rows)} tables and the uploaded files, {size} bytes")
