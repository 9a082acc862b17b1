"""The customer's people on an opportunity: they parse and check; the actions write."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import visibility
from accounts.form_pages import RevisedForm
from accounts.models import User
from accounts.selectors import today
from config.web.fields import DayField, PickerField
from customers.actions import create_contact
from customers.forms import INFLUENCES, STANCES
from customers.models import Contact
from opportunities.forms.people import set_up_people
from opportunities.forms.pickers import PickerInput
from opportunities.models import Opportunity, Stakeholder
from opportunities.rules.people import placed

COLUMNS = {
    "opposed": pgettext_lazy("stance", "Opposed"),
    "neutral": pgettext_lazy("stance", "Neutral"),
    "supportive": pgettext_lazy("stance", "Supportive"),
    "champion": pgettext_lazy("stance", "Champion"),
}
ROWS = {"high": _("High influence"), "medium": _("Medium influence"), "low": _("Low influence")}
AS_KNOWN = ("", _("as on the customer's page"))


def level(label: Any, choices: Any) -> forms.TypedChoiceField:
    """A number with words; of somebody new it may be left to what the customer's page says."""
    return forms.TypedChoiceField(
        label=label, choices=[AS_KNOWN, *choices], coerce=int, empty_value=None, required=False
    )


class StakeholderForm(RevisedForm):
    """Somebody with a say. `person` is the key of a contact of the customer, or the name of a new one."""

    person = forms.CharField(
        label=_("Person"), max_length=200, required=False,
        help_text=_("Somebody of the customer, or the name of somebody new."),
    )  # fmt: skip
    stance = level(_("Stance on this deal"), STANCES)
    influence = level(_("Influence on this deal"), INFLUENCES)
    goal_on = DayField(label=_("Reached by"), required=False)
    veto_plan_owner = PickerField(
        url="picker_people", query="only=selling", queryset=User.objects.none(), to_field_name="username",
        label=_("Owner of the plan"), required=False, empty_label="—",
    )  # fmt: skip

    class Meta:
        model = Stakeholder
        fields = [
            "role_title", "buying_role", "stance", "influence", "may_veto", "veto_state", "veto_plan",
            "veto_plan_owner", "decision_style", "goal", "goal_value", "goal_on", "gains", "threats", "sensitive_note",
        ]  # fmt: skip
        widgets = {  # noqa: RUF012
            "veto_plan": forms.Textarea(attrs={"rows": 2}),
            "sensitive_note": forms.Textarea(attrs={"rows": 2}),
        }

    field_order = ["person", *Meta.fields]

    def __init__(self, data: Any = None, *, opportunity: Opportunity, user: User, **options: Any) -> None:
        self.opportunity, self.user = opportunity, user
        super().__init__(data, **options)
        self.chosen: Contact | None = self.row.contact if self.row else None
        self.fields["person"].widget = PickerInput(
            "picker_contacts", query=urlencode({"customer": opportunity.customer.key}), create=True
        )
        selling = User.objects.filter(role__in=[User.Role.REP, User.Role.MANAGER]).active_on(today())
        present = Q(pk=self.row.veto_plan_owner_id if self.row else None)
        set_up_people(self, "veto_plan_owner", User.objects.filter(Q(pk__in=selling.values("pk")) | present))
        if self.row is not None:
            self._show_row(self.row)
        if data is not None:
            self._show_typed()

    def _post_clean(self) -> None:
        """The action checks the row as it is by then; to check it here as well costs five queries."""

    def _show_row(self, row: Stakeholder) -> None:
        """What stands now: its person as a choice, no way to leave the numbers open, and notes for their readers."""
        self.initial["person"] = row.contact.key if row.contact else ""
        for name in ("stance", "influence"):
            self.fields[name].choices = self.fields[name].choices[1:]  # type: ignore[attr-defined]
            self.fields[name].required = True
        if not self.is_bound:
            self.fields["veto_plan_owner"].offer(row.veto_plan_owner)  # type: ignore[attr-defined]
            self.initial["veto_plan_owner"] = row.veto_plan_owner
            self._widget.choose([(row.contact.key, row.contact.name)] if row.contact else [])
        if not visibility.reads_sensitive(self.user, self.opportunity.owner, row.sensitive_by_id):
            del self.fields["sensitive_note"]

    def _show_typed(self) -> None:
        typed = self._widget.value_from_datadict(self.data, None, "person").strip()
        self.chosen = self._contact(typed)
        if typed:
            self._widget.choose([(typed, self.chosen.name if self.chosen else typed)])

    @property
    def _widget(self) -> PickerInput:
        widget = self.fields["person"].widget
        assert isinstance(widget, PickerInput)
        return widget

    def _contact(self, typed: str) -> Contact | None:
        """The customer's contact of this key, or of just this name; None for a new name."""
        if self.row is not None and self.row.contact and typed == self.row.contact.key:
            return self.row.contact  # also one that was archived since
        found: Contact | None = Contact.objects.filter(customer=self.opportunity.customer_id).in_use().called(typed)
        return found

    def changes(self) -> dict[str, Any]:
        """What the actions take; for a row that stands a new contact is made here: call it inside the transaction."""
        found = super().changes()
        typed = found.pop("person", None)
        for name in ("stance", "influence"):
            if found.get(name, 0) is None:
                del found[name]
        if self.row is None and not found.get("buying_role"):
            found.pop("buying_role", None)
        if typed is None:
            return found
        if self.row is None and self.chosen is None:
            return {**found, "new_contact": typed.strip()}
        return {**found, "contact": self.chosen or self._new_contact(typed.strip())}

    def _new_contact(self, name: str) -> Contact | None:
        return create_contact(actor=self.user, customer=self.opportunity.customer, name=name) if name else None


class PlaceForm(RevisedForm):
    """A field of the map: what a drag posts, and what is chosen without script."""

    column = forms.ChoiceField(label=_("Stance on this deal"), choices=list(COLUMNS.items()))
    row_name = forms.ChoiceField(label=_("Influence on this deal"), choices=list(ROWS.items()))

    class Meta:
        model = Stakeholder
        fields: list[str] = []  # noqa: RUF012

    def changes(self) -> dict[str, Any]:
        """Stance and influence."""
        given = self.cleaned_data
        stance, influence = placed(self.row.stance, self.row.influence, column=given["column"], row=given["row_name"])
        return {"stance": stance, "influence": influence}
