"""Forms of account plans: they parse and check; the actions write."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.form_pages import ConfirmForm, RevisedForm
from accounts.models import User
from accounts.selectors import today
from config.web.fields import AmountField, DayField, PickerField
from customers.models import AccountPlan, Contact, Customer, JointAction, PlanLine

SECTIONS = {
    "strategy": ("strategy_now", "strategy_later", "our_match"),
    "goals": ("goals_short", "goals_long"),
    "people": ("our_leader", "their_leader", "confirmed_on"),
    "share": ("share_now", "share_aimed"),
    "risks": ("risks",),
}
SHORT = forms.Textarea(attrs={"rows": 3})


def _people(label: Any) -> PickerField:
    return PickerField(
        url="picker_people", query="only=selling", queryset=User.objects.none(), to_field_name="username",
        label=label, required=False, empty_label="—",
    )  # fmt: skip


def _contacts(label: Any) -> PickerField:
    return PickerField(
        url="picker_contacts", queryset=Contact.objects.none(), label=label, required=False, empty_label="—"
    )


class WithPeople(RevisedForm):
    """A form that names one of ours who sells, and a contact of the customer; whoever is named may stay."""

    ours, theirs = "", ""

    def offer_people(self, customer: Customer) -> None:
        query = urlencode({"customer": customer.key})
        selling = User.objects.filter(role__in=[User.Role.REP, User.Role.MANAGER]).active_on(today())
        contacts = Contact.objects.filter(customer=customer).in_use()
        if self.theirs in self.fields:
            self.fields[self.theirs].widget.attrs["data-picker"] = f"{reverse('picker_contacts')}?{query}"
        for name, rows in ((self.ours, selling), (self.theirs, contacts)):
            if name in self.fields:
                self._offer(name, rows)

    def _offer(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, PickerField)
        now = getattr(self.row, f"{name}_id", None)
        field.queryset = rows.model.objects.filter(Q(pk__in=rows.values("pk")) | Q(pk=now))
        if self.is_bound:
            field.offer_posted(self.data.get(name))
        elif self.row is not None:
            field.offer(getattr(self.row, name))
            self.initial[name] = getattr(self.row, name)

    def ask_share(self, customer: Customer) -> None:
        """Our share now is asked for only where it cannot be computed."""
        if customer.annual_spend:
            self.fields.pop("share_now", None)


class PlanForm(WithPeople):
    """One section of a plan (SECTIONS), or all of it."""

    ours, theirs = "our_leader", "their_leader"
    our_leader = _people(_("Leads on our side"))
    their_leader = _contacts(_("Leads on their side"))
    confirmed_on = DayField(label=_("Confirmed with the customer on"), required=False)

    class Meta:
        model = AccountPlan
        fields = [name for names in SECTIONS.values() for name in names]
        widgets = dict.fromkeys(
            ("strategy_now", "strategy_later", "our_match", "goals_short", "goals_long", "risks"), SHORT
        )

    field_order = Meta.fields

    def __init__(self, data: Any = None, *, customer: Customer, section: str, **options: Any) -> None:
        super().__init__(data, **options)
        for name in set(self.Meta.fields) - set(SECTIONS[section]):
            del self.fields[name]
        self.offer_people(customer)
        self.ask_share(customer)


class NewPlanForm(WithPeople):
    """What a plan begins with; the rest is written on its page."""

    ours, theirs = "our_leader", "their_leader"
    our_leader = _people(_("Leads on our side"))
    their_leader = _contacts(_("Leads on their side"))

    class Meta:
        model = AccountPlan
        fields = ["year", "strategy_now", "our_leader", "their_leader", "share_now", "share_aimed"]
        widgets = {"strategy_now": SHORT}  # noqa: RUF012

    field_order = Meta.fields

    def __init__(self, data: Any = None, *, customer: Customer, user: User, **options: Any) -> None:
        super().__init__(data, **options)
        self.offer_people(customer)
        self.ask_share(customer)
        leader = customer.owner or user
        field = self.fields["our_leader"]
        if not self.is_bound and leader.sells and isinstance(field, PickerField):
            field.offer(leader)
            self.initial["our_leader"] = leader


class PlanLineForm(RevisedForm):
    """A field of business with its three years."""

    revenue = AmountField(label=_("Expected this year"), required=False)
    revenue_next = AmountField(label=_("Expected next year"), required=False)
    revenue_third = AmountField(label=_("Expected in the third year"), required=False)
    milestone_due = DayField(label=_("Due"), required=False)

    class Meta:
        model = PlanLine
        fields = [
            "strategy", "our_match", "revenue", "revenue_next", "revenue_third", "milestone", "milestone_due", "state",
        ]  # fmt: skip

    field_order = Meta.fields


class JointActionForm(WithPeople):
    """What both sides do together, and who does it on either side."""

    ours, theirs = "owner", "contact"
    owner = _people(_("Owner, our side"))
    contact = _contacts(_("Owner, their side"))
    due_on = DayField(label=_("Due"), required=False)

    class Meta:
        model = JointAction
        fields = ["action", "owner", "contact", "due_on", "result"]

    field_order = Meta.fields

    def __init__(self, data: Any = None, *, customer: Customer, **options: Any) -> None:
        super().__init__(data, **options)
        self.offer_people(customer)
        if self.row is None:
            del self.fields["result"]


class FinishForm(ConfirmForm):
    """What came of a joint action."""

    result = forms.CharField(label=_("Result"), max_length=500, required=False)

    def __init__(self, data: Any = None, *, row: JointAction) -> None:
        super().__init__(data, row=row)
        self.initial["result"] = row.result
