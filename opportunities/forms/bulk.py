"""What is to be done with many opportunities at once."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import visibility
from accounts.models import User
from accounts.selectors import today
from config.web.fields import FIRST_YEAR, LAST_YEAR, DayField, PickerField
from opportunities import rules
from opportunities.forms.people import set_up_people
from opportunities.models import Stage

MOST_DAYS = 3650


class BulkMoveForm(forms.Form):
    """To which stage, why, and the facts of a closing, the same for all of them."""

    stage = forms.ModelChoiceField(queryset=Stage.objects.none(), to_field_name="key", label=gettext_lazy("Stage"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=rules.LONGEST_REASON, required=False)
    signed_on = DayField(label=gettext_lazy("Signing date"), required=False)
    competitor = forms.CharField(label=gettext_lazy("Competitor"), max_length=200, required=False)
    override = forms.BooleanField(label=gettext_lazy("Move on also what lacks evidence"), required=False)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["stage"].queryset = Stage.objects.in_use()  # type: ignore[attr-defined]
        self.fields["stage"].empty_label = None  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What a closing of any row would ask for is asked for here, before the first is tried."""
        cleaned = super().clean() or {}
        stage = cleaned.get("stage")
        if cleaned.get("override") and not cleaned.get("reason"):
            self.add_error("reason", rules.SAY_WHY)
        elif stage is not None and not stage.is_open:
            if stage.outcome == "won" and not cleaned.get("signed_on") and "signed_on" not in self.errors:
                self.add_error("signed_on", _("Give the day on which the contract was signed."))
            elif stage.outcome != "won" and not cleaned.get("reason"):
                self.add_error("reason", rules.SAY_WHY)
        return cleaned


class BulkAssignForm(forms.Form):
    """To whom they are handed over."""

    owner = PickerField(
        url="picker_people", query="only=assignable", queryset=User.objects.none(), to_field_name="username",
        label=gettext_lazy("New owner"),
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=rules.LONGEST_REASON, required=False)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        set_up_people(self, "owner", visibility.assignable_people(user).active_on(today()))  # type: ignore[attr-defined]


class BulkShiftForm(forms.Form):
    """By how many days each expected close moves, or the day that it moves to: one of the two."""

    days = forms.IntegerField(label=gettext_lazy("By days"), min_value=-MOST_DAYS, max_value=MOST_DAYS, required=False)
    to = DayField(label=gettext_lazy("To the day"), required=False)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and (cleaned.get("days") is None) == (cleaned.get("to") is None):
            raise ValidationError(_("Say by how many days, or to which day."))
        return cleaned

    def shifted(self, day: date | None) -> date:
        """The new expected close of one whose expected close is `day`."""
        to, days = self.cleaned_data["to"], self.cleaned_data["days"]
        if to is not None:
            return to
        if day is None:
            raise ValidationError({"expected_close_date": _("It has no expected close that could be shifted.")})
        try:
            moved = day + timedelta(days=days)
        except OverflowError:
            moved = date.max
        if not FIRST_YEAR <= moved.year <= LAST_YEAR:
            raise ValidationError({"expected_close_date": _("Enter a date between 1970 and 2199.")})
        return moved


FORMS: dict[str, Any] = {"move": BulkMoveForm, "assign": BulkAssignForm, "shift": BulkShiftForm}
