"""Days, weeks and periods of an organisation: the one place that knows what a date means to it.

Pure: nothing here reads the clock or the database. `accounts.selectors.calendar()` gives the organisation's own.
A day is a local calendar date; a moment is an aware datetime, given back in UTC so that moments compare as instants
(two datetimes of one zone compare by their wall clocks, which is wrong in the hour that daylight saving repeats).
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
MONTHS = {"year": 12, "quarter": 3, "month": 1}

PERIOD_KEY = re.compile(r"(?P<year>(19|2[0-9])[0-9]{2})(-(Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?")


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both inside. `key` names it: 2026, 2026-Q4, 2026-11, 2026-W10 or its dates."""

    key: str
    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def span(first: date, last: date) -> Period:
    """The period from `first` to `last`, both inside. ValueError when it ends before it begins."""
    if last < first:
        raise ValueError("A period ends on or after the day it begins.")
    return Period(f"{first}..{last}", first, last)


def add_months(day: date, months: int) -> date:
    """The same day so many months later (earlier if negative), or the last day of a month that is too short."""
    year, index = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, index + 1, min(day.day, monthrange(year, index + 1)[1]))


def monday(day: date) -> date:
    """The Monday of the day's ISO week."""
    return day - timedelta(days=day.weekday())


def week(day: date) -> Period:
    """The ISO week that holds the day, Monday to Sunday, with a key such as 2026-W10 (2027-01-01 lies in 2026-W53)."""
    iso = day.isocalendar()
    return Period(f"{iso.year}-W{iso.week:02}", monday(day), monday(day) + timedelta(days=6))


def month(day: date) -> Period:
    """The calendar month that holds the day, with a key such as 2026-11."""
    first = day.replace(day=1)
    return _months(f"{first:%Y-%m}", first, "month")


def weeks_of_month(day: date) -> list[Period]:
    """Every ISO week that touches the day's month, in order, each whole (days of the neighbours included)."""
    days = month(day)
    count = (monday(days.last) - monday(days.first)).days // 7 + 1
    return [week(days.first + timedelta(weeks=number)) for number in range(count)]


def t12m(day: date) -> Period:
    """The twelve months that end on `day`: after the same day of the year before (29 February: after the 28th)."""
    return span(add_months(day, -12) + ONE_DAY, day)


def _months(key: str, first: date, kind: str) -> Period:
    return Period(key, first, add_months(first, MONTHS[kind]) - ONE_DAY)


@dataclass(frozen=True, slots=True)
class OrgCalendar:
    """The calendar of one organisation: its time zone and the month (1-12) in which its fiscal year begins.

    A fiscal year bears the number of the calendar year in which it begins.
    """

    tz: ZoneInfo
    fiscal_year_start_month: int = 1

    # Moments and days

    def local_date(self, moment: datetime) -> date:
        """The local day of a moment: 00:00:00 belongs to the day that begins. ValueError for a naive datetime."""
        if moment.tzinfo is None:
            raise ValueError("A moment needs a time zone.")
        return moment.astimezone(self.tz).date()

    def today(self, now: datetime) -> date:
        """The local day at the moment `now`."""
        return self.local_date(now)

    def moment(self, wall: datetime) -> datetime:
        """The moment (UTC) at which the local clock shows `wall`, a naive datetime; the first of the two it may be."""
        return wall.replace(tzinfo=self.tz).astimezone(UTC)

    def start_of_day(self, day: date) -> datetime:
        """The moment (UTC) at which a local day begins, also where the clocks jump over its midnight."""
        try:
            return self.moment(datetime.combine(day, time.min))
        except OverflowError:  # midnight of 0001-01-01 east of Greenwich lies in the year 0
            return datetime.min.replace(tzinfo=UTC)

    def end_of_day(self, day: date) -> datetime:
        """The midnight (UTC) that ends a local day: what happened as of that day lies before it."""
        return datetime.max.replace(tzinfo=UTC) if day == date.max else self.start_of_day(day + ONE_DAY)

    def moments(self, period: Period) -> tuple[datetime, datetime]:
        """From the beginning of the first day up to, and without, the end of the last (both UTC)."""
        return self.start_of_day(period.first), self.end_of_day(period.last)

    # Fiscal years and quarters

    def fiscal_year_of(self, day: date) -> int:
        """The number of the fiscal year that holds the day: with an April start 2027-03-31 lies in 2026."""
        return day.year if day.month >= self.fiscal_year_start_month else day.year - 1

    def year(self, day: date) -> Period:
        """The fiscal year that holds the day, with a key such as 2026."""
        return self._year(self.fiscal_year_of(day))

    def quarter(self, day: date) -> Period:
        """The fiscal quarter that holds the day, with a key such as 2026-Q4."""
        return self._quarter(self.fiscal_year_of(day), (day.month - self.fiscal_year_start_month) % 12 // 3 + 1)

    def parse_period(self, key: str) -> Period:
        """The period of a key: `2026` a fiscal year, `2026-Q4` its quarter, `2026-11` a calendar month.

        Years 1900 to 2999; ValueError for anything else.
        """
        match = PERIOD_KEY.fullmatch(key)
        if match is None:
            raise ValueError(f"Not a period: {key!r}")
        number = int(match["year"])
        if match["quarter"]:
            return self._quarter(number, int(match["quarter"]))
        return month(date(number, int(match["month"]), 1)) if match["month"] else self._year(number)

    def previous_period(self, period: Period) -> Period:
        """The year, quarter or month before this one, whichever it is. ValueError for any other period."""
        match, day = PERIOD_KEY.fullmatch(period.key), period.first - ONE_DAY
        if match is None:
            raise ValueError(f"Not a period: {period.key!r}")
        if match["quarter"]:
            return self.quarter(day)
        return month(day) if match["month"] else self.year(day)

    def _year(self, number: int) -> Period:
        return _months(f"{number:04}", date(number, self.fiscal_year_start_month, 1), "year")

    def _quarter(self, year: int, number: int) -> Period:
        first = add_months(date(year, self.fiscal_year_start_month, 1), 3 * (number - 1))
        return _months(f"{year:04}-Q{number}", first, "quarter")
