"""The quick form of an activity: planned, or done and told in the same minute; and the dialogs that follow."""

import json
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.conflicts import settled, version_in
from accounts.form_pages import RevisedForm, VersionField
from accounts.models import User
from config.web.fields import PickManyField
from customers.models import Contact, Customer
from opportunities import actions
from opportunities.actions.activities import DEBRIEF, PLAN
from opportunities.forms.debriefs import ToldForm, or_present, words
from opportunities.forms.fields import DayField
from opportunities.forms.moments import LocalMomentField
from opportunities.forms.pickers import PickerInput
from opportunities.models import Activity, ActivityKind, Opportunity

NOW, EARLIER, LATER = "now", "earlier", "plan"
DEAL, CUSTOMER = "deal", "customer"


def kinds_in_use() -> Any:
    """The kinds that can be chosen, in order."""
    return ActivityKind.objects.filter(archived_at=None)


def subject(user: User, text: str) -> tuple[Customer | None, Opportunity | None]:
    """The customer and the opportunity that `deal:KEY`, `customer:KEY` or a bare key names, among those in sight."""
    what, colon, key = text.replace("\x00", "").strip().partition(":")
    key = key if colon and what in (DEAL, CUSTOMER) else text.replace("\x00", "").strip()
    if what != CUSTOMER or not colon:
        rows = Opportunity.objects.visible_to(user).in_use().select_related("customer")
        if deal := rows.filter(key=key).first():
            return deal.customer, deal
    if what == DEAL and colon:
        return None, None
    return Customer.objects.visible_to(user).in_use().filter(key=key).first(), None


class QuickActivityForm(ToldForm):
    """What kind, about whom, when; what came of it, or what is planned."""

    kind = forms.ModelChoiceField(
        label=gettext_lazy("Kind"), queryset=ActivityKind.objects.none(), to_field_name="key", empty_label=None,
        widget=forms.RadioSelect, error_messages={"required": gettext_lazy("Choose the kind.")},
    )  # fmt: skip
    about = forms.CharField(
        label=gettext_lazy("Deal or customer"), max_length=200, required=False,
        widget=PickerInput("picker_activity_subjects"),
    )  # fmt: skip
    when = forms.ChoiceField(
        label=gettext_lazy("When"), widget=forms.RadioSelect, initial=NOW,
        choices=[
            (NOW, gettext_lazy("Just now")), (EARLIER, gettext_lazy("Earlier")), (LATER, gettext_lazy("To be planned")),
        ],
    )  # fmt: skip
    at = LocalMomentField(label=gettext_lazy("Day and time"), required=False)
    objective = words(gettext_lazy("Objective"))
    customer_needs = words(gettext_lazy("What the customer needs"), rows=1)
    line_of_talk = words(gettext_lazy("Our line of talk"), rows=1)
    advantage = words(gettext_lazy("Advantage to place"), rows=1)

    def __init__(
        self, user: User, data: Any = None, files: Any = None, *, about: str = "", at: datetime | None = None,
        when: str = NOW, rung: str = "",
    ) -> None:  # fmt: skip
        typed = self.posted(data) if data is not None else about
        customer, opportunity = subject(user, typed) if typed else (None, None)
        self.unknown = bool(typed) and customer is None
        initial = {
            "when": when,
            "at": at or (_next_hour if when == LATER else _quarter)(timezone.now()),
            "about": _named(customer, opportunity),
            "rung": rung,
        }
        super().__init__(user, data, files, customer=customer, opportunity=opportunity, initial=initial)
        kinds = self.fields["kind"]
        kinds.queryset = kinds_in_use()  # type: ignore[attr-defined]
        if len(data or ()) == 0:
            kinds.initial = kinds.queryset.first()  # type: ignore[attr-defined]
        show_subject(self.fields["about"].widget, customer, opportunity, typed)

    @staticmethod
    def posted(data: Any) -> str:
        """What was chosen, as the picker or its line without script posts it."""
        return str(PickerInput("picker_activity_subjects").value_from_datadict(data, None, "about"))

    @property
    def means(self) -> str:
        """The moment that "just now" means, as a draft keeps it (drafts.js)."""
        return json.dumps({NOW: self.fields["at"].prepare_value(timezone.now())})

    @property
    def later(self) -> str:
        """The moment that stands for "to be planned" until another is chosen: the next full hour."""
        return str(self.fields["at"].prepare_value(_next_hour(timezone.now())))

    def clean_about(self) -> str:
        if self.unknown:
            raise forms.ValidationError(_("There is no such choice."))
        return str(self.cleaned_data["about"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("when") != NOW and cleaned.get("at") is None and "at" not in self.errors:
            self.add_error("at", _("Say on which day and at what time."))
        return cleaned

    def file_at_hand(self) -> Any:
        """Likewise; what is only planned has none."""
        return nullcontext() if self.data.get("when") == LATER else super().file_at_hand()

    def check_told(self, cleaned: dict[str, Any]) -> None:
        """Likewise; of what is only planned nothing was told."""
        if cleaned.get("when") != LATER:
            super().check_told(cleaned)

    @property
    def is_plan(self) -> bool:
        return bool(self.cleaned_data["when"] == LATER)

    def save(self) -> Activity:
        """Plan it, or log it with what came of it, all or nothing."""
        typed = self.cleaned_data
        common = {
            "actor": self.user, "kind": typed["kind"], "customer": self.customer, "opportunity": self.opportunity,
            "contacts": typed["contacts"],
        }  # fmt: skip
        if self.is_plan:
            return actions.plan_activity(**common, planned_at=typed["at"], **{name: typed[name] for name in PLAN})
        done_at = timezone.now() if typed["when"] == NOW else typed["at"]
        told = {name: value for name, value in self.told().items() if name != "contacts"}
        return actions.log_activity(
            **common, **told, done_at=done_at, objective=typed["objective"], evidence=self.records(done_at),
            file=self.stored, next_step=self.step(),
        )  # fmt: skip


def show_subject(widget: Any, customer: Customer | None, opportunity: Opportunity | None, typed: str) -> None:
    """Let the picker begin with what it is about."""
    if opportunity is not None:
        widget.choose([(f"{DEAL}:{opportunity.key}", f"{opportunity.title} · {customer}")])
    elif customer is not None:
        widget.choose([(f"{CUSTOMER}:{customer.key}", str(customer))])
    elif typed:
        widget.choose([(typed, typed)])


def _named(customer: Customer | None, opportunity: Opportunity | None) -> str:
    if opportunity is not None:
        return f"{DEAL}:{opportunity.key}"
    return f"{CUSTOMER}:{customer.key}" if customer is not None else ""


def _quarter(moment: datetime) -> datetime:
    """The quarter of an hour that has begun."""
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


def _next_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


class DebriefForm(ToldForm):
    """What came of a planned activity."""

    done_at = LocalMomentField(label=gettext_lazy("Done"))

    def __init__(self, user: User, data: Any = None, files: Any = None, *, activity: Activity) -> None:
        self.activity = activity
        now = timezone.now()
        planned = activity.planned_at
        present = list(activity.contacts.all())
        initial = {"done_at": planned if planned is not None and planned <= now else now, "contacts": present}
        super().__init__(
            user, data, files, customer=activity.customer, opportunity=activity.opportunity, present=present,
            initial=initial,
        )  # fmt: skip
        self.fields["outcome"].widget.attrs["autofocus"] = True

    def save(self) -> Activity:
        """Debrief it, all or nothing; after a conflict what somebody else set may stand."""
        done_at = self.cleaned_data["done_at"]
        kept: dict[str, Any] = {"changes": self.told(), "seen": version_in(self.data)}
        if self.winner("activity"):
            kept = settled(self.activity, kept["changes"], self.data)
        return actions.debrief_activity(
            activity=self.activity, done_at=done_at, seen=kept["seen"], actor=self.user,
            evidence=self.records(done_at), file=self.stored, next_step=self.step(), **kept["changes"],
        )  # fmt: skip


class ActivityForm(RevisedForm):
    """Every field of an activity; those of the debrief once it is done."""

    about = forms.CharField(
        label=gettext_lazy("Deal or customer"), max_length=200, required=False,
        widget=PickerInput("picker_activity_subjects"),
    )  # fmt: skip
    contacts = PickManyField(
        url="picker_contacts", queryset=Contact.objects.none(), to_field_name="key", label=gettext_lazy("With whom"),
        required=False,
    )  # fmt: skip
    promised_by = DayField(label=gettext_lazy("Promised by"), required=False)

    class Meta:
        model = Activity
        fields = ("kind", *PLAN, *DEBRIEF)
        widgets = {  # noqa: RUF012
            name: forms.Textarea(attrs={"rows": 2}) for name in (*PLAN, *DEBRIEF) if name != "promised_by"
        }

    field_order = ("kind", "about", "contacts", *PLAN, *DEBRIEF)

    def __init__(self, user: User, data: Any = None, *, row: Activity) -> None:
        self.user = user
        self.present = list(row.contacts.all())
        named = _named(row.customer, row.opportunity)
        super().__init__(data, row=row, initial={"about": named, "contacts": self.present})
        if row.done_at is None:
            for name in DEBRIEF:
                del self.fields[name]
        kinds: Any = self.fields["kind"]
        kinds.queryset = ActivityKind.objects.filter(Q(archived_at=None) | Q(pk=row.kind_id))
        kinds.empty_label = None
        typed = QuickActivityForm.posted(data) if data is not None else named
        self.customer, self.opportunity = row.customer, row.opportunity  # which may stay when they were archived since
        if typed != named:
            self.customer, self.opportunity = subject(user, typed) if typed else (None, None)
        self.unknown = bool(typed) and self.customer is None
        show_subject(self.fields["about"].widget, self.customer, self.opportunity, typed)
        self._offer_contacts()

    def _offer_contacts(self) -> None:
        field: Any = self.fields["contacts"]
        visible = Contact.objects.visible_to(self.user).filter(customer=self.customer).in_use()
        present = [row for row in self.present if row.customer_id == (self.customer.pk if self.customer else None)]
        field.queryset = or_present(visible, present)
        field.search_in("picker_contacts", urlencode({"customer": self.customer.key}) if self.customer else "")
        if self.is_bound:
            field.offer_posted(field.widget.value_from_datadict(self.data, None, "contacts"))
        else:
            field.offer_rows(self.present)

    def clean_about(self) -> str:
        if self.unknown:
            raise forms.ValidationError(_("There is no such choice."))
        return str(self.cleaned_data["about"])

    def changes(self) -> dict[str, Any]:
        """Likewise; what it is about as its opportunity and customer."""
        found = super().changes()
        if "about" in found:
            del found["about"]
            found |= {"opportunity": self.opportunity, "customer": self.customer}
        if "contacts" in found:
            found["contacts"] = list(found["contacts"])
        return found


class RescheduleForm(forms.Form):
    """Another moment for something planned."""

    planned_at = LocalMomentField(label=gettext_lazy("Day and time"))
    version = VersionField()


class CancelForm(forms.Form):
    """Why it does not take place."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say why.")},
    )  # fmt: skip
    version = VersionField()


class CoachForm(forms.Form):
    """A manager's note on a debrief."""

    note = forms.CharField(
        label=gettext_lazy("Coaching note"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Who may see the activity reads it. Empty: the note is taken back."),
    )  # fmt: skip
    version = VersionField()
