"""Forms of accounts: they parse and check; the actions write."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

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


class OrganisationForm(RevisedForm):
    """What an administrator says of the company."""

    fiscal_year_start_month = forms.TypedChoiceField(
        label=gettext_lazy("First month of the fiscal year"), choices=list(MONTHS.items()), coerce=int,
        help_text=gettext_lazy("Quarters and years of every report follow it, those of the past too."),
    )  # fmt: skip

    class Meta:
        model = Organisation
        fields = ["name", "industry", "fiscal_year_start_month"]

    field_order = Meta.fields


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
