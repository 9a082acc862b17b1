"""Forms of the stages' settings."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_pages import ConfirmForm, RevisedForm
from opportunities.models import Stage


class StageSettingsForm(RevisedForm):
    """A stage's names, win rate in percent, expected days; of a closed stage the names alone."""

    class Meta:
        model = Stage
        fields = ["name_zh", "name_en", "win_rate", "expected_days"]
        help_texts = {  # noqa: RUF012
            "win_rate": _(
                "Counts from the moment you save: open deals in this stage take it over, past days keep the old one."
            ),
            "expected_days": _("Counts from the moment you save; past days are judged by the old number."),
        }

    field_order = Meta.fields

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["win_rate"].unit = "%"  # type: ignore[attr-defined]
        self.fields["expected_days"].unit = _("days")  # type: ignore[attr-defined]
        if self.row is not None and not self.row.is_open:
            del self.fields["win_rate"], self.fields["expected_days"]


class RetireForm(ConfirmForm):
    """Where a stage's deals go when it is retired."""

    target = forms.ModelChoiceField(
        queryset=Stage.objects.none(), to_field_name="key", label=_("Its deals move to"), required=False,
        empty_label=None,
    )  # fmt: skip

    def __init__(self, data: Any = None, *, row: Stage) -> None:
        super().__init__(data, row=row)
        others = Stage.objects.in_use().filter(outcome=row.outcome).exclude(pk=row.pk)
        self.fields["target"].queryset = others  # type: ignore[attr-defined]
