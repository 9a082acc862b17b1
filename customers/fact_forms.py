"""Forms of orders, contracts and NPS answers: they parse and check; the actions write."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.form_pages import RevisedForm, VersionField
from accounts.models import User
from config.web.fields import AmountField, DayField, PickerField
from config.web.templatetags.formats import day_full
from customers.models import Contact, Contract, Customer, NpsResponse, Order, Product


class OrderForm(RevisedForm):
    """What was ordered, for how much, when, sold by whom."""

    amount = AmountField(label=_("Amount"))
    booked_on = DayField(label=_("Booked on"))
    product = PickerField(
        url="picker_products", queryset=Product.objects.none(), label=_("Product"), required=False, empty_label="—"
    )
    owner = PickerField(
        url="picker_people", queryset=User.objects.all(), to_field_name="username", label=_("Seller"), required=False,
        empty_label="—",
    )  # fmt: skip

    class Meta:
        model = Order
        fields = ["amount", "booked_on", "product", "owner"]

    field_order = Meta.fields

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["product"]
        field.queryset = Product.objects.filter(Q(archived_at=None) | Q(pk=getattr(self.row, "product_id", None)))
        offer(self, "product", "owner")


class ContractForm(RevisedForm):
    """A contract's term and amount, and the one of the same customer that follows it."""

    amount = AmountField(label=_("Amount"), required=False)
    starts_on = DayField(label=_("Starts on"))
    ends_on = DayField(label=_("Ends on"))

    class Meta:
        model = Contract
        fields = ["title", "amount", "starts_on", "ends_on", "renewed_by"]

    field_order = Meta.fields

    def __init__(self, *args: Any, customer: Customer, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["renewed_by"]
        others = Contract.objects.filter(customer=customer).exclude(pk=getattr(self.row, "pk", None))
        in_use_or_chosen = Q(archived_at=None) | Q(pk=getattr(self.row, "renewed_by_id", None))
        field.queryset, field.empty_label = others.filter(in_use_or_chosen), "—"
        field.label_from_instance = _with_its_term
        if not field.queryset:
            del self.fields["renewed_by"]


def _with_its_term(contract: Contract) -> str:
    """Contracts that follow one another often have one title."""
    return f"{contract} · {day_full(contract.starts_on)} – {day_full(contract.ends_on)}"


class RenewalForm(forms.Form):
    """The contract that follows another one."""

    title = forms.CharField(label=_("Title"), max_length=200, required=False)
    amount = AmountField(label=_("Amount"), required=False)
    starts_on = DayField(label=_("Starts on"))
    ends_on = DayField(label=_("Ends on"))
    version = VersionField()


class NpsForm(RevisedForm):
    """How likely somebody would recommend us."""

    score = forms.IntegerField(
        label=_("Score, 0 to 10"), min_value=0, max_value=10, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )
    answered_on = DayField(label=_("Answered on"))
    contact = PickerField(
        url="picker_contacts", queryset=Contact.objects.none(), label=_("Contact"), required=False, empty_label="—"
    )

    class Meta:
        model = NpsResponse
        fields = ["score", "answered_on", "contact", "comment"]

    field_order = Meta.fields

    def __init__(self, *args: Any, customer: Customer, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["contact"]
        field.queryset = Contact.objects.filter(customer=customer)
        field.search_in("picker_contacts", urlencode({"customer": customer.key}))
        offer(self, "contact")


def offer(form: RevisedForm, *names: str) -> None:
    """Let pickers hold what was posted, else what the row has."""
    for name in names:
        field: Any = form.fields[name]
        if form.is_bound:
            field.offer_posted(form.data.get(name))
        elif form.row is not None:
            chosen = getattr(form.row, name)
            field.offer(chosen)
            form.initial[name] = chosen
