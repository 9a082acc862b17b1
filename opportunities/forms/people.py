"""To whom an opportunity is handed over, and who works on it beside its owner."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import visibility
from accounts.models import User
from accounts.selectors import today
from opportunities import rules
from opportunities.forms.fields import PickerField


class AssignForm(forms.Form):
    """The new owner, among those to whom this person may give a row."""

    owner = PickerField(
        url="picker_people", query="only=assignable", queryset=User.objects.none(), to_field_name="username",
        label=_("New owner"),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=rules.LONGEST_REASON, required=False)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        set_up_people(self, "owner", visibility.assignable_people(user).active_on(today()))  # type: ignore[attr-defined]


class CollaboratorForm(forms.Form):
    """Somebody who sells and may be added; names of people are known to everybody signed in."""

    user = PickerField(
        url="picker_people", query="only=selling", queryset=User.objects.none(), to_field_name="username",
        label=_("Add somebody"),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        selling = User.objects.filter(role__in=[User.Role.REP, User.Role.MANAGER])
        set_up_people(self, "user", selling.active_on(today()))


def set_up_people(form: forms.BaseForm, name: str, people: Any) -> None:
    """Let the field take one of these people, and come back with what was posted."""
    field = form.fields[name]
    assert isinstance(field, PickerField)
    field.queryset = people
    field.offer_posted(form.data.get(form.add_prefix(name))) if form.is_bound else field.offer(None)
