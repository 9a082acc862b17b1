"""The notations of amounts, ratios, dates and deadlines, in both languages."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import engines
from django.utils import timezone
from django.utils.translation import override

from config.web import context
from config.web import money as money_module
from config.web.templatetags import formats

TODAY = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _surroundings():
    currency, zone = money_module._currency.set("CNY"), context._zone.set(ZoneInfo("Asia/Shanghai"))
    with time_machine.travel(TODAY, tick=False):
        yield
    money_module._currency.reset(currency)
    context._zone.reset(zone)


def written(filter_name, value, language, *arguments):
    with override(language):
        return str(getattr(formats, filter_name)(value, *arguments))


# The table of the design, row by row: filter, value, Chinese, English.
DESIGN = [
    ("money", Decimal("18600000"), "¥1,860万", "¥18.6M"),
    ("money", Decimal("128000000"), "¥1.28亿", "¥128M"),
    ("money", Decimal("8600"), "¥8,600", "¥8.6K"),
    ("money", Decimal("860000"), "¥86万", "¥860K"),
    ("money_signed", Decimal("24000000"), "+¥2,400万", "+¥24.0M"),
    ("money_signed", Decimal("-2000000"), "\u2212¥200万", "\u2212¥2.0M"),
    ("percent", Decimal("0.38"), "38%", "38%"),
    ("multiple", Decimal("1.8"), "1.8×", "1.8×"),
    ("points", Decimal("0.25"), "差 25 个点", "25 pts"),
    ("day", date(2026, 11, 20), "11-20", "20 Nov"),
    ("day", date(2027, 3, 15), "27-03-15", "15 Mar 2027"),
    ("day_full", date(2026, 11, 20), "2026-11-20", "20 Nov 2026"),
    ("day_heading", date(2026, 11, 20), "11 月 20 日 周五", "Fri 20 Nov"),
    ("week", date(2026, 11, 20), "第 47 周", "W47"),
    ("period", "2026-Q4", "2026 年四季度", "Q4 2026"),
    ("due", date(2026, 11, 19), "逾期 3 天", "3 d overdue"),
    ("due", date(2026, 11, 22), "今天", "today"),
    ("not_met", 41, "41 天未见", "not met for 41 d"),
    ("as_of", datetime(2026, 11, 22, 18, 0, tzinfo=UTC), "数据截至 11-23 02:00", "Data as of 23 Nov 02:00"),
]

# What follows from it: the half cent, the edges between units, other years.
BEYOND = [
    ("money", Decimal("0"), "¥0", "¥0"),
    ("money", Decimal("0.40"), "¥0.40", "¥0.40"),
    ("money", Decimal("999.50"), "¥1,000", "¥1.0K"),
    ("money", Decimal("9999.49"), "¥9,999", "¥10.0K"),
    ("money", Decimal("9999.50"), "¥1万", "¥10.0K"),
    ("money", Decimal("12500"), "¥1.3万", "¥12.5K"),
    ("money", Decimal("99499.99"), "¥9.9万", "¥99.5K"),
    ("money", Decimal("99949.99"), "¥10万", "¥99.9K"),
    ("money", Decimal("99950"), "¥10万", "¥100K"),
    ("money", Decimal("10725000"), "¥1,073万", "¥10.7M"),
    ("money", Decimal("10724999.99"), "¥1,072万", "¥10.7M"),
    ("money", Decimal("99994999.99"), "¥9,999万", "¥100M"),
    ("money", Decimal("99995000"), "¥1.00亿", "¥100M"),
    ("money", Decimal("100500000"), "¥1.01亿", "¥101M"),
    ("money", Decimal("999500"), "¥100万", "¥1.0M"),
    ("money", Decimal("9000000000000"), "¥90,000.00亿", "¥9,000,000M"),
    ("money", Decimal("-380"), "\u2212¥380", "\u2212¥380"),
    ("money", 86, "¥86", "¥86"),
    ("money", 0.1 + 0.2, "¥0.30", "¥0.30"),
    ("money_signed", Decimal("0"), "¥0", "¥0"),
    ("money_full", Decimal("18600000.00"), "¥18,600,000", "¥18,600,000"),
    ("money_full", Decimal("-1234.50"), "\u2212¥1,234.50", "\u2212¥1,234.50"),
    ("percent", Decimal("0.125"), "13%", "13%"),
    ("percent", Decimal("-0.125"), "\u221213%", "\u221213%"),
    ("percent", Decimal("-0.001"), "0%", "0%"),
    ("percent", 12.5, "1,250%", "1,250%"),
    ("growth", Decimal("-0.38"), "\u221238%", "\u221238%"),
    ("growth", Decimal("9.994"), "999%", "999%"),
    ("growth", Decimal("9.995"), ">\u00a0999%", ">\u00a0999%"),
    ("growth", Decimal("120.43"), ">\u00a0999%", ">\u00a0999%"),
    ("growth", None, "—", "—"),
    ("multiple", 3, "3×", "3×"),
    ("multiple", Decimal("1.25"), "1.3×", "1.3×"),
    ("points", Decimal("-0.01"), "差 1 个点", "1 pt"),
    ("day_heading", date(2025, 1, 2), "2025 年 1 月 2 日 周四", "Thu 2 Jan 2025"),
    ("week", date(2027, 1, 4), "2027 年第 1 周", "W1 2027"),
    ("week", date(2027, 1, 1), "第 53 周", "W53"),
    ("period", "2026-11", "2026 年 11 月", "Nov 2026"),
    ("period", "2026", "2026 年度", "FY 2026"),
    ("due", date(2026, 11, 23), "11-23", "23 Nov"),
    ("due", date(2027, 3, 15), "27-03-15", "15 Mar 2027"),
    ("days", 41, "41 天", "41 d"),
    ("days", 17.5, "17.5 天", "17.5 d"),
    ("days", 0, "0 天", "0 d"),
    ("moment", datetime(2025, 12, 31, 17, 5, tzinfo=UTC), "01-01 01:05", "1 Jan 01:05"),
    ("moment", datetime(2025, 12, 31, 15, 5, tzinfo=UTC), "25-12-31 23:05", "31 Dec 2025 23:05"),
]


@pytest.mark.parametrize(("name", "value", "chinese", "english"), DESIGN + BEYOND)
def test_both_notations(name, value, chinese, english):
    assert written(name, value, "en") == english
    assert written(name, value, "zh-hans") == chinese


@pytest.mark.parametrize("name", sorted({row[0] for row in DESIGN + BEYOND} - {"as_of"}))
@pytest.mark.parametrize("absent", [None, ""])
def test_what_is_absent_is_a_dash_and_never_zero(name, absent):
    assert written(name, absent, "zh-hans") == written(name, absent, "en") == "—"


@pytest.mark.parametrize(
    ("code", "symbol"), [("CNY", "¥"), ("USD", "$"), ("EUR", "€"), ("HKD", "HK$"), ("CHF", "CHF\N{NO-BREAK SPACE}")]
)
def test_the_symbol_of_a_currency(code, symbol):
    assert formats.currency_symbol(code) == symbol
    assert written("money", Decimal(5), "en", code) == f"{symbol}5"


def test_amounts_are_in_the_currency_of_the_organisation():
    money_module.set_currency("USD")
    assert written("money_signed", Decimal("-2000000"), "zh-hans") == "\u2212$200万"
    assert formats.currency_symbol() == "$"
    money_module.set_currency("EUR")
    assert formats.currency_symbol() == "€"


def test_a_deadline_is_labelled_from_the_day_it_is_given_and_has_a_state():
    with override("en"):
        assert formats.due_label(date(2026, 3, 1), date(2026, 3, 2)) == ("overdue", "1 d overdue")
        assert formats.due_label(date(2026, 3, 2), date(2026, 3, 2)) == ("today", "today")
        assert formats.due_label(date(2027, 3, 3), date(2027, 3, 2)) == ("later", "3 Mar")
        assert formats.due_label(None, date(2026, 3, 2)) == ("none", "—")
        for day, said in ((1, "1 Mar"), (2, "2 Mar")):
            assert formats.due_label(date(2026, 3, day), date(2026, 3, 2), is_open=False) == ("later", said)


def test_today_and_this_year_are_those_of_the_organisation():
    with time_machine.travel(datetime(2026, 12, 31, 20, 0, tzinfo=UTC), tick=False), override("zh-hans"):
        assert formats.day(date(2027, 1, 5)) == "01-05"
        assert formats.due(date(2027, 1, 1)).state == "today"
        asked = []
        context.set_zone(lambda: asked.append(1) or ZoneInfo("America/Los_Angeles"))
        assert formats.day(date(2027, 1, 5)) == "27-01-05"
        assert formats.due(date(2026, 12, 31)).state == "today"
        assert asked == [1]


def test_without_an_organisation_the_zone_is_the_current_one_of_django():
    context._zone.set(None)
    with timezone.override("America/Los_Angeles"):
        assert context.get_zone() == ZoneInfo("America/Los_Angeles")


def test_templates_have_the_filters_without_loading_them():
    template = engines["django"].from_string(
        "{{ amount|money }} {{ rate|percent:1 }} {{ day|due }} {% currency_symbol %}"
    )
    context = {"amount": Decimal("1860.00"), "rate": Decimal("0.1250"), "day": date(2026, 11, 21)}
    with override("en"):
        assert template.render(context) == "¥1.9K 12.5% 1 d overdue ¥"
