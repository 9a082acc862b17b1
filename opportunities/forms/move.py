"""What a move of a stage asks for: reasons, and the facts of a closing (METHOD.md §2)."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.selectors import today
from opportunities import rules
from opportunities.actions.writing import stage_info
from opportunities.forms.fields import AmountField, DayField
from opportunities.models import Opportunity, Outcome, Stage

VERSION_MAX = 2_147_483_647
WHYS = (
    ("key_person", gettext_lazy("Key person changed")),
    ("need", gettext_lazy("Need changed")),
    ("budget", gettext_lazy("Budget")),
    ("competitor", gettext_lazy("Competitor")),
    ("misjudged", gettext_lazy("Misjudged")),
)


class VersionForm(forms.Form):
    """The version that the person saw, which every write carries."""

    version = forms.IntegerField(min_value=1, max_value=VERSION_MAX, widget=forms.HiddenInput)


class MoveForm(VersionForm):
    """A move of one opportunity to one stage; it has just the fields that this move asks for.

    `fields_of_action()` are the arguments of the action, which is the one to judge them. `past_gate`: it goes on
    without the evidence that the gate asks for, and says why.
    """

    stage = forms.CharField(widget=forms.HiddenInput)
    override = forms.BooleanField(required=False, widget=forms.HiddenInput)
    why = forms.ChoiceField(label=gettext_lazy("Reason"), choices=WHYS, required=False, widget=forms.RadioSelect)
    amount = AmountField(label=gettext_lazy("Amount"), required=False)
    signed_on = DayField(label=gettext_lazy("Signing date"), required=False)
    competitor = forms.CharField(label=gettext_lazy("Competitor, if known"), required=False, max_length=200)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=rules.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": rules.LONGEST_REASON}),
    )  # fmt: skip

    def __init__(
        self, row: Opportunity, target: Stage, data: Any = None, *, seen: str = "", past_gate: bool = False,
        typed: Any = None,
    ) -> None:  # fmt: skip
        """`seen`: the version that the person saw when it is not the present one; `typed`: what they typed so far."""
        self.row, self.target = row, target
        self.past_gate = past_gate or bool(data and data.get("override"))
        self.kind = rules.kind_of_move(stage_info(row.stage), stage_info(target))
        initial = {"stage": target.key, "version": seen or row.version, "amount": row.amount, "signed_on": today()}
        said = {name: typed.get(name, "") for name in ("why", "reason")} if typed else {}
        super().__init__(data, initial={**initial, **said, "override": "yes"})
        for name in set(self.fields) - {"stage", "version", *self.wanted}:
            del self.fields[name]
        if "why" in self.fields:
            self.fields["reason"].label = _("In your words")
        elif "reason" in self.fields:
            self.fields["reason"].required = True
            self.fields["reason"].error_messages["required"] = rules.SAY_WHY
        if self.past_gate:
            self.fields["reason"].label = _("Why move on all the same")

    @property
    def wanted(self) -> tuple[str, ...]:
        """The fields that a person fills in, in order."""
        explained = self.past_gate or rules.needs_reason(stage_info(self.row.stage), stage_info(self.target))
        overriding = ("override",) if self.past_gate else ()
        chips = ("why",) if self.kind in ("backward", "reopening") else ()
        facts = {Outcome.WON: ("amount", "signed_on"), Outcome.LOST: ("competitor",)}.get(self.target.outcome, ())  # type: ignore[call-overload]
        return (*overriding, *chips, *(("reason",) if explained else ()), *facts)

    @property
    def asks(self) -> bool:
        """Whether a person has to be asked before this move."""
        return bool(self.wanted)

    @property
    def answers(self) -> bool:
        """Whether what was posted comes from the dialog."""
        return self.past_gate or any(name in self.data for name in self.wanted)

    @property
    def months_differ(self) -> bool:
        """Whether the signing date lies in another month than today, in which the win is credited."""
        signed = getattr(self, "cleaned_data", {}).get("signed_on")
        return signed is not None and (signed.year, signed.month) != (today().year, today().month)

    def fields_of_action(self) -> dict[str, Any]:
        """Keyword arguments of `move_to_stage`."""
        facts = [name for name in ("amount", "signed_on", "competitor") if name in self.fields]
        given: dict[str, Any] = {name: self.cleaned_data[name] for name in facts}
        return {**given, "reason": self._reason(), "override": self.past_gate}

    def _reason(self) -> str:
        words = self.cleaned_data.get("reason", "").strip()
        why = str(dict(WHYS).get(self.cleaned_data.get("why", ""), ""))
        if why and words:
            return _("%(reason)s: %(words)s") % {"reason": why, "words": words}
        return why or words

    def take(self, error: ValidationError) -> None:
        """Show what the action refused beside the fields it is about."""
        found = error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
        for name, messages in found.items():
            for message in messages:
                self.add_error(name if name in self.fields and name != "stage" else None, message)
