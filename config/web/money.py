"""Money and win rates: whole numbers in the database, Decimals in Python.

An amount is stored as cents, a win rate as ten-thousandths. Both fields derive from `models.Field`, not from an
integer field, so that unwrapped arithmetic (`F("amount") * 2`, `F("amount") * F("win_rate")`) raises FieldError
instead of silently giving cents. `Sum`, `Min`, `Max` and comparisons work; a product is `Weighted`. Django cuts what
`Avg` gives to the whole cent: divide a sum by a count in Python instead.
"""

import math
import re
from collections.abc import Callable
from contextvars import ContextVar
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from unicodedata import normalize

from django import forms
from django.core.exceptions import FieldError, ValidationError
from django.db import models
from django.db.models.expressions import Combinable
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

CENTS_MAX = 900_000_000_000_000
RATE_MAX = 10_000
BIGINT_MAX = 2**63 - 1
WIDE = Context(prec=60)
UNITS = {"万": 10**4, "亿": 10**8, "w": 10**4, "k": 10**3, "m": 10**6}
YUAN = "元"

PLAIN = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")
TYPED = re.compile(
    r"(?:[¥$€£]|rmb|cny)?\s*(?P<number>[+-]?([0-9]{1,3}(,[0-9]{3}){1,12}|[0-9]{1,40})(\.[0-9]{0,40})?)\s*(?P<unit>万|亿|[wkm])?\s*元?",
    re.IGNORECASE,
)

INVALID_AMOUNT = _("Enter an amount, for example 1,234.50.")
PLACES_AMOUNT = _("An amount has at most 2 decimal places.")
RANGE_AMOUNT = _("An amount lies between 0 and 9,000,000,000,000.")
INVALID_RATE = _("Enter a win rate between 0 and 1, for example 0.25.")
PLACES_RATE = _("A win rate has at most 4 decimal places.")
RANGE_RATE = _("A win rate lies between 0 and 1.")
INVALID_PERCENT = _("Enter a percentage, for example 25 or 12.5%.")
PLACES_PERCENT = _("A percentage has at most 2 decimal places.")
RANGE_PERCENT = _("A percentage lies between 0 and 100.")


# --- Whole numbers and Decimals ---------------------------------------------------------------


def from_cents(cents: int) -> Decimal:
    """The amount of so many cents, with exactly two places: 123450 -> Decimal("1234.50")."""
    return Decimal(cents).scaleb(-2)


def to_cents(value: Decimal | int | str, *, bounded: bool = True) -> int:
    """The cents of an amount given as Decimal, int (whole units) or plain string ("1234.5").

    Refuses floats, booleans, NaN, more than two places and, unless `bounded` is False, what lies outside
    0 … 9,000,000,000,000, with a ValidationError (codes: invalid, places, range).
    """
    cents = _scaled(value, 2, INVALID_AMOUNT, PLACES_AMOUNT)
    low, high = (0, CENTS_MAX) if bounded else (-BIGINT_MAX, BIGINT_MAX)
    if not low <= cents <= high:
        raise ValidationError(RANGE_AMOUNT, code="range")
    return cents


def from_ten_thousandths(rate: int) -> Decimal:
    """The win rate of so many ten-thousandths, with four places: 2500 -> Decimal("0.2500")."""
    return Decimal(rate).scaleb(-4)


def to_ten_thousandths(value: Decimal | int | str) -> int:
    """The ten-thousandths (0 … 10000) of a win rate between 0 and 1; a ValidationError as in `to_cents`."""
    rate = _scaled(value, 4, INVALID_RATE, PLACES_RATE)
    if not 0 <= rate <= RATE_MAX:
        raise ValidationError(RANGE_RATE, code="range")
    return rate


def weighted_cents(cents: int, rate: int) -> int:
    """Amount × rate in cents, half a cent up: `rate` is in ten-thousandths. The twin of `Weighted` in Python."""
    return (cents * rate + 5000) // 10000


def _scaled(value: Any, places: int, invalid: Any, too_many: Any) -> int:
    number = _decimal(value, invalid)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # _decimal lets only finite numbers through
    if exponent < -places:
        raise ValidationError(too_many, code="places")
    if number.adjusted() > 30:  # 10^1000000 has no business being written out
        return BIGINT_MAX + 1
    return int(number.scaleb(places, WIDE))


def _decimal(value: Any, invalid: Any) -> Decimal:
    if isinstance(value, str) and PLAIN.fullmatch(value.strip()):
        return Decimal(value.strip())
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite():
        return value
    raise ValidationError(invalid, code="invalid")


# --- Model fields -----------------------------------------------------------------------------

_SetT_contra = TypeVar("_SetT_contra", contravariant=True)
_GetT_co = TypeVar("_GetT_co", covariant=True)

if TYPE_CHECKING:  # the stubs make Field generic, and Optional where null=True; Django itself does not

    class _Field(models.Field[_SetT_contra, _GetT_co]): ...

else:

    class _Field(models.Field, Generic[_SetT_contra, _GetT_co]): ...


class _ScaledField(_Field[_SetT_contra, _GetT_co]):
    _pyi_private_set_type: str | int | Decimal | Combinable
    _pyi_private_get_type: Decimal
    _pyi_lookup_exact_type: str | int | Decimal

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        # An UPDATE asks no expression for its type: amount=F("amount") + 5 would add five cents.
        if hasattr(value, "as_sql") and not isinstance(value.output_field, type(self)):
            raise FieldError(f"{self.name} takes no expression of type {type(value.output_field).__name__}")
        return super().get_db_prep_save(value, connection)


class MoneyField(_ScaledField[_SetT_contra, _GetT_co]):
    """An amount, 0 … 9,000,000,000,000: bigint cents in the database, a Decimal with two places in Python.

    `total=True` lifts the range for stored sums of amounts and differences between them (nightly totals).
    """

    description = _("Amount")

    def __init__(self, *args: Any, total: bool = False, **kwargs: Any) -> None:
        self.total = total
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "total": True} if self.total else kwargs

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def db_check(self, connection: Any) -> str | None:
        if self.total:
            return None
        return f"{connection.ops.quote_name(self.column)} BETWEEN 0 AND {CENTS_MAX}"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else from_cents(value)

    def to_python(self, value: Any) -> Decimal | None:
        return None if value is None else from_cents(to_cents(value, bounded=False))

    @cached_property
    def validators(self) -> list[Any]:
        return [*super().validators, *([] if self.total else [validate_amount])]

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return None if value is None else to_cents(value, bounded=False)

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().formfield(**{"form_class": MoneyFormField, **kwargs})


class RateField(_ScaledField[_SetT_contra, _GetT_co]):
    """A win rate, 0 … 1: whole ten-thousandths in the database, a Decimal with four places in Python."""

    description = _("Win rate")

    def get_internal_type(self) -> str:
        return "SmallIntegerField"

    def db_check(self, connection: Any) -> str | None:
        return f"{connection.ops.quote_name(self.column)} BETWEEN 0 AND {RATE_MAX}"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else from_ten_thousandths(value)

    def to_python(self, value: Any) -> Decimal | None:
        return None if value is None else from_ten_thousandths(to_ten_thousandths(value))

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return None if value is None else to_ten_thousandths(value)

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().formfield(**{"form_class": RateFormField, **kwargs})


def validate_amount(value: Decimal) -> None:
    """A ValidationError (code: range) unless the amount lies between 0 and 9,000,000,000,000."""
    to_cents(value)


class Weighted(models.Func):
    """Amount × rate, rounded half up to the cent, in integer SQL: `Sum(Weighted("amount", "win_rate"))`.

    An empty amount weighs 0. Both arguments are names or expressions: a MoneyField, then a RateField.
    """

    arity = 2

    def __init__(self, amount: Any, rate: Any, **extra: Any) -> None:
        super().__init__(amount, rate, **{"output_field": MoneyField(), **extra})

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        amount, rate = (compiler.compile(source) for source in self.get_source_expressions())
        # The cast keeps PostgreSQL from multiplying two literals as 32-bit integers.
        sql = f"((COALESCE(CAST({amount[0]} AS BIGINT), 0) * {rate[0]} + 5000) / 10000)"
        return sql, [*amount[1], *rate[1]]


# --- Forms ------------------------------------------------------------------------------------


class _TypedNumberField(forms.Field):
    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": "decimal", "autocomplete": "off"}


class MoneyFormField(_TypedNumberField):
    """A text input for an amount: `1,234.50`, full-width digits, units 万 / 亿 / K / M, 元 behind it.

    Cleans to Decimal or None.
    """

    widget = forms.TextInput

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        return from_cents(to_cents(_typed_amount(value) if isinstance(value, str) else value))

    def prepare_value(self, value: Any) -> Any:
        return f"{value:,.2f}".removesuffix(".00") if isinstance(value, Decimal) else value


class RateFormField(_TypedNumberField):
    """A text input for a win rate in percent: `25`, `12.5%`. Cleans to a Decimal between 0 and 1, or None."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        number = normalize("NFKC", str(value)).strip().removesuffix("%").rstrip()
        hundredths = _scaled(number, 2, INVALID_PERCENT, PLACES_PERCENT)
        if not 0 <= hundredths <= RATE_MAX:
            raise ValidationError(RANGE_PERCENT, code="range")
        return from_ten_thousandths(hundredths)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        percent = f"{value * 100:.2f}"
        return percent.rstrip("0").rstrip(".")


def _typed_amount(text: str) -> Decimal:
    match = TYPED.fullmatch(normalize("NFKC", text).replace("−", "-").strip())
    if match is None:
        raise ValidationError(INVALID_AMOUNT, code="invalid")
    number = Decimal(match["number"].replace(",", ""))
    if not match["unit"]:
        return number
    with localcontext(prec=100):
        product = (number * UNITS[match["unit"].lower()]).normalize()
        return product.quantize(Decimal(1)) if product == product.to_integral_value() else product


# --- API --------------------------------------------------------------------------------------

if TYPE_CHECKING:
    _SerializerField = serializers.Field[Decimal, Any, Any, Any]
else:
    _SerializerField = serializers.Field


@extend_schema_field({"type": "string", "format": "decimal", "pattern": r"^[0-9]{1,13}(\.[0-9]{1,2})?$"})
class MoneySerializerField(_SerializerField):
    """An amount in the API: a string with two places out; a plain string or a number in."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": INVALID_AMOUNT}

    def to_internal_value(self, data: Any) -> Decimal:
        return from_cents(_api_number(self, to_cents, data))

    def to_representation(self, value: Any) -> str:
        return f"{value:.2f}"


@extend_schema_field({"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 0.0001})
class RateSerializerField(_SerializerField):
    """A win rate in the API: a JSON number 0 … 1 with at most four places, both ways."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": INVALID_RATE}

    def to_internal_value(self, data: Any) -> Decimal:
        return from_ten_thousandths(_api_number(self, to_ten_thousandths, data))

    def to_representation(self, value: Any) -> float:
        return float(value)


serializers.ModelSerializer.serializer_field_mapping |= {
    MoneyField: MoneySerializerField,
    RateField: RateSerializerField,
}


def _api_number(field: Any, convert: Callable[[Any], int], data: Any) -> int:
    if isinstance(data, float):  # JSON has no decimals: take the number as it was written
        data = Decimal(repr(data)) if math.isfinite(data) else ""
    try:
        return convert(data)
    except ValidationError as error:
        raise serializers.ValidationError(error.messages, code=error.code) from error


# --- The organisation's currency --------------------------------------------------------------

_currency: ContextVar[str | Callable[[], str]] = ContextVar("currency", default="CNY")


def set_currency(code: str | Callable[[], str]) -> None:
    """Set the ISO code that amounts are shown in from now on in this thread: a code, or a callable asked once."""
    _currency.set(code)


def get_currency() -> str:
    """The ISO code of the currency that amounts are shown in; CNY when nobody has set one."""
    code = _currency.get()
    if callable(code):
        code = code()
        _currency.set(code)
    return code
