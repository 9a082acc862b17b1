"""The scorecard and the override as forms, and the words of what the rules say."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.conflicts import in_words, version_in
from customers.actions.tiers import LONGEST_NOTE, set_meanwhile
from customers.models import Assessment, Customer
from customers.rules import tiers as rules

LABELS = {
    "sales": gettext_lazy("Sustained sales"),
    "margin": pgettext_lazy("criterion", "Margin"),
    "growth": pgettext_lazy("criterion", "Growth"),
    "potential": gettext_lazy("Potential and competitors’ share"),
    "credit": gettext_lazy("Credit and payment"),
    "goals": gettext_lazy("Access to present and future goals"),
    "openness": gettext_lazy("Openness to ideas"),
}
GATES = {
    "negative_margin": gettext_lazy("The margin is negative"),
    "payment_days_late": gettext_lazy("Payment late, days"),
}
REASONS = {
    "points": gettext_lazy("%(tier)s needs %(needed)s points."),
    "margin": gettext_lazy("Margin %(there)s of %(needed)s needed for %(tier)s."),
    "credit": gettext_lazy("Credit and payment %(there)s of %(needed)s needed for %(tier)s."),
    "potential": gettext_lazy(
        "Potential, goals and openness give %(there)s of the %(needed)s points needed for %(tier)s."
    ),
    "negative_margin": gettext_lazy("The margin is negative: at most 2A, not %(tier)s."),
    "payment_late": gettext_lazy(
        "Payment is %(there)s days late, more than %(needed)s: at most 2A, not %(tier)s."
    ),
}  # fmt: skip


def words(judged: rules.Judgement) -> list[str]:
    """Why it is no higher tier."""
    return [
        REASONS[why.code] % {"tier": why.tier, "needed": f"{why.needed:g}", "there": f"{why.there:g}"}
        for why in judged.reasons
    ]


def named(name: str, value: Any) -> tuple[str, str]:
    """What a criterion or a gate is called, and its value in words."""
    if name in LABELS:
        return str(LABELS[name]), str(value)
    field: Any = Assessment._meta.get_field(name)
    return str(GATES[name]), in_words(field, value)


def gates_of(row: Assessment) -> list[tuple[str, str]]:
    """The gates of which an assessment says something, named."""
    values = {name: getattr(row, name) for name in GATES}
    return [named(name, value) for name, value in values.items() if value is not None and value is not False]


class AssessForm(forms.Form):
    """Seven scores, a note to each, the two gates."""

    negative_margin = forms.BooleanField(label=GATES["negative_margin"], required=False)
    payment_days_late = forms.IntegerField(
        label=GATES["payment_days_late"], required=False, min_value=0, max_value=32_767
    )

    def __init__(self, data: Any = None, *, latest: Assessment | None = None) -> None:
        super().__init__(data, initial=_initial(latest))
        for name in rules.CRITERIA:
            self.fields[name] = forms.TypedChoiceField(
                label=LABELS[name], choices=[(n, str(n)) for n in range(rules.FULL + 1)], coerce=int,
                widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
            )  # fmt: skip
            self.fields[f"{name}_note"] = forms.CharField(
                label=_("Note on: %(criterion)s") % {"criterion": LABELS[name]},
                required=False,
                max_length=LONGEST_NOTE,
                widget=forms.TextInput(attrs={"class": "form-control", "placeholder": _("Note")}),
            )

    def scores(self) -> dict[str, int]:
        """The scores that were given and make sense."""
        return {name: self.cleaned_data[name] for name in rules.CRITERIA if name in self.cleaned_data}

    def given(self) -> dict[str, Any]:
        """What `assess_customer` takes."""
        return {
            "scores": self.scores(),
            "notes": {name: self.cleaned_data.get(f"{name}_note", "") for name in rules.CRITERIA},
            "negative_margin": self.cleaned_data["negative_margin"],
            "payment_days_late": self.cleaned_data["payment_days_late"],
            "seen": version_in(self.data, "seen"),
        }


class GridForm(AssessForm):
    """The same as a row of the grid: a digit to each criterion, no notes; what is wrong stands at the row."""

    def __init__(self, data: Any = None, *, latest: Assessment | None, customer: Customer) -> None:
        super().__init__(data, latest=latest)
        self.latest = latest
        self.auto_id = f"id_{customer.pk}_%s"
        for name in rules.CRITERIA:
            del self.fields[f"{name}_note"]
            score: Any = self.fields[name]
            score.widget = forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 1, "autocomplete": "off"})
            score.error_messages |= dict.fromkeys(("required", "invalid_choice"), _("Give a score from 0 to 5."))
        self.fields["payment_days_late"].widget = forms.TextInput(
            attrs={"inputmode": "numeric", "maxlength": 5, "autocomplete": "off"}
        )
        for name, field in self.fields.items():
            css = "form-check-input" if name == "negative_margin" else "form-control"
            wrong = " is-invalid" if self.is_bound and name in self.errors else ""
            said = {"class": css + wrong, "form": f"row-{customer.pk}", "data-cell": True}
            field.widget.attrs |= {**said, "aria-label": f"{field.label}: {customer.name}"}

    def given(self) -> dict[str, Any]:
        """Likewise; the note of a score that was left alone stays."""
        scores, latest = self.scores(), self.latest
        kept = latest.notes.items() if latest else ()
        notes = {name: note for name, note in kept if latest and latest.scores.get(name) == scores.get(name)}
        return super().given() | {"notes": notes}

    def problems(self) -> list[tuple[str, str]]:
        """(criteria, what is wrong with them) of the row; no criterion for the row as a whole."""
        found: dict[str, list[str]] = {}
        for name, texts in self.errors.items():
            for text in texts:
                found.setdefault(str(text), []).append(str(self.fields[name].label) if name in self.fields else "")
        return [(" · ".join(filter(None, labels)), text) for text, labels in found.items()]


def _initial(latest: Assessment | None) -> dict[str, Any]:
    if latest is None:
        return {}
    gates = {"negative_margin": latest.negative_margin, "payment_days_late": latest.payment_days_late}
    notes = {f"{name}_note": note for name, note in latest.notes.items()}
    return {**latest.scores, **notes, **gates}


class OverrideForm(forms.Form):
    """Another tier than the rules give, and why."""

    tier = forms.ChoiceField(label=gettext_lazy("Tier"), choices=Customer.Tier)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)
    seen = forms.ChoiceField(widget=forms.HiddenInput, required=False, choices=Customer.Tier)

    def __init__(self, data: Any = None, *, now: str) -> None:
        """`now` is the tier as it is: another one than was seen is told once, then what was typed may hold."""
        self.now = now
        super().__init__(data, initial={"tier": now, "seen": now})

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        if typed.pop("seen", "") not in ("", self.now):
            self.add_error("tier", set_meanwhile(self.now))
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data["seen"] = self.now  # type: ignore[index]
        return typed
