"""Forms of accounts: they parse and check; the actions write."""

from django import forms

from accounts.models import User


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person says of themselves."""

    class Meta:
        model = User
        fields = ["name", "email", "language", "theme", "shortcuts"]


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    """Appearance, changed from anywhere; only what is sent is set."""

    class Meta:
        model = User
        fields = ["language", "theme", "rail", "shortcuts"]
