"""Granting or refusing a waiver."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opportunities import rules

DECISIONS = (("grant", gettext_lazy("Grant")), ("refuse", gettext_lazy("Refuse")))


class WaiverForm(forms.Form):
    """The decision, and why: a refusal needs it."""

    decision = forms.ChoiceField(choices=DECISIONS, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Why it is refused"), required=False, max_length=rules.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": rules.LONGEST_REASON}),
    )  # fmt: skip

    @property
    def grants(self) -> bool:
        """Whether it is granted."""
        return bool(self.cleaned_data.get("decision") == "grant")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "refuse" and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Say why."))
        return cleaned
