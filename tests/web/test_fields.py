"""Amounts and days as people type them into a field."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from config.web.fields import AmountField, DayField

pytestmark = pytest.mark.anywhere


def amount(typed, unit):
    field = AmountField()
    return field.clean(field.widget.value_from_datadict({"amount": typed, "amount_unit": unit}, {}, "amount"))


@pytest.mark.parametrize(
    ("typed", "unit", "meant"),
    [
        ("120", "万", "1200000.00"),
        ("１２０", "万", "1200000.00"),
        ("120万元", "万", "1200000.00"),
        ("120 万", "K", "1200000.00"),
        ("120w", "万", "1200000.00"),
        ("1200000元", "万", "1200000.00"),
        ("1.2亿元", "万", "120000000.00"),
        ("860", "K", "860000.00"),
    ],
)
def test_an_amount_with_and_without_its_unit(typed, unit, meant):
    assert repr(amount(typed, unit)) == f"Decimal('{meant}')"


def test_what_is_no_amount_is_answered_with_one_in_the_language_s_unit():
    for language, example in (("en", "860K"), ("zh-hans", "120 万")):
        with translation.override(language), pytest.raises(ValidationError, match=example):
            amount("about a hundred", "K")


@pytest.mark.parametrize(
    "typed", ["2026-11-03", "2026/11/3", "2026.11.03", "2026年11月3日", "２０２６年１１月３日", " 2026 年 11 月 3 日 "]
)
def test_a_day_as_it_is_written(typed):
    assert DayField().clean(typed) == date(2026, 11, 3)


@pytest.mark.parametrize(
    "typed", ["11月3日", "2026年13月3日", "2026/2/30", "3/11/2026", "2026年11月", "明天", "1850-01-01"]
)
def test_what_is_no_day_is_refused(typed):
    with pytest.raises(ValidationError):
        DayField().clean(typed)
