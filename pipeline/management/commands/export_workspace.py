"""`manage.py export_workspace DIR|ZIP`: the company in the interchange format."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
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
            text = _("%(file)s: %(count)s rows") if name.endswith(".csv") else _("%(file)s: %(count)s files")
            self.stdout.write(text % {"file": name, "count": count})
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


def _silent(_what: str, _count: int) -> None:
    pass
