"""Forms of people and teams: they parse and check; the actions write."""

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordMixin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.form_pages import RevisedForm
from accounts.models import Team, User
from accounts.people import is_taken, refuse_taken_name
from config.web.fields import DayField, PickerField


def team_field(label: Any) -> PickerField:
    """A team in use, or none."""
    return PickerField(url="picker_teams", queryset=Team.objects.in_use(), label=label, required=False, empty_label="—")


class TeamChoice(RevisedForm):
    """A form with one team, `choice`, which may be archived only where it is so already."""

    choice = "team"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields[self.choice]
        assert isinstance(field, PickerField)
        now = getattr(self.row, self.choice, None)
        field.queryset = Team.objects.filter(Q(archived_at=None) | Q(pk=now.pk if now else None))
        if self.is_bound:
            field.offer_posted(self.data.get(self.choice))
        else:
            field.offer(now)
            self.initial[self.choice] = now


class PersonFields(TeamChoice):
    """What the forms of a person share."""

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if is_taken(email, self.row):
            raise forms.ValidationError(_("Somebody else has this address."))
        return email


class PersonForm(PersonFields):
    """What administrators say of a person."""

    team = team_field(_("Team"))
    active_from = DayField(label=_("Active from"), required=False)
    active_until = DayField(
        label=_("Active until"), required=False, help_text=_("The last day on which they may sign in.")
    )

    class Meta:
        model = User
        fields = ["name", "email", "role", "team", "language", "active_from", "active_until"]

    field_order = Meta.fields

    def clean(self) -> dict[str, Any]:
        """The dates in their order: what the table would refuse is said beside the field."""
        found = super().clean() or self.cleaned_data
        if (since := found.get("active_from")) and (until := found.get("active_until")) and since > until:
            self.add_error("active_until", _("The person ends before they begin."))
        return found


class InviteForm(PersonFields):
    """A new person: the invitation goes to their address."""

    team = team_field(_("Team"))

    class Meta:
        model = User
        fields = ["name", "email", "username", "role", "team", "language"]
        help_texts = {  # noqa: RUF012
            "username": _("Left empty, it is made of the address."),
            "email": _("The link is sent there. Without an address you hand it over yourself."),
        }

    field_order = Meta.fields

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["username"].required = False

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        refuse_taken_name(username)
        return username

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if not found.get("username") and not found.get("email") and not self.errors:
            self.add_error("username", _("Give a login name or an address."))
        return found


class TeamForm(TeamChoice):
    """A team's name and the team above it."""

    parent = team_field(_("Team above"))
    choice = "parent"

    class Meta:
        model = Team
        fields = ["name", "parent"]

    field_order = Meta.fields


class FirstPasswordForm(SetPasswordMixin, forms.Form):
    """The first password of an invited person, twice."""

    password1, password2 = SetPasswordMixin.create_password_fields(label1=_("Password"), label2=_("Password again"))

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        self.user = user
        super().__init__(*args, **options)
        self.fields["password2"].help_text = ""

    def clean(self) -> dict[str, Any]:
        self.validate_passwords()
        self.validate_password_for_user(self.user)
        return super().clean() or self.cleaned_data
