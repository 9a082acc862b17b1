"""Forms of ideal customers and of the target list: they parse and check; the actions write."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import visibility
from accounts.form_pages import RevisedForm
from accounts.models import User
from accounts.selectors import today
from config.web.fields import DayField, PickerField, typed_amount
from config.web.money import MoneyFormField
from config.web.templatetags.formats import MISSING
from customers.actions.profiles import checked_value
from customers.actions.targets import first_owner
from customers.models import Customer, IdealProfile, ProfileCriterion, TargetCustomer
from customers.rules.profiles import MOST_CRITERIA, amount_of

Kind = ProfileCriterion.Kind
PARTS = ("kind", "value", "weight")
FIRST = 3  # rows of criteria that stand open in a new form
KINDS = [("", MISSING), *Kind.choices]


@dataclass(frozen=True, slots=True)
class Row:
    """The three fields of a criterion."""

    number: int
    kind: forms.BoundField
    value: forms.BoundField
    weight: forms.BoundField

    @property
    def errors(self) -> list[str]:
        """What is wrong with it."""
        return [*self.kind.errors, *self.value.errors, *self.weight.errors]

    @property
    def controls(self) -> list[str]:
        """The three, drawn."""
        return [_drawn(self.kind, "form-select"), *(_drawn(each, "form-control") for each in (self.value, self.weight))]


def _drawn(bound: forms.BoundField, css: str) -> str:
    return bound.as_widget(attrs={"class": f"{css} is-invalid" if bound.errors else css})


class ProfileForm(RevisedForm):
    """A profile with a row of fields for each criterion; a row without a kind is none."""

    class Meta:
        model = IdealProfile
        fields = ["name", "line"]  # noqa: RUF012
        help_texts = {"line": gettext_lazy("As it is called on the products.")}  # noqa: RUF012

    field_order = Meta.fields

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = list(self.row.criteria.all()) if self.row else []
        self.places = range(max(MOST_CRITERIA, len(known)))
        for place in self.places:
            self._add_row(place, known[place] if place < len(known) else None)

    def _add_row(self, place: int, known: ProfileCriterion | None) -> None:
        number = {"number": place + 1}
        self.fields[f"kind_{place}"] = forms.ChoiceField(
            choices=KINDS, required=False, initial=known.kind if known else "",
            widget=forms.Select(attrs={"aria-label": _("Criterion %(number)s") % number}),
        )  # fmt: skip
        self.fields[f"value_{place}"] = forms.CharField(
            max_length=500, required=False, initial=_typed(known),
            widget=forms.TextInput(attrs={
                "aria-label": _("What criterion %(number)s asks for") % number, "placeholder": _("Value"),
            }),
        )  # fmt: skip
        self.fields[f"weight_{place}"] = forms.IntegerField(
            min_value=1, max_value=100, required=False, initial=known.weight if known else None,
            widget=forms.NumberInput(attrs={
                "aria-label": _("Weight of criterion %(number)s") % number, "placeholder": _("Weight"),
            }),
        )  # fmt: skip
        for part in PARTS:
            self.fields[f"{part}_{place}"].show_hidden_initial = self.row is not None

    # --- What the template draws

    def plain(self) -> list[forms.BoundField]:
        """The fields above the criteria."""
        return [self[name] for name in (*self.Meta.fields, "version")]

    def _rows(self, places: Any) -> list[Row]:
        return [Row(place + 1, *(self[f"{part}_{place}"] for part in PARTS)) for place in places]

    @property
    def _open(self) -> int:
        """How many rows stand open: those that are filled, or wrong, and one more."""
        used = [row.number for row in self._rows(self.places) if row.errors or row.kind.value()]
        return max([FIRST, *(number + 1 for number in used)])

    def first_rows(self) -> list[Row]:
        return self._rows(self.places[: self._open])

    def more_rows(self) -> list[Row]:
        return self._rows(self.places[self._open :])

    # --- What was typed

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        for place in self.places:
            self._check(place, typed)
        return typed

    def _check(self, place: int, typed: dict[str, Any]) -> None:
        kind, value, weight = (typed.get(f"{part}_{place}") for part in PARTS)
        if not kind:
            if (value or weight) and f"kind_{place}" not in self.errors:
                self.add_error(f"kind_{place}", _("Choose what is asked."))
            return
        if weight is None and f"weight_{place}" not in self.errors:
            self.add_error(f"weight_{place}", _("Enter a weight between 1 and 100."))
        if f"value_{place}" in self.errors:
            return
        try:
            typed[f"value_{place}"] = checked_value(kind, _plain(kind, value or ""), typed.get("line", ""))
        except ValidationError as error:
            self.add_error(f"value_{place}", error)

    def criteria(self) -> list[dict[str, Any]]:
        """The rows with a kind, in their order."""
        typed = self.cleaned_data
        return [{part: typed[f"{part}_{place}"] for part in PARTS} for place in self.places if typed[f"kind_{place}"]]

    def changes(self) -> dict[str, Any]:
        """Fields of the profile that were changed by hand, and the criteria as a whole where one of them was."""
        found = super().changes()
        rows = {name for name in self._names() if found.pop(name, self) is not self}
        return {**found, "criteria": self.criteria()} if rows or self.row is None else found

    def _names(self) -> Iterator[str]:
        return (f"{part}_{place}" for place in self.places for part in PARTS)


def _typed(known: ProfileCriterion | None) -> str:
    """What a criterion asks for as a person types it."""
    if known is None:
        return ""
    amount = amount_of(known.value) if known.kind == Kind.SPEND else None
    return typed_amount(amount) or known.value


def _plain(kind: str, typed: str) -> str:
    """The same as it is kept."""
    if kind == Kind.SPEND:
        amount = MoneyFormField(required=False).clean(typed)
        return "" if amount is None else f"{amount:f}".removesuffix(".00")
    return typed.strip().upper() if kind == Kind.TIER else typed


class TargetForm(RevisedForm):
    """Whom to win over, who pursues it, what is done next; a rep pursues it alone."""

    customer = PickerField(
        url="picker_customers", query="only=editable", queryset=Customer.objects.none(), label=gettext_lazy("Customer")
    )
    owner = PickerField(
        url="picker_people", query="only=assignable", queryset=User.objects.none(), to_field_name="username",
        label=gettext_lazy("Owner"),
    )  # fmt: skip
    next_step_due = DayField(label=gettext_lazy("Due"), required=False)

    class Meta:
        model = TargetCustomer
        fields = ["customer", "next_step", "next_step_due", "owner"]  # noqa: RUF012

    field_order = Meta.fields

    def __init__(self, data: Any = None, *, user: User, customer: Customer | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self._offer_customer(user, customer)
        self._offer_people(user, customer)

    def _offer_customer(self, user: User, customer: Customer | None) -> None:
        field: Any = self.fields["customer"]
        if self.row is not None:
            del self.fields["customer"]
            return
        field.queryset = Customer.objects.editable_by(user).in_use()
        if self.is_bound:
            field.offer_posted(self.data.get("customer"))
        elif customer is not None:
            field.offer(customer)
            self.initial["customer"] = customer

    def _offer_people(self, user: User, customer: Customer | None) -> None:
        field: Any = self.fields["owner"]
        if not user.is_manager or (self.row is not None and not visibility.may_assign(user, self.row.owner)):
            del self.fields["owner"]
            return
        people: Any = visibility.assignable_people(user)
        held = Q(pk=self.row.owner_id) if self.row else Q()  # somebody who has left may stay until there is another
        field.queryset = people.filter(held | Q(pk__in=people.active_on(today()).order_by().values("pk")))
        now = self.row.owner if self.row else (first_owner(customer, user) if customer else user)
        if self.is_bound:
            field.offer_posted(self.data.get("owner"))
        else:
            field.offer(now)
            self.initial["owner"] = now


class TargetDoneForm(RevisedForm):
    """The step is done: what comes after it, or nothing yet."""

    next_step_due = DayField(label=gettext_lazy("Due"), required=False)

    class Meta:
        model = TargetCustomer
        fields = ["next_step", "next_step_due"]  # noqa: RUF012

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, initial=dict.fromkeys(self.Meta.fields, ""), **options)

    def changes(self) -> dict[str, Any]:
        """Both, also where nothing was typed: the old step goes."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}
