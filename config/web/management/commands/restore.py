"""`manage.py restore DIR`: database and uploaded files as they were in a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from config.web.backup import BackupError, check, restore


class Command(BaseCommand):
    help = "Puts database and uploaded files back as a backup has them, or changes nothing (docs/operations.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="what `backup` has written")
        parser.add_argument("--replace", action="store_true", help="give up what is here now")
        parser.add_argument("--check", action="store_true", help="only say whether it is whole and fits")

    def handle(self, *args: Any, **options: Any) -> None:
        only = options["check"]
        try:
            manifest = check(options["folder"]) if only else restore(options["folder"], replace=options["replace"])
        except (BackupError, OSError, DatabaseError) as error:
            raise CommandError(str(error)) from error
        rows = f"{sum(manifest.rows.values())} rows of {len(manifest.rows)} tables, as of {manifest.made_at}"
        self.stdout.write(f"The backup is whole: {rows}" if only else f"Restored: {rows}")
        if not only:
            self.stdout.write("Now run `manage.py migrate`, then start web, worker and beat.")
