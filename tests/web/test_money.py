"""Money and win rates: from what people type to whole numbers in the database and back."""

import importlib
import json
import threading
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django import forms
from django.core.exceptions import FieldError, ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.writer import MigrationWriter
from django.db.models import Case, Count, F, Max, Q, Sum, Value, When
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from config.web import money
from config.web.money import MoneyField, MoneyFormField, RateField, RateFormField, Weighted, to_cents, weighted_cents

MAX = Decimal("9000000000000.00")

with isolate_apps("config.web"):

    class Deal(models.Model):
        amount = MoneyField("amount", null=True, blank=True)
        win_rate = RateField("win rate", default=Decimal("0.5"))
        change = MoneyField(total=True, default=Decimal(0))

        class Meta:
            app_label = "web"

        def __str__(self):
            return str(self.amount)


@pytest.fixture(scope="module")
def _table(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Deal)
        yield
        with connection.schema_editor() as editor:
            editor.delete_model(Deal)


@pytest.fixture
def deals(_table, db):
    return Deal.objects


class DealSerializer(serializers.ModelSerializer):
    class Meta:
        model = Deal
        fields = ("amount", "win_rate")


def codes(error):
    return [each.code for each in error.value.error_list]


# --- Conversion -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "cents"),
    [
        (Decimal("1234.5"), 123450),
        (Decimal("1E+3"), 100000),
        ("1234.50", 123450),
        (" 7 ", 700),
        (12, 1200),
        (0, 0),
        (Decimal("0.00"), 0),
        (MAX, 900_000_000_000_000),
        ("9000000000000", 900_000_000_000_000),
    ],
)
def test_an_amount_becomes_cents(value, cents):
    assert to_cents(value) == cents
    assert money.from_cents(cents) == Decimal(str(value).strip())


def spoken(value):
    """A short name for a value, the same in every process."""
    if type(value) is object:
        return "object"
    return repr(value)[:30] if not isinstance(value, int) or abs(value) < 10**30 else "huge"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        *[(value, "invalid") for value in (1.5, 0.0, True, False, None, [], b"1", object(), Decimal("NaN"))],
        *[(value, "invalid") for value in (Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity"))],
        *[(value, "invalid") for value in ("", " ", "abc", "1e20", "NaN", "inf", "1,234.50", "1_000", "0x1", "１２")],
        *[(value, "invalid") for value in ("1\x00", "1\n2", "1.", ".5", "1.2.3", "--1", "9" * 41)],
        *[(value, "places") for value in ("0.001", "1.230", Decimal("0.005"), Decimal("1E-1000000"))],
        *[(value, "range") for value in (-1, "-0.01", "9000000000000.01", Decimal("1E+20"), 10**20, 10**5000)],
        *[(value, "range") for value in (Decimal("1E+1000000"), Decimal("-1E+400"), "9" * 40)],
    ],
    ids=spoken,
)
def test_what_is_no_amount_is_refused(value, code):
    with pytest.raises(ValidationError) as error:
        to_cents(value)
    assert codes(error) == [code]


def test_totals_may_be_negative_and_large_but_fit_the_column():
    assert to_cents("-0.01", bounded=False) == -1
    assert to_cents("92233720368547758.07", bounded=False) == 2**63 - 1
    for value in ("92233720368547758.08", "-92233720368547758.08", Decimal("1E+999999"), Decimal("-1E+999999")):
        with pytest.raises(ValidationError):
            to_cents(value, bounded=False)


@given(st.integers(0, 900_000_000_000_000))
def test_cents_survive_the_way_there_and_back(cents):
    amount = money.from_cents(cents)
    assert amount.as_tuple().exponent == -2
    assert to_cents(amount) == to_cents(str(amount)) == to_cents(f"{amount:f}") == cents
    assert MoneyFormField().clean(MoneyFormField().prepare_value(amount)) == amount


@given(st.integers(0, 900_000_000_000_000), st.integers(0, 10_000))
def test_half_a_cent_rounds_up(cents, rate):
    exact = Decimal(cents) * rate / 10000
    assert weighted_cents(cents, rate) == exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)


# --- The columns ------------------------------------------------------------------------------


def test_columns_hold_whole_numbers(deals):
    deal = deals.create(amount=Decimal("1234.50"), win_rate=Decimal("0.25"), change=Decimal("-0.01"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT amount, win_rate, change FROM web_deal")
        assert cursor.fetchall() == [(123450, 2500, -1)]
        types = {
            column.name: connection.introspection.get_field_type(column.type_code, column)
            for column in connection.introspection.get_table_description(cursor, "web_deal")
        }
    assert (types["amount"], types["win_rate"]) == ("BigIntegerField", "SmallIntegerField")
    deal.refresh_from_db()
    assert repr((deal.amount, deal.win_rate)) == "(Decimal('1234.50'), Decimal('0.2500'))"


@pytest.mark.parametrize(
    "row", [{"amount": Decimal("-0.01")}, {"amount": MAX + Decimal("0.01")}], ids=["negative", "too much"]
)
def test_the_database_refuses_amounts_outside_the_range(deals, row):
    with pytest.raises(IntegrityError), transaction.atomic():
        deals.create(**row)


def test_the_database_refuses_rates_outside_the_range(deals):
    deal = deals.create(win_rate=1)
    for rate in (-1, 10_001):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE web_deal SET win_rate = %s WHERE id = %s", [rate, deal.pk])


@pytest.mark.parametrize("value", [1.5, True, "abc", "1e20", Decimal("NaN"), Decimal("0.001")])
def test_nothing_but_an_amount_is_written_or_compared(deals, value):
    with pytest.raises(ValidationError):
        deals.create(amount=value)
    with pytest.raises(ValidationError):
        deals.filter(amount=value).exists()


def test_full_clean_names_the_field_and_the_fault():
    for values, expected in (
        ({"amount": "-1"}, {"amount": ["range"]}),
        ({"amount": MAX + 1}, {"amount": ["range"]}),
        ({"amount": "x", "win_rate": "1.1"}, {"amount": ["invalid"], "win_rate": ["range"]}),
        ({"win_rate": Decimal("0.12345")}, {"win_rate": ["places"]}),
        ({"win_rate": 0.5}, {"win_rate": ["invalid"]}),
        ({"win_rate": None}, {"win_rate": ["null"]}),
    ):
        with pytest.raises(ValidationError) as error:
            Deal(**values).full_clean()
        assert {name: [each.code for each in found] for name, found in error.value.error_dict.items()} == expected
    deal = Deal(amount="12.5", win_rate="0.3", change="-7")
    deal.full_clean()
    assert (deal.amount, deal.win_rate, deal.change) == (Decimal("12.50"), Decimal("0.3000"), Decimal("-7.00"))


def test_reading_and_comparing_in_units(deals):
    for amount in ("0.01", "100.00", "250.50", None):
        deals.create(amount=amount)
    assert deals.filter(amount__gte=100).count() == deals.filter(amount__gt=Decimal("99.99")).count() == 2
    assert deals.filter(amount__in=["0.01", Decimal("250.5")]).count() == 2
    assert deals.filter(amount__range=(1, 100)).get().amount == Decimal(100)
    assert deals.filter(amount=None).count() == 1
    assert list(deals.order_by("-amount").exclude(amount=None).values_list("amount", flat=True)) == [
        Decimal("250.50"),
        Decimal("100.00"),
        Decimal("0.01"),
    ]


def test_sums_are_exact_amounts(deals):
    deals.bulk_create(Deal(amount=Decimal("0.10"), win_rate=Decimal("0.1")) for _ in range(30))
    deals.create(amount=MAX)
    answer = deals.aggregate(
        total=Sum("amount"),
        most=Max("amount"),
        none=Sum("amount", filter=Q(pk=0)),
        nothing=Sum("amount", filter=Q(pk=0), default=Decimal(0)),
    )
    assert answer == {"total": Decimal("9000000000003.00"), "most": MAX, "none": None, "nothing": Decimal(0)}
    assert repr(answer["total"]) == "Decimal('9000000000003.00')"
    grouped = deals.values("win_rate").annotate(n=Count("pk"), total=Sum("amount")).order_by("win_rate")
    assert [tuple(row.values()) for row in grouped] == [
        (Decimal("0.1"), 30, Decimal("3.00")),
        (Decimal("0.5"), 1, MAX),
    ]


@pytest.mark.parametrize(
    "expression",
    [
        F("amount") * F("win_rate"),
        F("amount") * 2,
        F("amount") + 5,
        F("amount") - F("change"),
        F("amount") / Value(100),
    ],
    ids=str,
)
def test_unwrapped_arithmetic_fails(deals, expression):
    deals.create(amount=Decimal(1))
    for use in (
        lambda: list(deals.annotate(result=expression).values("result")),
        lambda: deals.aggregate(result=Sum(expression)),
        lambda: deals.update(amount=expression),
        lambda: deals.create(amount=Value(5)),
    ):
        with pytest.raises(FieldError), transaction.atomic():
            use()
    assert deals.get().amount == Decimal(1)


def test_bulk_updates_and_conditional_money(deals):
    first, second = deals.bulk_create([Deal(amount=Decimal(1)), Deal(amount=Decimal(2))])
    first.amount, second.amount = Decimal("3.50"), None
    deals.bulk_update([first, second], ["amount"])
    assert list(deals.order_by("pk").values_list("amount", flat=True)) == [Decimal("3.50"), None]
    deals.filter(pk=first.pk).update(change=F("amount"))
    shown = Case(When(pk=first.pk, then=F("change")), default=Value(Decimal(9), output_field=MoneyField()))
    assert list(deals.order_by("pk").values_list(shown, flat=True)) == [Decimal("3.50"), Decimal("9.00")]


# --- Weighted ---------------------------------------------------------------------------------

WEIGHTED = [
    ("0.01", "0.5", "0.01"),
    ("0.01", "0.4999", "0.00"),
    ("0.03", "0.5", "0.02"),
    ("1234.57", "0.25", "308.64"),
    ("9000000000000.00", "1", "9000000000000.00"),
    ("8999999999999.99", "0.9999", "8999099999999.99"),
    ("1.00", "0", "0.00"),
    (None, "0.5", "0.00"),
]


@pytest.mark.parametrize(("amount", "rate", "expected"), WEIGHTED)
def test_weighted_is_the_same_in_sql_and_in_python(deals, amount, rate, expected):
    deals.create(amount=amount, win_rate=Decimal(rate))
    row = deals.annotate(weighted=Weighted("amount", "win_rate")).get()
    assert row.weighted == Decimal(expected)
    assert row.weighted.as_tuple().exponent == -2
    assert weighted_cents(to_cents(amount or 0), money.to_ten_thousandths(rate)) == to_cents(expected)


def test_weighted_rounds_each_row_and_then_adds_up(deals):
    deals.bulk_create(Deal(amount=Decimal("0.01"), win_rate=Decimal("0.5")) for _ in range(3))
    assert deals.aggregate(total=Sum(Weighted("amount", "win_rate")))["total"] == Decimal("0.03")


def test_weighted_takes_expressions_and_small_literals_do_not_overflow(deals):
    deals.create(amount=Decimal(5))
    amount = Value(Decimal("20000000.00"), output_field=MoneyField())
    rate = Case(When(pk=0, then=F("win_rate")), default=Value(Decimal("0.3"), output_field=RateField()))
    assert deals.annotate(weighted=Weighted(amount, rate)).get().weighted == Decimal("6000000.00")
    assert deals.filter(pk__gt=0).annotate(weighted=Weighted("amount", "win_rate")).filter(weighted=Decimal("2.5"))


# --- Migrations -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field", [MoneyField(null=True), MoneyField(total=True, default=Decimal(0)), RateField(default=Decimal("0.1"))]
)
def test_fields_are_written_into_migrations_and_read_back(field):
    name, path, args, kwargs = field.deconstruct()
    module, _dot, class_name = path.rpartition(".")
    again = getattr(importlib.import_module(module), class_name)(*args, **kwargs)
    assert again.deconstruct() == (name, path, args, kwargs)
    assert kwargs.get("total", False) == getattr(field, "total", False)
    assert f"config.web.money.{type(field).__name__}(" in MigrationWriter.serialize(field)[0]


# --- Forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1234.5", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1,234,567", "1234567.00"),
        ("¥ 1,860万", "18600000.00"),
        ("￥１，８６０．５万", "18605000.00"),
        ("１２３４", "1234.00"),
        ("1.28亿", "128000000.00"),
        ("1.2345亿", "123450000.00"),
        ("0.000001万", "0.01"),
        ("860K", "860000.00"),
        ("18.6m", "18600000.00"),
        ("18.6 Ｍ", "18600000.00"),
        ("120万元", "1200000.00"),
        ("１２０ 万元", "1200000.00"),
        ("120w", "1200000.00"),
        ("1200000元", "1200000.00"),
        ("RMB 1.2亿元", "120000000.00"),
        ("5.", "5.00"),
        (" 0 ", "0.00"),
        ("9万亿", None),
        ("9000000M", "9000000000000.00"),
    ],
)
def test_an_amount_as_people_type_it(typed, amount):
    field = MoneyFormField()
    if amount is None:
        pytest.raises(ValidationError, field.clean, typed)
    else:
        assert repr(field.clean(typed)) == f"Decimal('{amount}')"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        *[(typed, "invalid") for typed in ("abc", "1,23", "1,2345", "12,34.5", "1e20", "NaN", "Infinity", "1 2", "万")],
        *[(typed, "invalid") for typed in ("1\x00", "1T", "1%", "😀", "<b>1</b>", "1;DROP", "9" * 41, "1" * 10_000)],
        *[(typed, "places") for typed in ("0.001", "1.005", "0.0000001万", f"1.{'0' * 38}1万", "0.000001K")],
        *[(typed, "range") for typed in ("-1", "\u22121", "9000000000000.01", "90001亿", "9" * 40)],
        *[(typed, "required") for typed in ("", None)],
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_people_type_wrongly_is_refused(typed, code):
    with pytest.raises(ValidationError) as error:
        MoneyFormField().clean(typed)
    assert codes(error) == [code]


def test_an_amount_input_shows_what_it_takes_and_knows_whether_it_changed():
    class Form(forms.Form):
        amount = MoneyFormField(required=False)
        win_rate = RateFormField(required=False)

    form = Form(initial={"amount": Decimal("18600000.00"), "win_rate": Decimal("0.1250")})
    assert 'type="text"' in str(form["amount"])
    assert 'inputmode="decimal"' in str(form["amount"])
    assert 'value="18,600,000"' in str(form["amount"])
    assert 'value="12.5"' in str(form["win_rate"])
    assert 'value="1,860万x"' in str(Form({"amount": "1,860万x"})["amount"])
    assert not Form({"amount": "1,860万", "win_rate": "12.5%"}, initial=form.initial).has_changed()
    assert Form({"amount": "", "win_rate": "12.5"}, initial=form.initial).changed_data == ["amount"]
    assert Form({"amount": "", "win_rate": ""}).is_valid()


@pytest.mark.parametrize(
    ("typed", "rate"),
    [("25", "0.2500"), ("12.5%", "0.1250"), ("１２．５％", "0.1250"), ("0.01 %", "0.0001"), ("100", "1.0000")],
)
def test_a_win_rate_is_typed_in_percent(typed, rate):
    assert repr(RateFormField().clean(typed)) == f"Decimal('{rate}')"
    assert RateFormField().clean(RateFormField().prepare_value(Decimal(rate))) == Decimal(rate)


@pytest.mark.parametrize(
    ("typed", "code"), [("101", "range"), ("-1", "range"), ("0.001", "places"), ("abc", "invalid"), ("%", "invalid")]
)
def test_what_is_no_percentage_is_refused(typed, code):
    with pytest.raises(ValidationError) as error:
        RateFormField().clean(typed)
    assert codes(error) == [code]


def test_model_forms_use_the_fields():
    form = forms.modelform_factory(Deal, fields=["amount", "win_rate"])({"amount": "1.5万", "win_rate": "30"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"amount": Decimal("15000.00"), "win_rate": Decimal("0.3000")}


# --- API --------------------------------------------------------------------------------------


def test_the_api_writes_amounts_as_strings_and_rates_as_numbers():
    rows = [Deal(amount=Decimal("1E+3"), win_rate=Decimal("0.1")), Deal(amount=None, win_rate=Decimal("1.0000"))]
    rows.append(Deal(amount=MAX, win_rate=Decimal("0.1234")))
    assert JSONRenderer().render(DealSerializer(rows, many=True).data).decode() == (
        '[{"amount":"1000.00","win_rate":0.1},{"amount":null,"win_rate":1.0},'
        '{"amount":"9000000000000.00","win_rate":0.1234}]'
    )


@pytest.mark.parametrize(
    ("body", "amount"),
    [('"1234.5"', "1234.50"), ("1234.5", "1234.50"), ("0.29", "0.29"), ("12", "12.00"), ("9000000000000.0", str(MAX))],
)
def test_the_api_takes_strings_and_numbers(body, amount):
    serializer = DealSerializer(data=json.loads(f'{{"amount": {body}, "win_rate": 0.3}}'))
    assert serializer.is_valid(), serializer.errors
    assert serializer.validated_data["amount"] == Decimal(amount)
    assert serializer.validated_data["win_rate"] == Decimal("0.3000")


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        *[(amount, "invalid") for amount in ("1,234.50", "1万", "abc", True, [], {}, float("nan"), float("inf"), "")],
        *[(amount, "places") for amount in (0.1 + 0.2, "0.001", 1e-7)],
        *[(amount, "range") for amount in (-1, "-0.01", 1e20, 10**20, 9000000000000.01)],
    ],
    ids=repr,
)
def test_the_api_refuses_what_is_no_amount(amount, code):
    serializer = DealSerializer(data={"amount": amount, "win_rate": 0.3})
    assert not serializer.is_valid()
    assert [(name, [each.code for each in found]) for name, found in serializer.errors.items()] == [("amount", [code])]


@pytest.mark.parametrize("rate", [1.1, -0.1, "25%", 0.12345, True, None])
def test_the_api_refuses_what_is_no_rate(rate):
    serializer = DealSerializer(data={"win_rate": rate})
    assert not serializer.is_valid()
    assert list(serializer.errors) == ["win_rate"]


# --- The currency -----------------------------------------------------------------------------


def test_the_currency_is_asked_for_once_and_only_in_its_own_thread():
    asked = []

    def ask():
        asked.append(1)
        return "EUR"

    token = money._currency.set("CNY")
    try:
        money.set_currency(ask)
        assert not asked
        assert [money.get_currency(), money.get_currency()] == ["EUR", "EUR"]
        assert asked == [1]
        elsewhere = []
        thread = threading.Thread(target=lambda: elsewhere.append(money.get_currency()))
        thread.start()
        thread.join()
        assert elsewhere == ["CNY"]
    finally:
        money._currency.reset(token)
