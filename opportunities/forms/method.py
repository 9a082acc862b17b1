"""Forms of the method's settings: the gate, a stage's floors and milestone, the wording of a rung."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.conflicts import settled
from accounts.form_pages import RevisedForm, VersionField
from opportunities.actions.method import TEXTS
from opportunities.models import Factor, MethodSetting, Rung, Stage
from opportunities.rules import gate
from opportunities.rules.evidence import FACTORS, TOP, floors_of
from opportunities.selectors.ladders import ladders

GRADED = ("E1", "E2", "E3")


class MethodForm(forms.Form):
    """The gate's mode, and what each grade needs."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    gate_mode = forms.ChoiceField(label=_("Gate"), choices=MethodSetting.GateMode.choices, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, now: MethodSetting) -> None:
        super().__init__(data, initial={"seen": now.pk, "gate_mode": now.gate_mode})
        for grade in GRADED:
            self.fields[grade] = forms.MultipleChoiceField(
                label=_("%(grade)s needs") % {"grade": grade}, choices=[*MethodSetting.NEEDS.items()], required=False,
                widget=forms.CheckboxSelectMultiple, initial=now.grade_needs.get(grade, []),
            )  # fmt: skip

    def fields_of_action(self) -> dict[str, Any]:
        """What `edit_method` takes."""
        needs = {grade: self.cleaned_data[grade] for grade in GRADED}
        return {"gate_mode": self.cleaned_data["gate_mode"], "grade_needs": needs, "seen": self.cleaned_data["seen"]}


class StageEvidenceForm(forms.Form):
    """A stage's floor by factor, and the conditions of its milestone."""

    version = VersionField()

    def __init__(self, data: Any = None, *, row: Stage) -> None:
        self.row = row
        held = dict(filter(None, map(gate.height_of, row.milestones)))
        super().__init__(data, initial={"version": row.version})
        for factor, floor in zip(FACTORS, floors_of(row.floor, row.floors), strict=True):
            named = {"factor": ladders()[factor].name}
            self.fields[f"floor_{factor}"] = forms.IntegerField(
                label=_("Floor: %(factor)s") % named, min_value=0, max_value=TOP, initial=floor
            )
        for factor in FACTORS:
            named = {"factor": ladders()[factor].name}
            self.fields[f"leave_{factor}"] = forms.TypedChoiceField(
                label=_("To leave: %(factor)s at least") % named, choices=_levels(), coerce=int, empty_value=None,
                required=False, initial=held.get(factor),
            )  # fmt: skip
        self.fields["go"] = forms.BooleanField(
            label=_("To leave: a Go decision is recorded"), required=False, initial=gate.GO in row.milestones
        )
        self.fields["veto_clear"] = forms.BooleanField(
            label=_("To leave: nobody on the veto list is opposed without a plan"), required=False,
            initial=gate.VETO_CLEAR in row.milestones,
        )  # fmt: skip

    def settled(self) -> dict[str, Any]:
        """`changes` and `seen` for `edit_stage`."""
        floors = {factor: self.cleaned_data[f"floor_{factor}"] for factor in FACTORS}
        lowest = min(floors.values())
        wanted = {
            "floor": lowest,
            "floors": {factor: floor for factor, floor in floors.items() if floor != lowest},
            "milestones": list(self._conditions()),
        }
        changes = {name: value for name, value in wanted.items() if self._differs(name, value)}
        return settled(self.row, changes, self.data)

    def _differs(self, name: str, value: Any) -> bool:
        return bool(getattr(self.row, name) != value)

    def _conditions(self) -> Iterable[str]:
        for factor in FACTORS:
            level = self.cleaned_data[f"leave_{factor}"]
            if level:
                yield f"{factor}>={level}"
        for name in (gate.GO, gate.VETO_CLEAR):
            if self.cleaned_data[name]:
                yield name


def _levels() -> list[tuple[Any, str]]:
    return [("", "—"), *((level, str(level)) for level in range(1, TOP + 1))]


class RungForm(forms.ModelForm):  # type: ignore[type-arg]
    """The six texts of a level."""

    class Meta:
        model = Rung
        fields = TEXTS
        widgets = dict.fromkeys(TEXTS, forms.Textarea(attrs={"rows": 2}))  # noqa: RUF012

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, row: Rung) -> None:
        super().__init__(data, instance=Rung(**{name: getattr(row, name) for name in TEXTS}), initial={"seen": row.pk})

    def changes(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in TEXTS}

    def _post_clean(self) -> None:
        """The action checks the row."""


class FactorForm(RevisedForm):
    """What a factor is called."""

    class Meta:
        model = Factor
        fields = ["name_zh", "name_en"]
