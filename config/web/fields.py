"""Form fields and widgets that the apps share: amounts in 万 or K, days, rows chosen in a search box."""

import re
from datetime import date
from decimal import Decimal
from typing import Any
from unicodedata import normalize

from django import forms
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from config.web.money import UNITS, YUAN, MoneyFormField
from config.web.templatetags.formats import language

TYPED_UNITS = {"zh": "万", "en": "K"}
FIRST_YEAR, LAST_YEAR = 1970, 2199
WRITTEN_DAY = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?")


def amount_unit() -> str:
    """The unit in which amounts are typed in the active language: 万 or K."""
    return TYPED_UNITS[language()]


def in_unit(amount: Decimal, unit: str) -> str:
    """An amount as a person types it in `unit`, exactly: 6400000 in 万 is 640."""
    number = (amount / UNITS[unit.lower()]).normalize()
    return f"{number:f}"


def typed_amount(amount: Decimal | None) -> str:
    """An amount as text that says its unit, so that it means the same in either language: 640万."""
    return "" if amount is None else in_unit(amount, amount_unit()) + amount_unit()


def says_unit(text: str) -> bool:
    """Whether what was typed says its unit itself, so that none is put behind it: 1.2亿, 120万元, 3M, 1200000元."""
    return text.strip()[-1:].lower() in {*UNITS, YUAN}


class AmountInput(forms.TextInput):
    """A number; its unit is posted with it, so that a switch of language meanwhile changes no amount."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        number = super().render(name, value, attrs, renderer)
        return format_html('{}<input type="hidden" name="{}_unit" value="{}">', number, name, amount_unit())

    def format_value(self, value: Any) -> str | None:
        return None if value is None else str(value).removesuffix(amount_unit())

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        text = (data.get(name) or "").strip()
        if not text or says_unit(text):
            return text
        unit = data.get(f"{name}_unit", "")
        return text + (unit if unit in TYPED_UNITS.values() else amount_unit())


class HiddenAmount(forms.HiddenInput):
    """An amount that says its unit."""

    def format_value(self, value: Any) -> str | None:
        text = "" if value is None else str(value)
        return text if not text or says_unit(text) else text + amount_unit()


class AmountField(MoneyFormField):
    """An amount typed in 万 (Chinese) or K (English); one that names a unit (¥3M, 1.2亿) is taken as it stands."""

    widget = AmountInput
    hidden_widget = HiddenAmount
    default_error_messages = {"invalid": _("Enter an amount, for example 860K or 1.2M.")}  # noqa: RUF012

    @property
    def unit(self) -> str:
        """The unit that stands beside the field: 万 or K."""
        return amount_unit()

    def to_python(self, value: Any) -> Decimal | None:
        try:
            return super().to_python(value)
        except forms.ValidationError as error:
            if error.code != "invalid":
                raise
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error

    def prepare_value(self, value: Any) -> Any:
        return in_unit(value, amount_unit()) if isinstance(value, Decimal) else value


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day of the years 1970 to 2199: what lies outside is a slip of the finger.

    Where the browser has no field for days it is typed: 2026-11-30, 2026/11/30, 2026年11月30日, in either width.
    """

    widget = DayInput
    default_error_messages = {  # noqa: RUF012
        "invalid": _("Enter a date, for example 2026-11-30."),
        "range": _("Enter a date between 1970 and 2199."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **options)

    def to_python(self, value: Any) -> date | None:
        written = WRITTEN_DAY.fullmatch(normalize("NFKC", value).strip()) if isinstance(value, str) else None
        day = super().to_python("{}-{:0>2}-{:0>2}".format(*written.groups()) if written else value)
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError(self.error_messages["range"], code="range")
        return day


def _address(url: str, query: str) -> str:
    return f"{reverse(url)}?{query}" if query else reverse(url)


class PickerSelect(forms.Select):
    """A select that `pickers.js` turns into a search box; without script a line to type the key or login name into."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        drawn = super().render(name, value, attrs, renderer)
        line = '{}<noscript><input class="form-control" type="text" name="{}" value="{}" maxlength="200"></noscript>'
        return format_html(line, drawn, name, "" if value is None else value)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name)


class PickerField(forms.ModelChoiceField):
    """A row chosen in a search box; the page holds the chosen one alone, never the whole list.

    `url` names the view that searches; rows come by key, people by login name. A row outside `queryset` is refused
    with the same words whether it is hidden or not there.
    """

    widget = PickerSelect

    def __init__(self, *, url: str, query: str = "", **options: Any) -> None:
        options.setdefault("to_field_name", "key")
        options.setdefault("empty_label", "—")
        super().__init__(**options)
        self.widget.attrs["data-picker"] = lazy(_address, str)(url, query)
        self.offer(None)

    def search_in(self, url: str, query: str) -> None:
        """Search at another address."""
        self.widget.attrs["data-picker"] = _address(url, query)

    def offer(self, row: Any) -> None:
        """Make `row` the one choice that the page holds."""
        chosen = [] if row is None else [(self.prepare_value(row), str(row))]
        self.choices = [("", self.empty_label or ""), *chosen]

    def offer_posted(self, value: Any) -> None:
        """Make what was posted the one choice, so that a refused form comes back with it."""
        try:
            self.offer(self.to_python(value))
        except forms.ValidationError:
            self.offer(None)


class PickManySelect(PickerSelect, forms.SelectMultiple):
    """A select of several that `pickers.js` turns into a search box; without script a line of names with commas."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        drawn = forms.SelectMultiple.render(self, name, value, attrs, renderer)
        line = '{}<noscript><input class="form-control" type="text" name="{}" value="{}" maxlength="1000"></noscript>'
        return format_html(line, drawn, name, ", ".join(value or []))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        given = data.getlist(name) if hasattr(data, "getlist") else data.get(name) or []
        parts = [part.strip() for text in given for part in text.replace("，", ",").split(",")]
        return list(dict.fromkeys(part for part in parts if part))


class PickManyField(forms.ModelMultipleChoiceField):
    """Several rows chosen in a search box; see PickerField."""

    widget = PickManySelect

    def __init__(self, *, url: str, query: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.widget.attrs["data-picker"] = lazy(_address, str)(url, query)
        self.choices = []
        self.posted: tuple[Any, Any] | None = None

    def search_in(self, url: str, query: str) -> None:
        """Search at another address."""
        self.widget.attrs["data-picker"] = _address(url, query)

    def offer_rows(self, rows: Any) -> None:
        """Make these the choices that the page holds."""
        self.choices = [(self.prepare_value(row), str(row)) for row in rows]

    def offer_posted(self, values: Any) -> None:
        """Make the rows that were posted the choices that the page holds."""
        try:
            rows = self.clean(values) if values else self.queryset.none()  # type: ignore[union-attr]
        except forms.ValidationError:
            rows = self.queryset.none()  # type: ignore[union-attr]
        else:
            self.posted = (values, rows)
        self.offer_rows(rows)

    def clean(self, value: Any) -> Any:
        """The rows; those that `offer_posted` has read already are not asked for again."""
        if value and self.posted is not None and self.posted[0] == value:
            return self.posted[1]
        return super().clean(value)
