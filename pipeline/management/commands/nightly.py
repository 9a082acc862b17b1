"""`manage.py nightly`: compute what is due, or given days again."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.calendar import ONE_DAY
from pipeline import nightly
from pipeline.models import NightlyRun


class Command(BaseCommand):
    help = "Computes the totals of the days that are due; with --date or --from and --to, those days again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--date", type=iso_date, help="one day, YYYY-MM-DD")
        parser.add_argument("--from", type=iso_date, dest="first", help="the first of several days")
        parser.add_argument("--to", type=iso_date, dest="last", help="the last of them; default: the last ended day")

    def handle(self, *args: Any, **options: Any) -> None:
        days = _days(options["date"], options["first"], options["last"])
        outcomes = nightly.run_due(at_once=True) if days is None else [nightly.run_day(d, again=True) for d in days]
        failed = [each for each in outcomes if each.state == NightlyRun.State.FAILED]
        for each in failed:
            self.stderr.write(f"{each.day}: {each.error}")
        for each in outcomes:
            if each.state is None:
                self.stderr.write(f"{each.day}: another run has it in hand")
        done = [each for each in outcomes if each.state == NightlyRun.State.FINISHED]
        self.stdout.write(f"{len(done)} days computed, {sum(each.rows for each in done)} rows")
        if failed:
            raise CommandError(f"{len(failed)} days failed")


def iso_date(text: str) -> date:
    """A day as YYYY-MM-DD; its name is in argparse's message."""
    return date.fromisoformat(text)


def _days(day: date | None, first: date | None, last: date | None) -> list[date] | None:
    """The days that were named, None when none were."""
    begin, ended = day or first, nightly.last_day(at_once=True)
    if begin is None and last is None:
        return None
    if begin is None or (day and (first or last)):
        raise CommandError("Give either --date, or --from and --to.")
    end = day or last or ended
    if begin > end or end > ended:
        raise CommandError(f"Give days up to {ended}, the first before the last.")
    return [begin + ONE_DAY * n for n in range((end - begin).days + 1)]
