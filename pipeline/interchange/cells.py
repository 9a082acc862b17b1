"""What the cells of a workspace may hold. Every parser takes (text, calendar) and raises Bad; an empty cell never
comes here."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from accounts.calendar import OrgCalendar
from accounts.models import User
from config.web.money import to_cents, to_ten_thousandths
from pipeline.interchange.report import Bad, Said

Parse = Callable[[str, OrgCalendar], Any]

EARLIEST, LATEST = datetime(1901, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d(:\d\d)?)?", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)
KEY_LENGTH = 64


def _said(error: ValidationError) -> Any:
    """The error's text before it is put into a language."""
    [first] = error.error_list
    return Said(first.message, **first.params) if first.params else first.message


def text(longest: int) -> Parse:
    """Any text up to a length, exactly as it stands."""

    def parse(cell: str, _calendar: OrgCalendar) -> str:
        if "\x00" in cell:
            raise Bad(_("The text holds a NUL character."), _("text"))
        if len(cell) > longest:
            raise Bad(_("The text is too long."), Said(_("at most %(most)s characters"), most=longest))
        return cell

    return parse


key = text(KEY_LENGTH)


def choice(*values: str) -> Parse:
    """One of these words."""

    def parse(cell: str, _calendar: OrgCalendar) -> str:
        if cell not in values:
            raise Bad(_("This word is not known here."), ", ".join(values))
        return cell

    return parse


def whole(low: int, high: int) -> Parse:
    """A whole number between two bounds, both inside."""

    def parse(cell: str, _calendar: OrgCalendar) -> int:
        if not WHOLE.fullmatch(cell.strip()) or not low <= int(cell) <= high:
            raise Bad(
                _("This is not a whole number in the range."),
                Said(_("a whole number from %(low)s to %(high)s"), low=low, high=high),
            )
        return int(cell)

    return parse


def amount(cell: str, _calendar: OrgCalendar) -> int:
    """Cents."""
    try:
        return to_cents(cell)
    except ValidationError as error:
        raise Bad(_said(error), _("0 to 9000000000000 with at most 2 decimal places, without separators")) from error


def rate(cell: str, _calendar: OrgCalendar) -> int:
    """Ten-thousandths."""
    try:
        return to_ten_thousandths(cell)
    except ValidationError as error:
        raise Bad(_said(error), _("0 to 1 with at most 4 decimal places")) from error


def day(cell: str, _calendar: OrgCalendar) -> date:
    accepted = _("a date such as 2026-03-02")
    if not DAY.fullmatch(cell.strip()):
        raise Bad(_("This is not a date."), accepted)
    try:
        return date.fromisoformat(cell.strip())
    except ValueError as error:
        raise Bad(_("There is no such day."), accepted) from error


def moment(cell: str, calendar: OrgCalendar) -> datetime:
    """An instant in UTC; without an offset it is the organisation's local time."""
    accepted = _("a moment such as 2026-03-02T09:30:00+08:00, years 1901 to 9998")
    if not MOMENT.fullmatch(cell.strip()):
        raise Bad(_("This is not a moment."), accepted)
    try:
        found = datetime.fromisoformat(cell.strip())
        found = found.astimezone(UTC) if found.tzinfo else calendar.moment(found)
    except (ValueError, OverflowError) as error:
        raise Bad(_("There is no such moment."), accepted) from error
    if not EARLIEST <= found < LATEST:
        raise Bad(_("This moment is out of range."), accepted)
    return found


def flag(cell: str, _calendar: OrgCalendar) -> bool:
    if cell.strip().lower() not in ("true", "false"):
        raise Bad(_("This is neither true nor false."), "true, false")
    return cell.strip().lower() == "true"


def email(cell: str, _calendar: OrgCalendar) -> str:
    try:
        validate_email(cell)
    except ValidationError as error:
        raise Bad(_("This is not an email address."), _("an address such as name@example.com")) from error
    if len(cell) > 254:
        raise Bad(_("The text is too long."), Said(_("at most %(most)s characters"), most=254))
    return cell


def login(cell: str, calendar: OrgCalendar) -> str:
    """A login name that signs in as it is written."""
    found = key(cell, calendar)
    accepted = _("letters, digits and @ . + - _ only")
    try:
        User._meta.get_field("username").run_validators(found)  # type: ignore[union-attr]
    except ValidationError as error:
        raise Bad(_("This is not a login name."), accepted) from error
    if User.normalize_username(found) != found:
        raise Bad(_("This is not a login name."), accepted)
    return found


def currency(cell: str, _calendar: OrgCalendar) -> str:
    if cell not in list_currencies():
        raise Bad(_("This is not a currency."), _("an ISO 4217 code such as CNY"))
    return cell


def timezone(cell: str, _calendar: OrgCalendar) -> str:
    if cell not in available_timezones():
        raise Bad(_("There is no such time zone."), _("an IANA name such as Asia/Shanghai"))
    return cell


def weekdays(cell: str, _calendar: OrgCalendar) -> str:
    """ISO weekdays, in order, each once: "1 2 3 4 5"."""
    if not re.fullmatch(r"[1-7]( +[1-7])*", cell.strip()):
        raise Bad(_("These are not weekdays."), _("ISO weekdays such as 1 2 3 4 5, where 1 is Monday"))
    return " ".join(sorted(set(cell.split())))
