"""The strategy sheet, competitors, Go / No-Go."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import visibility
from accounts.form_pages import RevisedForm
from accounts.models import User
from config.web.fields import AmountField, DayField
from opportunities.actions.strategy import LONGEST_FACT
from opportunities.models import Competitor, Decision, Opportunity, Rating, StrategySheet, SuccessFactor

TALL = {"rows": 3}


class StrategyForm(RevisedForm):
    """The sheet with its nine success factors, each a colour and a fact."""

    price = AmountField(label=_("Price"), required=False)
    price_floor = AmountField(
        label=_("Price floor"), required=False, help_text=_("Read by the owner and the managers above alone.")
    )

    class Meta:
        model = StrategySheet
        fields = [
            "sales_theme", "buying_factors", "price", "price_note", "price_floor", "missing_information", "resources",
        ]  # fmt: skip
        widgets = {  # noqa: RUF012
            name: forms.Textarea(attrs=TALL) for name in ("buying_factors", "missing_information", "resources")
        }

    field_order = Meta.fields

    def __init__(self, data: Any = None, *, row: StrategySheet, opportunity: Opportunity, user: User) -> None:
        super().__init__(data, row=row)
        if row.pk and not visibility.reads_sensitive(user, opportunity.owner, row.floor_by_id):
            del self.fields["price_floor"]
        for name, label in SuccessFactor.choices:
            self._add_factor(name, str(label), row.success_factors.get(name, {}))

    def _add_factor(self, name: str, label: str, now: dict[str, str]) -> None:
        choices = [("", "—"), *Rating.choices]
        colour = forms.ChoiceField(label=label, choices=choices, required=False, initial=now.get("rating", ""))
        fact = forms.CharField(label=_("Fact"), max_length=LONGEST_FACT, required=False, initial=now.get("fact", ""))
        for field_name, field in ((f"rating_{name}", colour), (f"fact_{name}", fact)):
            field.show_hidden_initial = True
            self.fields[field_name] = field

    def factors(self) -> list[tuple[Any, Any]]:
        """The bound fields of each factor: colour and fact."""
        return [(self[f"rating_{name}"], self[f"fact_{name}"]) for name in SuccessFactor.values]

    def plain(self) -> list[Any]:
        """The other fields that are shown."""
        return [self[name] for name in self.Meta.fields if name in self.fields]

    def clean(self) -> dict[str, Any]:
        """A colour needs a fact, a fact a colour."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        for name in SuccessFactor.values:
            rating, fact = found.get(f"rating_{name}", ""), found.get(f"fact_{name}", "")
            if rating and not fact:
                self.add_error(f"fact_{name}", _("Say the fact that this colour rests on."))
            elif fact and not rating:
                self.add_error(f"rating_{name}", _("Choose red, amber or green."))
        return found

    def changes(self) -> dict[str, Any]:
        """The fields of the action; of the factors those alone that were changed."""
        found = super().changes()
        plain = {name: value for name, value in found.items() if name in self.Meta.fields}
        given = self.cleaned_data
        touched = [name for name in SuccessFactor.values if f"rating_{name}" in found or f"fact_{name}" in found]
        factors = {name: _factor(given[f"rating_{name}"], given[f"fact_{name}"]) for name in touched}
        return {**plain, "success_factors": factors} if factors else plain


def _factor(rating: str, fact: str) -> dict[str, str] | None:
    return {"rating": rating, "fact": fact} if rating else None


class CompetitorForm(RevisedForm):
    class Meta:
        model = Competitor
        fields = ["name", "strength", "counter"]


class DecisionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Go or No-Go, with its four answers and when to look again."""

    decision = forms.ChoiceField(label=_("Decision"), choices=Decision.Choice.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2, "maxlength": 500})
    )
    look_again_on = DayField(label=_("Look again on"), required=False)

    class Meta:
        model = Decision
        fields = [
            "is_real", "can_win", "worth_it", "cost_of_losing", "decision", "reason", "look_again_if", "look_again_on",
        ]  # fmt: skip

    field_order = Meta.fields
