"""The share on time of a joint plan (METHOD.md §3, coordination)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

WINDOW = 30


@dataclass(frozen=True, slots=True)
class OnTime:
    """Of the tasks that were due, those done by their due date."""

    kept: int = 0
    due: int = 0

    @property
    def share(self) -> Decimal | None:
        """None while nothing was due."""
        return Decimal(self.kept) / self.due if self.due else None

    @property
    def is_enough(self) -> bool:
        """Whether coordination 5 can rest on it: 80 % or more."""
        return 5 * self.kept >= 4 * self.due


def on_time(tasks: Iterable[tuple[date | None, date | None]], day: date) -> OnTime:
    """Of the tasks (due, done) of both sides that were due in the last 30 days at `day`, those done in time.

    One that is due on the day itself and is still open may yet be in time: it is not judged.
    """
    first = day - timedelta(days=WINDOW - 1)
    judged = [(due, done) for due, done in tasks if due and first <= due <= day and (done or due < day)]
    return OnTime(kept=sum(1 for due, done in judged if done and done <= due), due=len(judged))
