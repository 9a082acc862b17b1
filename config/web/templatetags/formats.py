"""How amounts, rates, dates and deadlines are written, in the active language. A template builtin.

Every filter rounds once, half up, and writes an absent value as a dash: 0 means zero. Moments are shown in the
zone of `config.web.context`, and today and this year are that zone's; amounts in the currency of `config.web.money`.
"""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from babel.dates import format_date
from babel.numbers import get_currency_symbol
from django import template
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext

from config.web.context import get_zone
from config.web.money import get_currency

register = template.Library()

MISSING = "—"
MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
WIDE = Context(prec=60)
MOST_GROWTH = 999  # in percent: beyond it the figure says how little there was before


class Step(NamedTuple):
    """A unit in which amounts are written: with so many places, with none from `whole_from` units on."""

    factor: int
    suffix: str
    places: int
    whole_from: Decimal


ZERO, TEN, HUNDRED, ALWAYS = Decimal(0), Decimal(10), Decimal(100), Decimal("Infinity")
STEPS = {
    "zh": (Step(1, "", 0, ZERO), Step(10**4, "万", 1, TEN), Step(10**8, "亿", 2, ALWAYS)),
    "en": (Step(1, "", 0, ZERO), Step(10**3, "K", 1, HUNDRED), Step(10**6, "M", 1, HUNDRED)),
}
PATTERNS = {
    "zh": {
        "day": "MM-dd",
        "other_year": "yy-MM-dd",
        "full": "yyyy-MM-dd",
        "heading": "M 月 d 日 EEE",
        "heading_other_year": "y 年 M 月 d 日 EEE",
        "month": "y 年 M 月",
    },
    "en": {
        "day": "d MMM",
        "other_year": "d MMM y",
        "full": "d MMM y",
        "heading": "EEE d MMM",
        "heading_other_year": "EEE d MMM y",
        "month": "MMM y",
    },
}
LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
OWN_SYMBOLS = {"CNY": "¥"}


def language() -> str:
    """`zh` or `en`: the notation of the active language."""
    return "zh" if (get_language() or "en").startswith("zh") else "en"


# --- Amounts ----------------------------------------------------------------------------------


@register.simple_tag
def currency_symbol(code: str = "") -> str:
    """What stands before an amount: ¥ for CNY, $ for USD, `CHF ` where there is no sign. Without a code: ours."""
    return _symbol(code or get_currency())


@lru_cache(maxsize=64)
def _symbol(code: str) -> str:
    symbol = OWN_SYMBOLS.get(code) or get_currency_symbol(code, locale="en")
    return symbol + NO_BREAK if symbol[-1].isalpha() else symbol


@register.filter
def money(amount: Any, currency: str = "") -> str:
    """A short amount: ¥1,860万, ¥1.28亿, ¥8,600; in English ¥18.6M, ¥128M, ¥860K."""
    return MISSING if _missing(amount) else _signed(_number(amount), currency, plus="")


@register.filter
def money_signed(amount: Any, currency: str = "") -> str:
    """A short amount with its sign: +¥2,400万, −¥200万. Zero has none."""
    return MISSING if _missing(amount) else _signed(_number(amount), currency, plus="+")


@register.filter
def money_full(amount: Any, currency: str = "") -> str:
    """The exact amount: ¥18,600,000, ¥1,234.50."""
    if _missing(amount):
        return MISSING
    number = _number(amount)
    digits = f"{_round(abs(number), 2):,}".removesuffix(".00")
    return _sign(number) + currency_symbol(currency) + digits


def _signed(number: Decimal, currency: str, plus: str) -> str:
    return _sign(number, plus) + currency_symbol(currency) + _compact(abs(number))


def _compact(number: Decimal) -> str:
    steps = STEPS[language()]
    if number and not _round(number, 0):
        return f"{_round(number, 2)}"
    for step, following in pairwise(steps):
        shown = _in_step(number, step)
        if shown * step.factor < following.factor:
            return _digits(shown, step)
    return _digits(_in_step(number, steps[-1]), steps[-1])


def _in_step(number: Decimal, step: Step) -> Decimal:
    shown = _round(number / step.factor, step.places)
    return shown if shown < step.whole_from else _round(number / step.factor, 0)


def _digits(shown: Decimal, step: Step) -> str:
    text = f"{shown:,}"
    return (text.removesuffix(".0") if step.suffix == "万" else text) + step.suffix


# --- Ratios -----------------------------------------------------------------------------------


@register.filter
def percent(ratio: Any, places: int = 0) -> str:
    """A ratio in percent: 0.38 → 38%; with `:1` 12.5%."""
    return MISSING if _missing(ratio) else _percent(_number(ratio), places)


@lru_cache(maxsize=1024)
def _percent(ratio: Decimal, places: int) -> str:
    number = _round(ratio * 100, places)
    return f"{_sign(number)}{abs(number):,}%"


@register.filter
def growth(ratio: Any) -> str:
    """By how much something has grown: 38%; against almost nothing, where no figure says more, > 999%."""
    if _missing(ratio) or _round(_number(ratio) * 100, 0) <= MOST_GROWTH:
        return percent(ratio)
    return f">{NO_BREAK}{MOST_GROWTH}%"


@register.filter
def multiple(ratio: Any) -> str:
    """A ratio as a multiple: 1.8×, 3×."""
    if _missing(ratio):
        return MISSING
    number = _round(_number(ratio), 1)
    return _sign(number) + f"{abs(number):,}".removesuffix(".0") + "×"


@register.filter
def points(difference: Any) -> str:
    """A difference of two ratios in percentage points, without its sign: 差 25 个点, 25 pts."""
    if _missing(difference):
        return MISSING
    count = int(_round(abs(_number(difference)) * 100, 0))
    return ngettext("%(count)s pt", "%(count)s pts", count) % {"count": f"{count:,}"}


# --- Dates and moments ------------------------------------------------------------------------


@register.filter
def day(value: date | None) -> str:
    """A day on a card: 11-20, in another year 27-03-15; 20 Nov, 15 Mar 2027."""
    return _dated(value, "day", "other_year")


@register.filter
def day_full(value: date | None) -> str:
    """A day in a table: 2026-11-20, 20 Nov 2026."""
    return _dated(value, "full", "full")


@register.filter
def day_heading(value: date | None) -> str:
    """A day in a heading: 11 月 20 日 周五, Fri 20 Nov; with the year when it is another one."""
    return _dated(value, "heading", "heading_other_year")


@register.filter
def moment(value: datetime | None) -> str:
    """A moment in the organisation's time zone, 24 hours: 11-23 02:00, 23 Nov 02:00."""
    if _missing(value):
        return MISSING
    assert value is not None
    return f"{day(value)} {timezone.localtime(value, get_zone()):%H:%M}"


@register.filter
def clock(value: datetime | None) -> str:
    """The time of day of a moment in the organisation's time zone: 14:00."""
    return MISSING if value is None else f"{timezone.localtime(value, get_zone()):%H:%M}"


@register.filter
def moment_exact(value: datetime | None) -> str:
    """A moment of any year to the second: 2026-11-23 02:00:09, 23 Nov 2026 02:00:09."""
    if _missing(value):
        return MISSING
    assert value is not None
    return f"{day_full(value)} {timezone.localtime(value, get_zone()):%H:%M:%S}"


@register.filter
def as_of(value: datetime | None) -> str:
    """The freshness stamp: 数据截至 11-23 02:00, Data as of 23 Nov 02:00."""
    return gettext("Data as of %(moment)s") % {"moment": moment(value)}


@register.filter
def week(value: date | None) -> str:
    """The ISO week of a day: 第 47 周, W47; with the year when it is another one."""
    if _missing(value):
        return MISSING
    iso = _local(value).isocalendar()
    this_year = iso.year == timezone.localdate(timezone=get_zone()).isocalendar().year
    text = gettext("W%(week)s") if this_year else gettext("W%(week)s %(year)s")
    return text % {"week": iso.week, "year": iso.year}


@register.filter
def period(value: Any) -> str:
    """A period, or its key: 2026-Q4 → 2026 年四季度, Q4 2026; 2026-11 → 2026 年 11 月, Nov 2026; 2026 → 2026 年度."""
    if _missing(value):
        return MISSING
    year, _dash, part = str(getattr(value, "key", value)).partition("-")
    if part.startswith("Q"):
        return _quarter_name(part) % {"year": year}
    if part:
        return _formatted(date(int(year), int(part), 1), "month", language())
    return gettext("FY %(year)s") % {"year": year}


def _quarter_name(quarter: str) -> str:
    names = {
        "Q1": gettext("Q1 %(year)s"),
        "Q2": gettext("Q2 %(year)s"),
        "Q3": gettext("Q3 %(year)s"),
        "Q4": gettext("Q4 %(year)s"),
    }
    return names[quarter]


def _dated(value: date | None, this_year: str, other_year: str, today: date | None = None) -> str:
    if _missing(value):
        return MISSING
    local = _local(value)
    if this_year == other_year or local.year == (today or timezone.localdate(timezone=get_zone())).year:
        return _formatted(local, this_year, language())
    return _formatted(local, other_year, language())


@lru_cache(maxsize=4096)
def _formatted(value: date, pattern: str, notation: str) -> str:
    return str(format_date(value, PATTERNS[notation][pattern], locale=LOCALES[notation]))


def _local(value: Any) -> date:
    return timezone.localtime(value, get_zone()).date() if isinstance(value, datetime) else value


# --- Relative to today ------------------------------------------------------------------------


class Due(NamedTuple):
    """A deadline as it is shown. `state`: overdue, today, later or none. Printed, it is its text."""

    state: str
    text: str

    def __str__(self) -> str:
        return self.text


def due_label(value: date | None, today: date, *, is_open: bool = True) -> Due:
    """How a deadline looks on the day `today`: 逾期 3 天, 今天, or the date; of what is closed always the date."""
    if value is None:
        return Due("none", MISSING)
    late = (today - value).days
    if is_open and late > 0:
        return Due("overdue", gettext("%(count)s d overdue") % {"count": f"{late:,}"})
    if is_open and late == 0:
        return Due("today", gettext("today"))
    return Due("later", _dated(value, "day", "other_year", today))


@register.filter
def due(value: date | None, is_open: bool = True) -> Due:
    """`due_label` of today: `{{ next_step_due|due }}`, or its `.state` and `.text`."""
    return due_label(value or None, timezone.localdate(timezone=get_zone()), is_open=is_open)


@register.filter
def days(count: int | None) -> str:
    """A number of days: 41 天, 41 d."""
    return MISSING if _missing(count) else gettext("%(count)s d") % {"count": _count(count)}


@register.filter
def not_met(count: int | None) -> str:
    """How long a contact was not met: 41 天未见, not met for 41 d."""
    return MISSING if _missing(count) else gettext("not met for %(count)s d") % {"count": _count(count)}


# --- Numbers ----------------------------------------------------------------------------------


def _missing(value: Any) -> bool:
    return value is None or value == ""


def _number(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _round(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, WIDE)


def _sign(number: Decimal, plus: str = "") -> str:
    return MINUS if number < 0 else plus if number else ""


def _count(number: Any) -> str:
    # A median of days may be a half.
    return f"{_round(_number(number), 1):,}".removesuffix(".0")
