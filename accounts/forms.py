"""Forms of accounts: they parse and check; the actions write."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_name
from django import forms
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy, to_locale
from django.utils.translation import gettext as _

from accounts.form_pages import RevisedForm
from accounts.models import AccessToken, Kind, NotificationPreference, Organisation, OutboxMessage, User
from accounts.selectors import calendar, today
from config.web.fields import DayField


class ProfileForm(RevisedForm):
    """What a person says of themselves."""

    class Meta:
        model = User
        fields = ["name", "email", "language", "theme", "shortcuts"]
        help_texts = {  # noqa: RUF012
            "email": gettext_lazy("The link for a new password is sent there."),
            "shortcuts": gettext_lazy("Single keys such as / and ? work while nothing is being typed."),
        }


class TokenForm(forms.Form):
    """A new API token; it works until the end of its last day."""

    name = forms.CharField(
        label=pgettext_lazy("token", "Name"),
        max_length=100,
        help_text=gettext_lazy("What uses it, for example: nightly report."),
    )
    scope = forms.ChoiceField(label=gettext_lazy("It may"), choices=AccessToken.Scope.choices, initial="read")
    last_day = DayField(
        label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Left empty, it works until revoked.")
    )

    def changes(self) -> dict[str, Any]:
        """What `tokens.create_token` takes."""
        last = self.cleaned_data["last_day"]
        expires_at = calendar().end_of_day(last) if last else None
        return {"name": self.cleaned_data["name"], "scope": self.cleaned_data["scope"], "expires_at": expires_at}

    def clean_last_day(self) -> Any:
        day = self.cleaned_data["last_day"]
        if day is not None and day < today():
            raise forms.ValidationError(_("This day has passed."))
        return day


class NothingForm(forms.Form):
    """A question: there is nothing to fill in."""


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    """Appearance, changed from anywhere; only what is sent is set."""

    class Meta:
        model = User
        fields = ["language", "theme", "rail", "shortcuts"]


def currencies(present: str = "") -> list[tuple[str, str]]:
    """Currencies in use somewhere today, and the present one: code and name in the reader's language."""
    used = get_global("territory_currencies").values()
    codes = {code for rows in used for code, _since, until, tender in rows if until is None and tender} | {present}
    locale = Locale.parse(to_locale(get_language() or "en"))
    return [(code, f"{code} · {get_currency_name(code, locale=locale)}") for code in sorted(codes - {""})]


@cache
def time_zones() -> list[tuple[str, str]]:
    """The IANA zones that are named after places, and UTC."""
    names = sorted(name for name in available_timezones() if name.split("/")[0] in CONTINENTS)
    return [(name, name.replace("_", " ")) for name in ["UTC", *names]]


CONTINENTS = {
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
}  # fmt: skip


class OrganisationForm(RevisedForm):
    """What an administrator says of the company."""

    currency = forms.TypedChoiceField(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("The unit of every amount. Nothing is ever converted."),
    )
    timezone = forms.TypedChoiceField(
        label=gettext_lazy("Time zone"), help_text=gettext_lazy("When a day begins, in every figure."),
    )  # fmt: skip
    fiscal_year_start_month = forms.TypedChoiceField(
        label=gettext_lazy("First month of the fiscal year"), choices=list(MONTHS.items()), coerce=int,
        help_text=gettext_lazy("Quarters and years of every report follow it, those of the past too."),
    )  # fmt: skip
    working_days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Working week"), choices=[(day + 1, name) for day, name in WEEKDAYS.items()], coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose one working day at least.")},
    )  # fmt: skip

    class Meta:
        model = Organisation
        fields = ["name", "industry", "currency", "timezone", "fiscal_year_start_month", "working_days"]

    field_order = Meta.fields

    def __init__(self, data: Any = None, *, row: Organisation, **options: Any) -> None:
        super().__init__(data, row=row, **options)
        known = dict(time_zones())
        self._offer("currency", currencies(row.currency))
        self._offer("timezone", [*([] if row.timezone in known else [(row.timezone, row.timezone)]), *known.items()])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = choices

    def clean_working_days(self) -> list[int]:
        return sorted(self.cleaned_data["working_days"])


class NotificationsForm(forms.Form):
    """A box for each kind and way of being told; an empty one is sent as nothing, so `sent` says that it was a form."""

    sent = forms.CharField(widget=forms.HiddenInput, initial="1")

    def __init__(self, data: Any = None, *, preferences: Mapping[Kind, NotificationPreference]) -> None:
        super().__init__(data)
        self.kinds = list(preferences)
        for kind, wanted in preferences.items():
            for channel in OutboxMessage.Channel:
                label = gettext_lazy("%(kind)s: %(channel)s") % {"kind": kind.label, "channel": channel.label}
                self.fields[f"{kind}_{channel}"] = forms.BooleanField(
                    label=label, required=False, initial=getattr(wanted, channel)
                )

    def rows(self) -> Iterator[tuple[Kind, Any, Any]]:
        """Each kind with its two boxes."""
        return ((kind, self[f"{kind}_bell"], self[f"{kind}_mail"]) for kind in self.kinds)

    def chosen(self) -> dict[Kind, dict[str, bool]]:
        """What was chosen, by kind and way."""
        given = self.cleaned_data
        return {kind: {way: given[f"{kind}_{way}"] for way in OutboxMessage.Channel.values} for kind in self.kinds}
