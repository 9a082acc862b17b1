"""Forms of customers, contacts, products: they parse and check; the actions write."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import visibility
from accounts.form_pages import RevisedForm, VersionField
from accounts.models import User
from config.web.fields import AmountField, DayField, PickerField
from customers import duplicates
from customers.models import Contact, Customer, Product

STANCES = [
    (2, gettext_lazy("+2 strongly for us")),
    (1, gettext_lazy("+1 for us")),
    (0, gettext_lazy("0 neutral")),
    (-1, gettext_lazy("−1 against us")),
    (-2, gettext_lazy("−2 strongly against us")),
]
SIGNS = ("name", "credit_code", "phone", "domain")
INFLUENCES = [
    (5, gettext_lazy("5 decides")),
    (4, gettext_lazy("4 high")),
    (3, gettext_lazy("3 medium")),
    (2, gettext_lazy("2 low")),
    (1, gettext_lazy("1 hardly any")),
]


def another_field() -> forms.BooleanField:
    """Hidden until somebody is asked whether it is another company than those that are here."""
    label = gettext_lazy("It is another company")
    return forms.BooleanField(label=label, required=False, widget=forms.HiddenInput)


def ask(form: Any, error: duplicates.Alike) -> None:
    """Say what may be here already, and let the person go on deliberately where they may."""
    if error.may_go_on:
        form.fields["another"].widget = forms.CheckboxInput()
    form.add_error(error.field, _with_links(error))


def _with_links(error: duplicates.Alike) -> SafeString:
    """The message, each customer that it names leading to its page in a tab of its own: what was typed stays."""
    first = error.candidates[0]
    said = {
        "customers": _links((each.pk, each.told) for each in error.candidates),
        "name": _links([(first.pk, first.known_as)]),
    }
    return SafeString(escape(error.message) % said)


def _links(found: Iterable[tuple[int, str]]) -> SafeString:
    link = '<a class="text-decoration-underline" href="{}" target="_blank" rel="noopener">{}</a>'
    return format_html_join(_(", "), link, ((reverse("customer", args=[pk]), text) for pk, text in found))


class CustomerForm(RevisedForm):
    """The facts of a customer; the parent is one that the person sees."""

    annual_spend = AmountField(
        label=gettext_lazy("Yearly spend"), required=False,
        help_text=gettext_lazy("What the customer spends a year on what we sell, from all suppliers."),
    )  # fmt: skip
    created_on = DayField(label=gettext_lazy("Customer since"), required=False)
    credit_code = forms.CharField(label=gettext_lazy("Credit code"), required=False, max_length=40)
    another = another_field()
    parent = PickerField(
        url="picker_customers", queryset=Customer.objects.none(), label=gettext_lazy("Parent company"), required=False,
        empty_label="—", error_messages={"invalid_choice": gettext_lazy("There is no such choice.")},
    )  # fmt: skip

    class Meta:
        model = Customer
        fields = [  # noqa: RUF012
            "name", "tier", "industry", "region", "annual_spend", "created_on", "parent", "credit_code", "phone",
            "domain",
        ]  # fmt: skip

    field_order = Meta.fields

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        self.fields["another"].show_hidden_initial = False
        field = self.fields["parent"]
        assert isinstance(field, PickerField)
        field.queryset = self._parents()
        if self.is_bound:
            field.offer_posted(self.data.get("parent"))
        elif self.row is not None:
            parent = field.queryset.filter(pk=self.row.parent_id).first()  # None where it is hidden
            field.offer(parent)
            self.initial["parent"] = parent

    def _parents(self) -> Any:
        found = Customer.objects.visible_to(self.user)
        if self.row is None:
            return found.in_use()
        return found.filter(Q(archived_at=None) | Q(pk=self.row.parent_id)).exclude(pk=self.row.pk)

    def clean_name(self) -> str:
        return self.cleaned_data["name"].strip()  # type: ignore[no-any-return]

    def clean(self) -> dict[str, Any]:
        """Who it could be among those in sight: the same one is refused, a likely one asks to be sure."""
        typed = super().clean() or {}
        changed = {name: typed.get(name) or "" for name in SIGNS if name in self.changed_data}
        found = duplicates.candidates(duplicates.signs_of(**changed), self.user, but=self.row)
        sure, is_new = bool(typed.get("another")), self.row is None
        try:
            duplicates.refuse_alike(found, actor=self.user, sure=sure, is_new=is_new)
        except duplicates.Alike as error:
            ask(self, error)
        return typed

    def changes(self) -> dict[str, Any]:
        """A hidden parent stays as it is: the form shows it as empty, and that is no wish to clear it."""
        found = super().changes()
        found.pop("another", None)
        if self.row is not None and found.get("parent", "") is None and self._parent_is_hidden():
            del found["parent"]
        return found

    def _parent_is_hidden(self) -> bool:
        parent_id = self.row.parent_id
        return parent_id is not None and not Customer.objects.visible_to(self.user).filter(pk=parent_id).exists()


class NewCustomerForm(CustomerForm):
    """A new customer; managers and administrators may name its owner at once."""

    owner = PickerField(
        url="picker_people", query="only=assignable", queryset=User.objects.none(), to_field_name="username",
        label=gettext_lazy("Owner"), required=False, empty_label="—",
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, user=user, **options)
        if user.role == User.Role.REP:
            del self.fields["owner"]
        else:
            people = self.fields["owner"]
            people.help_text = _("You, if you leave it empty.") if user.sells else _("Nobody, if you leave it empty.")
            set_up_people(people, user, self)


def set_up_people(field: Any, user: User, form: forms.BaseForm) -> None:
    """Let a field offer those to whom the person may give a row."""
    field.queryset = visibility.assignable_people(user)
    if form.is_bound:
        field.offer_posted(form.data.get("owner"))


class AssignForm(forms.Form):
    """Whose customer it shall be."""

    owner = PickerField(
        url="picker_people", query="only=assignable", queryset=User.objects.none(), to_field_name="username",
        label=gettext_lazy("Owner"), required=False, empty_label="—",
    )  # fmt: skip
    version = VersionField()

    def __init__(self, data: Any = None, *, row: Customer, user: User) -> None:
        super().__init__(data, initial={"version": row.version, "owner": row.owner})
        field = self.fields["owner"]
        assert isinstance(field, PickerField)
        set_up_people(field, user, self)
        if not self.is_bound:
            field.offer(row.owner)


class ContactForm(RevisedForm):
    """A person on the customer's side."""

    influence = forms.TypedChoiceField(
        label=gettext_lazy("Influence"), choices=[("", "—"), *INFLUENCES], coerce=int, empty_value=None, required=False
    )
    stance = forms.TypedChoiceField(
        label=gettext_lazy("Stance"), choices=[("", "—"), *STANCES], coerce=int, empty_value=None, required=False
    )

    class Meta:
        model = Contact
        fields = ["name", "title", "department", "buying_role", "influence", "stance", "phone", "email", "notes"]

    field_order = Meta.fields


class ProductForm(RevisedForm):
    """Something we sell."""

    class Meta:
        model = Product
        fields = ["name", "line", "is_core", "active"]
        help_texts = {  # noqa: RUF012
            "active": gettext_lazy("Only active products can be chosen for a deal."),
        }
