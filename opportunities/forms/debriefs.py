"""What came of an activity, with the evidence and the next step that follow: the fields that forms of it share."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.conflicts import version_in
from accounts.models import User
from accounts.selectors import calendar
from config.web.fields import PickManyField
from customers.models import Contact, Customer
from opportunities.actions import Evidence, NextStep
from opportunities.actions.activities import DEBRIEF
from opportunities.actions.checkpoints import witness
from opportunities.forms.fields import DayField, PickerField
from opportunities.forms.files import FileKeeping
from opportunities.models import Grade, Opportunity
from opportunities.rules.evidence import FACTORS, TOP, Heights
from opportunities.selectors.heights import NOW
from opportunities.selectors.ladders import ladders

# What the action calls the parts of a record, and what the form calls them.
OF_EVIDENCE = {
    "contact": "evidence_contact",
    "level": "rung",
    "activity": "grade",
    "opportunity": "about",
    "done_at": "at",
}
AT_FIRST = Grade.E1


def words(label: Any, rows: int = 2, **options: Any) -> forms.CharField:
    """A text of at most 500 characters, which may be left out."""
    return forms.CharField(
        label=label, max_length=500, required=False, widget=forms.Textarea(attrs={"rows": rows}), **options
    )


def rung_choices(opportunity: Opportunity | None) -> list[Any]:
    """The rungs that can be recorded, by factor; those that are next on the opportunity stand before all of them."""
    found = [
        (str(ladder), [(f"{key}-{level}", f"{level} · {ladder.rung(level).checkpoint}") for level in range(1, TOP + 1)])
        for key, ladder in ladders().items()
    ]
    return [("", "—"), *_next_of(opportunity), *found]


def _next_of(opportunity: Opportunity | None) -> list[Any]:
    if opportunity is None or not opportunity.is_open:
        return []
    known = ladders()
    named = [
        (f"{factor}-{level}", f"{known[factor]} {level} · {known[factor].rung(level).checkpoint}")
        for factor, level in heights_or_zero(opportunity).next_rungs
    ]
    return [(_("Next on this deal"), named)] if named else []


def heights_or_zero(opportunity: Opportunity | None) -> Heights:
    """The verified heights that an opportunity had when it was read; 0 while unassessed, and where there is none."""
    return Heights(verified=tuple(getattr(opportunity, f"{NOW}{factor}", None) or 0 for factor in FACTORS))


def or_present(among: QuerySet[Any], present: Sequence[Contact]) -> QuerySet[Any]:
    """These contacts, and those whom an activity is with so far."""
    return Contact.objects.filter(Q(pk__in=among.values("pk")) | Q(pk__in=[row.pk for row in present]))


class ToldForm(FileKeeping):
    """Outcome, what the customer said and promised, evidence for a rung, the next step with its date.

    `opportunity` and `customer` are what it is about, as far as that is known when the form is drawn; `present` are
    those whom it is with so far: they may stay, also when they were archived since.
    """

    outcome = words(gettext_lazy("Outcome"))
    promised = words(gettext_lazy("What the customer promised"), rows=1)
    promised_by = DayField(label=gettext_lazy("Promised by"), required=False)
    contacts = PickManyField(
        url="picker_contacts", queryset=Contact.objects.none(), to_field_name="key", label=gettext_lazy("With whom"),
        required=False,
    )  # fmt: skip
    said = words(gettext_lazy("What the customer said"))
    skill = words(gettext_lazy("Skill to improve"), rows=1)
    rung = forms.ChoiceField(label=gettext_lazy("Rung that it proves"), required=False)
    grade = forms.ChoiceField(
        label=gettext_lazy("Grade"), choices=Grade.choices, initial=AT_FIRST, required=False,
        help_text=gettext_lazy(
            "Levels 1 and 2 are verified from E1 on, 3 and 4 from E2 on, 5 and 6 by E3, or by E2 once a manager has "
            "confirmed it."
        ),
    )  # fmt: skip
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("If you leave it empty: what the customer said, promised, or the outcome."),
    )  # fmt: skip
    evidence_contact = PickerField(
        url="picker_contacts", queryset=Contact.objects.none(), label=gettext_lazy("Who said so"), required=False,
        empty_label="—",
    )  # fmt: skip
    said_on = DayField(label=gettext_lazy("Said on"), required=False)
    link = forms.URLField(label=gettext_lazy("Link"), max_length=500, required=False, assume_scheme="https")
    next_step = forms.CharField(label=gettext_lazy("Next step"), max_length=500, required=False)
    next_step_due = DayField(label=gettext_lazy("Due"), required=False)

    def __init__(
        self, user: User, data: Any = None, files: Any = None, *, customer: Customer | None,
        opportunity: Opportunity | None, present: Sequence[Contact] = (), initial: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.user, self.customer, self.opportunity, self.present = user, customer, opportunity, present
        self.heights = heights_or_zero(opportunity)
        super().__init__(data, files, initial=initial)
        self.fields["rung"].choices = rung_choices(opportunity)  # type: ignore[attr-defined]
        self._offer_contacts()

    def _offer_contacts(self) -> None:
        """Contacts of the customer, of all in sight while there is none."""
        found = Contact.objects.visible_to(self.user).in_use()
        among = found.filter(customer=self.customer) if self.customer else found
        query = urlencode({"customer": self.customer.key}) if self.customer else ""
        for name in ("contacts", "evidence_contact"):
            field: Any = self.fields[name]
            field.queryset = or_present(among, self.present) if name == "contacts" else among
            field.search_in("picker_contacts", query)
            if self.is_bound:
                field.offer_posted(field.widget.value_from_datadict(self.data, None, name))
            elif name == "contacts":
                field.offer_rows(self.present)

    @property
    def has_evidence(self) -> bool:
        """Whether something of a record was typed, so that its part of the form stands open."""
        posted = ("rung", "evidence", "evidence_contact", "link", "kept")
        return self.is_bound and (bool(self.files) or any(self.data.get(name) for name in posted))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.tell_lacking(lambda: self.records(timezone.now()))  # a day that isn't typed is that of the activity
        self.check_told(cleaned)
        return cleaned

    def check_told(self, cleaned: dict[str, Any]) -> None:
        """Evidence names its rung, a date its step."""
        typed = any(cleaned.get(name) for name in ("evidence", "evidence_contact", "link", "file"))
        if (typed or self.attachment or self.refused_file) and not cleaned.get("rung") and "rung" not in self.errors:
            self.add_error("rung", _("Say which rung it proves."))
        if cleaned.get("next_step_due") and not cleaned.get("next_step", "").strip():
            self.add_error("next_step", _("Say what is to be done by then."))

    def told(self) -> dict[str, Any]:
        """The fields of the debrief, and those whom it was with."""
        names = (*DEBRIEF, "contacts")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}

    def records(self, done_at: datetime) -> list[Evidence]:
        """The record of the rung that was chosen; who said so and when are those of the activity, if it says so."""
        typed = self.cleaned_data
        if not typed.get("rung"):
            return []
        factor, _dash, level = typed["rung"].partition("-")
        with_whom = list(typed.get("contacts") or ())
        alone = with_whom[0] if len(with_whom) == 1 and with_whom[0].archived_at is None else None
        return [
            Evidence(
                factor=factor, level=int(level), grade=typed["grade"] or AT_FIRST, link=typed["link"],
                file=self.attachment,
                evidence=next((t for t in _texts(typed) if t), ""),
                **witness(
                    typed["grade"] or AT_FIRST, typed["evidence_contact"] or alone,
                    typed["said_on"] or calendar().local_date(done_at),
                ),
            )
        ]  # fmt: skip

    def step(self) -> NextStep | None:
        """The next step, if one was typed; none when that of somebody else was chosen to hold."""
        text = self.cleaned_data["next_step"].strip()
        if not text or self.winner("opportunity") == "theirs":
            return None
        seen = version_in(self.data, "opportunity_version")
        if self.winner("opportunity") == "mine":
            seen = version_in(self.data, "current_version")
        return NextStep(text, self.cleaned_data["next_step_due"], seen)

    def winner(self, row: str) -> str:
        """After a stale write about this row, by its name: whose values shall hold."""
        return str(self.data.get("keep", "")) if self.data.get("conflict_row") == row else ""

    def take(self, error: ValidationError) -> None:
        """Show what an action refused beside the fields it is about, the rest above the form."""
        found: dict[Any, Any] = error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
        for name, texts in found.items():
            shown = name if name in self.fields else OF_EVIDENCE.get(name)
            for text in texts:
                self.add_error(shown if shown in self.fields else None, text)


def _texts(typed: dict[str, Any]) -> list[str]:
    return [typed[name].strip() for name in ("evidence", "said", "promised", "outcome")]
