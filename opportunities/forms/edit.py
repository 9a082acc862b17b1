"""The form of an opportunity: whole on its own page, one field at a time in tables and on its page."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers.models import Customer, Product
from opportunities.forms.fields import AmountField, DayField, PickerField
from opportunities.models import ForecastCategory, Opportunity, Stage

CLOSING_FACTS = ("signed_on", "competitor")
PICKERS = ("customer", "product")


class OpportunityForm(forms.Form):
    """What an opportunity says of itself; names and cleaned values as `edit_opportunity` takes them."""

    customer = PickerField(url="picker_customers", queryset=Customer.objects.none(), label=_("Customer"))
    title = forms.CharField(label=_("Title"), max_length=200)
    amount = AmountField(label=_("Amount"), required=False)
    expected_close_date = DayField(label=_("Expected close"), required=False)
    product = PickerField(
        url="picker_products", queryset=Product.objects.none(), label=_("Product"), required=False, empty_label="—"
    )
    next_step = forms.CharField(label=_("Next step"), max_length=500, required=False)
    next_step_due = DayField(label=_("Next step due"), required=False)
    source = forms.CharField(label=_("Source"), max_length=200, required=False)
    forecast_category = forms.ChoiceField(
        label=_("Forecast category"), choices=[("", "—"), *ForecastCategory.choices], required=False
    )
    signed_on = DayField(label=_("Signing date"), required=False)
    competitor = forms.CharField(label=_("Competitor"), max_length=200, required=False)

    def __init__(
        self, *args: Any, opportunity: Opportunity, user: User, only: Sequence[str] = (), **options: Any
    ) -> None:
        """`only` keeps these fields."""
        names = only or fields_of(opportunity)
        options.setdefault("initial", {name: getattr(opportunity, name) for name in names})
        super().__init__(*args, **options)
        for name in set(self.fields) - set(names):
            del self.fields[name]
        for field in self.fields.values():
            field.show_hidden_initial = not only
        self._set_up_pickers(opportunity, user)

    def touched(self) -> dict[str, Any]:
        """{field: value} of what differs from what the form was drawn with; all where it doesn't say with what.

        So a field that somebody else changed meanwhile is no conflict while this person left it alone.
        """
        known = {name for name in self.fields if self.add_initial_prefix(name) in self.data}
        changed = set(self.changed_data)
        return {name: self.cleaned_data[name] for name in self.fields if name not in known or name in changed}

    def drawn_with(self) -> list[Any]:
        """Hidden inputs of the values that the form is drawn with."""
        return [bound.as_hidden(only_initial=True) for bound in self]

    def _set_up_pickers(self, opportunity: Opportunity, user: User) -> None:
        for name in PICKERS:
            field = self.fields.get(name)
            if isinstance(field, PickerField):
                now = getattr(opportunity, name)
                field.queryset = choices_for(name, user, now)
                field.offer(now) if not self.is_bound else field.offer_posted(self.data.get(name))


def fields_of(opportunity: Opportunity) -> list[str]:
    """The fields that this opportunity has: the facts of a closing only where it is closed."""
    hidden = set(CLOSING_FACTS) if opportunity.is_open else set()
    if opportunity.outcome != "won":
        hidden.add("signed_on")
    return [name for name in OpportunityForm.base_fields if name not in hidden]


def choices_for(name: str, user: User, now: Any) -> Any:
    """The rows that may be chosen: visible customers in use, products on sale; what stands now may stay."""
    rows: Any = Customer.objects if name == "customer" else Product.objects
    allowed = rows.visible_to(user).in_use() if name == "customer" else rows.on_sale()
    return rows.filter(Q(pk__in=allowed.values("pk")) | Q(pk=now.pk if now else None))


class StageForm(forms.Form):
    """Another stage for an opportunity: a move, which may ask for more."""

    stage = forms.ModelChoiceField(
        queryset=Stage.objects.none(), to_field_name="key", label=_("Stage"), empty_label=None
    )

    def __init__(self, *args: Any, opportunity: Opportunity, **options: Any) -> None:
        options.setdefault("initial", {"stage": opportunity.stage})
        super().__init__(*args, **options)
        self.fields["stage"].queryset = Stage.objects.in_use()  # type: ignore[attr-defined]
