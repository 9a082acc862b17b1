"""A moment that is typed on the organisation's clock."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.selectors import calendar
from opportunities.forms.fields import DayField

FORMAT = "%Y-%m-%dT%H:%M"


class MomentInput(forms.DateTimeInput):
    """The browser's own field for day and time, in steps of a minute."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format=FORMAT)


class LocalMomentField(forms.DateTimeField):
    """A day and a time of the organisation's zone; in Python an aware moment."""

    widget = MomentInput
    default_error_messages = {  # noqa: RUF012
        "invalid": _("Enter a day and a time, for example 2026-11-30 14:00."),
    }

    def to_python(self, value: Any) -> datetime | None:
        """The moment; ValidationError for what is none, or for a year outside of those a sale may have."""
        if value in self.empty_values:
            return None
        text = str(value).strip().replace(" ", "T")
        try:
            wall = datetime.fromisoformat(text)
        except ValueError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
        if wall.tzinfo is not None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        DayField().clean(wall.date().isoformat())
        return calendar().moment(wall)

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(calendar().tz).strftime(FORMAT) if isinstance(value, datetime) else value
