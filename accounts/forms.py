"""Forms of accounts: they parse and check; the actions write."""

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy

from accounts.form_pages import RevisedForm
from accounts.models import Organisation, User


class ProfileForm(RevisedForm):
    """What a person says of themselves."""

    class Meta:
        model = User
        fields = ["name", "email", "language", "theme", "shortcuts"]
        help_texts = {  # noqa: RUF012
            "email": gettext_lazy("The link for a new password is sent there."),
            "shortcuts": gettext_lazy("Single keys such as / and ? work while nothing is being typed."),
        }


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
