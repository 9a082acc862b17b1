"""What the cells of a workspace may hold. Every parser takes (text, calendar) and raises Bad; an empty cell never
comes here."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext_lazy as _

from accounts.calendar import OrgCalendar
from accounts.models import User
from config.web.money import to_cents, to_ten_thousandths
from customers.rules.names import normalised_code, normalised_domain, normalised_phone, wrong_in_credit_code
from customers.rules.tiers import CRITERIA
from opportunities.models import MethodSetting, Rating, SuccessFactor
from opportunities.rules import gate
from opportunities.rules.evidence import FACTORS, GRADES
from pipeline.interchange.report import Bad, Said

Parse = Callable[[str, OrgCalendar], Any]

EARLIEST, LATEST = datetime(1901, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d(:\d\d)?)?", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)
KEY_LENGTH = 64


def said(error: ValidationError) -> Any:
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


def key_in_address(cell: str, calendar: OrgCalendar) -> str:
    """The key by which an address finds a row: a slash would part it, dots alone lead elsewhere."""
    if "/" in cell or cell in (".", ".."):
        raise Bad(_("This key cannot stand in an address."), _("a key without a slash that is more than dots"))
    return key(cell, calendar)


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
        wrong = _("This is not an amount.") if error.code == "invalid" else said(error)  # a form shows one with commas
        raise Bad(wrong, _("0 to 9000000000000 with at most 2 decimal places, without separators")) from error


def credit_code(cell: str, _calendar: OrgCalendar) -> str:
    """As it is compared: half-width capitals, without spaces."""
    found = normalised_code(cell)
    wrong = wrong_in_credit_code(found)
    if wrong is not None:
        raise Bad(wrong, _("18 letters and digits"))
    return found


def phone(cell: str, calendar: OrgCalendar) -> str:
    """As one dials it within China."""
    return text(50)(normalised_phone(cell), calendar)


def domain(cell: str, calendar: OrgCalendar) -> str:
    """The host alone."""
    return text(100)(normalised_domain(cell), calendar)


def rate(cell: str, _calendar: OrgCalendar) -> int:
    """Ten-thousandths."""
    try:
        return to_ten_thousandths(cell)
    except ValidationError as error:
        raise Bad(said(error), _("0 to 1 with at most 4 decimal places")) from error


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


def link(cell: str, calendar: OrgCalendar) -> str:
    """A web address, as a form takes it."""
    accepted = _("an address such as https://example.com/minutes")
    try:
        URLValidator()(cell)
    except ValidationError as error:
        raise Bad(_("This is not a web address."), accepted) from error
    return text(500)(cell, calendar)


CLEARED = "-"  # in a later setting, where an empty cell keeps what held before


def conditions(cell: str, _calendar: OrgCalendar) -> str:
    """The conditions of a milestone, each once, between blanks: "power>=4 go"; "-" for none."""
    found = cell.split()
    if found == [CLEARED]:
        return ""
    if not all(map(gate.is_condition, found)) or len(found) != len(set(found)):
        raise Bad(_("This is not a condition."), _("conditions such as power>=4 go veto_clear, each once"))
    return " ".join(found)


NO_FLOOR = -1


def floor(cell: str, calendar: OrgCalendar) -> int:
    """A height from 0 to 6; "-" where the stage's floor holds."""
    return NO_FLOOR if cell.strip() == CLEARED else whole(0, 6)(cell, calendar)  # type: ignore[no-any-return]


def rungs(cell: str, _calendar: OrgCalendar) -> str:
    """Rungs between blanks, as JSON: "power:4 goal:2"."""
    found = cell.split()
    if not all(re.fullmatch(rf"({'|'.join(FACTORS)}):[0-6]", each) for each in found):
        raise Bad(_("These are not rungs."), _("rungs such as power:4 goal:2"))
    return json.dumps(found)


def needs(cell: str, _calendar: OrgCalendar) -> str:
    """What grades need, as JSON: "E1:contact E1:said_on"."""
    found: dict[str, list[str]] = {}
    for each in cell.split():
        grade, _colon, need = each.partition(":")
        if grade not in GRADES or need not in MethodSetting.NEEDS:
            raise Bad(_("This is nothing that a grade needs."), _("needs such as E1:contact E1:said_on E2:trace"))
        found.setdefault(grade, []).append(need)
    return json.dumps(found)


def needs_in_words(grade_needs: dict[str, list[str]]) -> str:
    """The cell of what grades need."""
    return " ".join(f"{grade}:{need}" for grade, needed in grade_needs.items() for need in needed)


def success_factors(cell: str, _calendar: OrgCalendar) -> str:
    """The nine success factors as JSON: {"pricing": {"rating": "amber", "fact": "…"}}."""
    try:
        found = json.loads(cell)
        good = all(
            name in SuccessFactor.values and set(each) <= {"rating", "fact"} and each.get("rating", "") in RATINGS
            and _is_text(each.get("fact", ""), 500)
            for name, each in found.items()
        )  # fmt: skip
    except (ValueError, AttributeError, TypeError, RecursionError):
        good = False
    if not good:
        raise Bad(_("These are not success factors."), '{"pricing": {"rating": "amber", "fact": "…"}}')
    return json.dumps(found, ensure_ascii=False)


def _is_text(value: Any, longest: int) -> bool:
    """Whether a value of JSON is a text that a database keeps: an escape may stand for what no cell holds."""
    return isinstance(value, str) and len(value) <= longest and not re.search("[\\x00\\ud800-\\udfff]", value)


RATINGS = {"", *Rating.values}


def json_text(value: Any) -> str:
    """JSON as it stands in a cell; nothing for what is empty."""
    return json.dumps(value, ensure_ascii=False) if value else ""


def _by_name(cell: str, known: Iterable[str]) -> dict[str, str]:
    """{name: value} of "name:value name:value"; Bad where a name is unknown or stands twice."""
    found = dict(each.partition(":")[::2] for each in cell.split())
    if not set(found) <= set(known) or len(found) != len(cell.split()):
        raise Bad(_("These are not values by name."), Said(_("each once: %(names)s"), names=" ".join(known)))
    return found


def whole_by_name(known: Sequence[str], low: int, high: int) -> Parse:
    """Whole numbers by name, as JSON: "5A:7 4A:14"."""
    parse_each = whole(low, high)

    def parse(cell: str, calendar: OrgCalendar) -> str:
        return json.dumps({name: parse_each(value, calendar) for name, value in _by_name(cell, known).items()})

    return parse


def word_by_name(known: Sequence[str], values: Sequence[str]) -> Parse:
    """Words by name, as JSON: "5A:weekly 4A:monthly"."""
    parse_each = choice(*values)

    def parse(cell: str, calendar: OrgCalendar) -> str:
        return json.dumps({name: parse_each(value, calendar) for name, value in _by_name(cell, known).items()})

    return parse


def by_name_in_words(values: dict[str, Any]) -> str:
    """The cell of values by name."""
    return " ".join(f"{name}:{value}" for name, value in values.items())


def names(known: Sequence[str]) -> Parse:
    """Some of these names, each once, as JSON: "5A 4A"."""

    def parse(cell: str, _calendar: OrgCalendar) -> str:
        found = cell.split()
        if not set(found) <= set(known) or len(found) != len(set(found)):
            raise Bad(_("This word is not known here."), ", ".join(known))
        return json.dumps(found)

    return parse


def names_in_words(values: list[str]) -> str:
    """The cell of some names."""
    return " ".join(values)


def scores(cell: str, calendar: OrgCalendar) -> str:
    """The seven scores of an assessment, as JSON: "sales:4 margin:3 …"."""
    found = whole_by_name(CRITERIA, 0, 5)(cell, calendar)
    if len(json.loads(found)) != len(CRITERIA):
        raise Bad(_("These are not the seven scores."), " ".join(f"{name}:0-5" for name in CRITERIA))
    return found


def notes(cell: str, _calendar: OrgCalendar) -> str:
    """Notes by criterion, as JSON: {"margin": "…"}."""
    try:
        found = json.loads(cell)
        good = set(found) <= set(CRITERIA) and all(_is_text(note, 500) for note in found.values())
    except (ValueError, AttributeError, TypeError, RecursionError):
        good = False
    if not good:
        raise Bad(_("These are not notes by criterion."), '{"margin": "…"}')
    return json.dumps(found, ensure_ascii=False)
