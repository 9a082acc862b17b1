"""What the dashboard's addresses may ask for."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.calendar import Period
from accounts.selectors import calendar, today
from pipeline.charts import ORDER

EARLIEST = date(1990, 1, 1)


def _day(label: Any, required: bool = False) -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}))


def _refuse_far(value: date | None) -> date | None:
    if value is not None and not EARLIEST <= value <= today():
        raise forms.ValidationError(_("Choose a day between 1990 and today."))
    return value


class DashboardForm(forms.Form):
    """As of which day, and how far the waterfall looks back."""

    as_of = _day(_("As of"))
    days = forms.TypedChoiceField(choices=[(7, "7"), (28, "28")], coerce=int, empty_value=28, required=False)  # type: ignore[arg-type]

    def clean_as_of(self) -> date | None:
        return _refuse_far(self.cleaned_data["as_of"])


class RowsForm(forms.Form):
    """Which rows: those open (of a stage; the unassessed), those booked in a period, those of a waterfall's bar."""

    as_of = _day(_("As of"))
    stage = forms.SlugField(required=False, max_length=64)
    unassessed = forms.BooleanField(required=False)
    period = forms.CharField(required=False, max_length=20)
    bar = forms.ChoiceField(choices=[(name, name) for name in ORDER], required=False)
    since = _day(_("From"))
    until = _day(_("To"))

    def clean_as_of(self) -> date | None:
        return _refuse_far(self.cleaned_data["as_of"])

    def clean_since(self) -> date | None:
        return _refuse_far(self.cleaned_data["since"])

    def clean_until(self) -> date | None:
        return _refuse_far(self.cleaned_data["until"])

    def clean_period(self) -> Period | None:
        text = self.cleaned_data["period"]
        try:
            return calendar().parse_period(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(_("There is no such period.")) from error
