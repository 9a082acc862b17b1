"""Quick create: what a new opportunity needs, within a minute."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from customers.actions import create_customer
from customers.duplicates import Alike, candidates, refuse_alike, refuse_if_served, signs_of, visible_namesake
from customers.forms import another_field, ask
from customers.models import Customer
from opportunities.actions import create_opportunity
from opportunities.forms.fields import AmountField, DayField
from opportunities.forms.pickers import PickerInput
from opportunities.models import Opportunity


class QuickCreateForm(forms.Form):
    """Customer (one that the person sees, or the name of a new one), title, amount, expected close."""

    customer = forms.CharField(
        label=gettext_lazy("Customer"), max_length=200, widget=PickerInput("picker_customers", create=True),
        error_messages={"required": gettext_lazy("Choose the customer, or type the name of a new one.")},
    )  # fmt: skip
    another = another_field()
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    amount = AmountField(label=gettext_lazy("Amount"))
    expected_close_date = DayField(label=gettext_lazy("Expected close"))

    def __init__(self, user: User, data: Any = None, *, customer: Customer | None = None) -> None:
        self.user, self.chosen = user, customer
        super().__init__(data, initial={"customer": customer.key} if customer else {})
        typed = self._picker.value_from_datadict(data, None, "customer") if data is not None else ""
        if data is not None:
            self.chosen = self._by_key(typed)
        self._show_choice(typed)

    @property
    def _picker(self) -> PickerInput:
        widget = self.fields["customer"].widget
        assert isinstance(widget, PickerInput)
        return widget

    def _by_key(self, key: str) -> Customer | None:
        mine = Customer.objects.visible_to(self.user).in_use()
        return mine.filter(key=key).first() if key and "\x00" not in key else None

    def _show_choice(self, typed: str) -> None:
        if self.chosen is not None:
            self._picker.choose([(self.chosen.key, self.chosen.name)])
        elif typed:
            self._picker.choose([(typed, typed)])

    def clean_customer(self) -> str:
        """The name of the new customer; of a chosen one whatever was posted."""
        typed = self.cleaned_data["customer"].strip()
        if self.chosen is None:
            self._refuse_namesake(typed)
        return typed

    def _refuse_namesake(self, name: str) -> None:
        known = visible_namesake(name, self.user)
        if known is not None:
            self.chosen = known
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data["customer"] = known.key  # type: ignore[index]
            self._show_choice("")
            raise ValidationError(
                _("“%(name)s” is already among your customers and is chosen now. Save again."),
                params={"name": known.name},
            )
        refuse_if_served(name=name, actor=self.user)

    def clean(self) -> dict[str, Any]:
        """A new customer that is much like one in sight asks to be sure, as on its own page."""
        typed = super().clean() or {}
        if self.chosen is None and typed.get("customer"):
            found = candidates(signs_of(name=typed["customer"]), self.user)
            try:
                refuse_alike(found, actor=self.user, sure=typed["another"])
            except Alike as error:
                ask(self, error)
        return typed

    def create(self) -> Opportunity | None:
        """The opportunity, and its customer when that is new, both or none.

        None where the customer has come since the form was checked, which says so now.
        """
        try:
            return self._create_both()
        except Alike as error:
            self.full_clean()
            if not self.errors:
                ask(self, error)
            return None
        except ValidationError:
            if self.chosen is None:  # said once more outside of the transaction, where its audit stays
                refuse_if_served(name=self.cleaned_data["customer"], actor=self.user)
            raise

    @transaction.atomic
    def _create_both(self) -> Opportunity:
        typed = self.cleaned_data
        customer = self.chosen or create_customer(actor=self.user, name=typed["customer"], another=typed["another"])
        return create_opportunity(
            actor=self.user, customer=customer, title=typed["title"], amount=typed["amount"],
            expected_close_date=typed["expected_close_date"],
        )  # fmt: skip
