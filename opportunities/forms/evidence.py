"""Evidence for one factor: one or several levels at once, who said so, when, and what shows it (METHOD.md §3)."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from accounts.selectors import today
from customers.actions import create_contact
from customers.models import Contact
from customers.rules.attention import FACE_TO_FACE
from opportunities.actions import Evidence, add_checkpoints
from opportunities.actions.checkpoints import witness
from opportunities.forms.fields import DayField
from opportunities.forms.files import FileKeeping
from opportunities.forms.pickers import PickerInput
from opportunities.models import Activity, Checkpoint, Grade, MethodSetting, Opportunity, Rung
from opportunities.rules import LONGEST_REASON
from opportunities.rules.evidence import GRADES, TOP
from opportunities.selectors.ladders import Ladder

CHIPS = 6  # contacts that are offered without a search
MEETINGS = 10
LONGEST_EVIDENCE = 2000
TODAY, YESTERDAY, EARLIER = "today", "yesterday", "earlier"
DAYS = (
    (TODAY, gettext_lazy("Today")),
    (YESTERDAY, gettext_lazy("Yesterday")),
    (EARLIER, pgettext_lazy("day", "Earlier")),
)
USUAL = {1: "E1", 2: "E1", 3: "E2", 4: "E2", 5: "E2", 6: "E2"}  # the least grade that can verify a level


class EvidenceForm(FileKeeping):
    """The records of one save: an evidence text for each level, the rest is common to them."""

    levels = forms.MultipleChoiceField(
        label=gettext_lazy("Checkpoint"), choices=[(str(level), level) for level in range(1, TOP + 1)],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": gettext_lazy("Choose the checkpoint that is reached.")},
    )  # fmt: skip
    grade = forms.ChoiceField(label=gettext_lazy("How good is the evidence?"), choices=Grade, widget=forms.RadioSelect)
    contact = forms.ChoiceField(
        label=gettext_lazy("Who said so?"), required=False, choices=(), widget=forms.RadioSelect
    )
    somebody = forms.CharField(label=gettext_lazy("Somebody else"), max_length=200, required=False)
    day = forms.ChoiceField(label=gettext_lazy("When?"), choices=DAYS, widget=forms.RadioSelect, initial=TODAY)
    said_on = DayField(label=gettext_lazy("On"), required=False)
    link = forms.URLField(
        label=gettext_lazy("Link to it"), max_length=500, required=False, assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://", "inputmode": "url"}),
    )  # fmt: skip
    activity = forms.ModelChoiceField(
        label=gettext_lazy("Joint visit"), queryset=Activity.objects.none(), required=False, to_field_name="key"
    )

    def __init__(
        self, opportunity: Opportunity, ladder: Ladder, user: User, data: Any = None, files: Any = None, *,
        level: int = 1,
    ) -> None:  # fmt: skip
        """`level` is the checkpoint that is chosen at first."""
        self.opportunity, self.ladder, self.user = opportunity, ladder, user
        super().__init__(data, files, initial={"levels": [str(level)], "grade": USUAL[level], "day": TODAY})
        for each in range(1, TOP + 1):
            self.fields[f"evidence_{each}"] = _text(ladder.rung(each).evidence, first=each == level)
        self._offer_contacts()
        meetings = opportunity.activities.done().filter(kind__base__in=FACE_TO_FACE).order_by("-done_at", "-pk")
        kept = meetings.values("pk")[:MEETINGS]
        self.fields["activity"].queryset = meetings.filter(pk__in=kept).select_related("kind")  # type: ignore[attr-defined]

    def _offer_contacts(self) -> None:
        """The contacts that are most often asked, and a search among all, in which a new name can be typed."""
        mine = Contact.objects.filter(customer_id=self.opportunity.customer_id).in_use()
        self.known = list(mine.order_by(F("influence").desc(nulls_last=True), "name", "pk")[:CHIPS])
        self.fields["contact"].choices = [(one.key, one.name) for one in self.known]  # type: ignore[attr-defined]
        self.initial["contact"] = self.known[0].key if len(self.known) == 1 else ""
        picker = PickerInput("picker_contacts", query=f"customer={self.opportunity.customer.key}", create=True)
        typed = self.data.get("somebody", "")
        self.fields["somebody"].widget = picker
        self.named = mine.called(typed.strip())
        if typed:
            picker.choose([(typed, self.named.name if self.named else typed)])

    def rungs(self) -> Iterable[tuple[Rung, Any, Any]]:
        """(rung, the checkbox of its level, its text field) of each level."""
        for box, rung in zip(self["levels"], self.ladder.rungs[1:], strict=True):
            yield rung, box, self[f"evidence_{rung.level}"]

    @property
    def means(self) -> str:
        """The choices that mean a day by the calendar, as a draft keeps them (drafts.js)."""
        return json.dumps({choice: day.isoformat() for choice, day in _days_meant().items()})

    # --- What was typed -----------------------------------------------------------------------

    def clean_levels(self) -> list[int]:
        return [int(level) for level in self.cleaned_data["levels"]]

    def clean(self) -> dict[str, Any]:
        if meant := _days_meant().get(self.cleaned_data.get("day", "")):
            self.cleaned_data["said_on"] = meant
        cleaned = super().clean()
        self.tell_lacking(lambda: self._records(self._known_contact() or self._new_contact()))
        return cleaned

    def _known_contact(self) -> Contact | None:
        """Who said so, of those who are known."""
        if self.cleaned_data["somebody"].strip():
            return self.named
        return next((one for one in self.known if one.key == self.cleaned_data["contact"]), None)

    def _new_contact(self) -> Contact | None:
        """Somebody new by name, who is not saved."""
        typed = self.cleaned_data["somebody"].strip()
        return Contact(customer=self.opportunity.customer, name=typed) if typed else None

    @transaction.atomic
    def save(self) -> list[Checkpoint]:
        """The records, with the contact when that is new, all or none. Raises what the actions raise."""
        contact, new = self._known_contact(), self._new_contact()
        if contact is None and new is not None and self.cleaned_data["grade"] != GRADES[0]:
            contact = create_contact(actor=self.user, customer=new.customer, name=new.name)
        records = self._records(contact)
        return add_checkpoints(opportunity=self.opportunity, records=records, actor=self.user, file=self.stored)

    def _records(self, contact: Contact | None) -> list[Evidence]:
        given = self.cleaned_data
        common = {name: given[name] for name in ("grade", "link", "activity")}
        common |= {"file": self.attachment, **witness(given["grade"], contact, given["said_on"])}
        return [
            Evidence(factor=self.ladder.factor, level=level, evidence=given[f"evidence_{level}"], **common)
            for level in given["levels"]
        ]

    def take(self, error: ValidationError) -> None:
        """Show what the action refused at the fields it is about."""
        levels = self.cleaned_data["levels"]
        found = error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
        for name, texts in found.items():
            index, _dash, field = (name or "").rpartition("-")
            for text in texts:
                self._tell(field, levels[int(index or 0)], text)

    def _tell(self, field: str, level: int, text: str) -> None:
        place = f"evidence_{level}" if field == "evidence" else field
        if place not in self.fields:
            self.add_error(None, text)
        elif text not in self.errors.get(place, []):
            self.add_error(place, text)


def _days_meant() -> dict[str, date]:
    return {TODAY: today(), YESTERDAY: today() - timedelta(days=1)}


def _text(hint: str, *, first: bool) -> forms.CharField:
    box = forms.Textarea(attrs={"rows": 2, "maxlength": LONGEST_EVIDENCE, **({"autofocus": True} if first else {})})
    return forms.CharField(
        label=_("What did they say or do?"), max_length=LONGEST_EVIDENCE, required=False, widget=box, help_text=hint
    )


def needed_by(needs: Mapping[str, Any]) -> dict[str, str]:
    """{need: the grades that ask for it, with blanks between}; what no grade asks for is offered with all but E0."""
    found = {need: [grade for grade in GRADES if need in needs.get(grade, ())] for need in MethodSetting.NEEDS}
    return {need: " ".join(grades or GRADES[1:]) for need, grades in found.items()}


class ReasonForm(forms.Form):
    """Why a record is withdrawn."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": LONGEST_REASON}),
        error_messages={"required": gettext_lazy("Say why.")},
    )  # fmt: skip


class GradeForm(ReasonForm):
    """To which grade a record is lowered, and why."""

    grade = forms.ChoiceField(
        label=gettext_lazy("Grade"), choices=(), widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a lower grade than the present one.")},
    )  # fmt: skip
    field_order = ("grade", "reason")

    def __init__(self, data: Any = None, *, checkpoint: Checkpoint) -> None:
        super().__init__(data)
        lower = [(value, label) for value, label in Grade.choices if value < checkpoint.grade]
        self.fields["grade"].choices = lower  # type: ignore[attr-defined]
