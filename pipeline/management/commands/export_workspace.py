"""`manage.py export_workspace DIR|ZIP`: the company in the interchange format."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import ngettext

from pipeline.interchange import LEFT_OUT, export_workspace, lost_contents


class Command(BaseCommand):
    help = "Writes the workspace into a folder, or into a zip file (docs/interchange.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", metavar="DIR|ZIP")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = export_workspace(options["target"], progress=self._progress if options["verbosity"] else _silent)
        except OSError as error:
            raise CommandError(str(error)) from error
        for name, count in counts.items():
            self.stdout.write(_counted(name, count))
        if count := lost_contents(counts):
            self.stdout.write(
                ngettext(
                    "The storage has lost %(count)s attached file: its contents are not in the export.",
                    "The storage has lost %(count)s attached files: their contents are not in the export.", count,
                ) % {"count": count}
            )  # fmt: skip
        self.stdout.write(str(LEFT_OUT))

    def _progress(self, what: str, count: int) -> None:
        self.stderr.write(f"{what} {count}")


def _counted(name: str, count: int) -> str:
    """How many rows a table of the export has, or how many files a folder."""
    if name.endswith(".csv"):
        text = ngettext("%(file)s: %(count)s row", "%(file)s: %(count)s rows", count)
    else:
        text = ngettext("%(file)s: %(count)s file", "%(file)s: %(count)s files", count)
    return text % {"file": name, "count": count}


def _silent(_what: str, _count: int) -> None:
    pass
