"""The shared form fields, under the name by which opportunities' forms know them."""

from config.web.fields import (
    TYPED_UNITS,
    AmountField,
    AmountInput,
    DayField,
    DayInput,
    PickerField,
    amount_unit,
    in_unit,
    typed_amount,
)

__all__ = [
    "TYPED_UNITS",
    "AmountField",
    "AmountInput",
    "DayField",
    "DayInput",
    "PickerField",
    "amount_unit",
    "in_unit",
    "typed_amount",
]
