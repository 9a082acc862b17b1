"""The tier rules as a form, and their changes in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accounts.conflicts import version_in
from config.web.templatetags.formats import MISSING
from customers.assessment_forms import LABELS
from customers.models import TierRules
from customers.rules import tiers as rules

DEPTHS: dict[str, str | Promise] = {
    "weekly": pgettext_lazy("review depth", "weekly"),
    "monthly": pgettext_lazy("review depth", "monthly"),
    "quarterly": pgettext_lazy("review depth", "quarterly"),
    "none": pgettext_lazy("review depth", "none"),
}
REVIEWED: dict[str, str | Promise] = {
    "weekly": gettext_lazy("reviewed in depth every week"),
    "monthly": gettext_lazy("reviewed in depth every month"),
    "quarterly": gettext_lazy("reviewed in depth every quarter"),
}
DAYS = ("assess_every_days", "decision_maker_days")
LONGEST = 3650


def name_of(field: str) -> str:
    """What a field of the rules is called."""
    name = str(TierRules._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
    return name[:1].upper() + name[1:]


def in_words(changes: Iterable[tuple[str, str, Any, Any]]) -> list[tuple[str, str, str]]:
    """(what, before, after) of the changes of `rules_history`."""
    return [(_what(field, key), _value(before), _value(after)) for field, key, before, after in changes]


def treatment_in_words(treatment: rules.Treatment | None) -> str:
    """What a tier asks of us, in one line; empty without a tier."""
    if treatment is None:
        return ""
    days = treatment.cadence_days
    said = [
        ngettext("contact every day", "contact every %(days)s days", days) % {"days": days} if days else "",
        _("account plan required") if treatment.plan_required else "",
        str(REVIEWED.get(treatment.review_depth, "")),
    ]
    return " · ".join(filter(None, said)) or _("no contact, plan or review asked for")


def _what(field: str, key: str) -> str:
    return f"{name_of(field)}: {LABELS.get(key, key)}" if key else name_of(field)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return _(", ").join(value) or MISSING
    return MISSING if value is None else str(DEPTHS.get(value, value))


@dataclass(frozen=True, slots=True)
class TierRow:
    """The fields of one tier; the lowest has no `points`."""

    tier: str
    points: forms.BoundField | None
    cadence: forms.BoundField
    accounts: forms.BoundField
    depth: forms.BoundField
    plan: forms.BoundField


class TierRulesForm(forms.Form):
    """The rules in force, to be changed from now on; what is wrong with a table as a whole stands below it."""

    def __init__(self, data: Any = None, *, now: TierRules) -> None:
        super().__init__(data, initial={"seen": now.pk})
        self.fields["seen"] = forms.Field(required=False, widget=forms.HiddenInput)
        for name, (keys, most) in rules.TABLES.items():
            self.fields[name] = forms.Field(required=False, widget=forms.HiddenInput)  # holds the table's errors
            for key in keys:
                self.fields[f"{name}_{key}"] = _number(_what(name, key), most, getattr(now, name).get(key))
        for tier in rules.TIERS:
            self.fields[f"depth_{tier}"] = forms.ChoiceField(
                label=_what("review_depth", tier), choices=list(DEPTHS.items()), initial=now.review_depth.get(tier)
            )
            self.fields[f"plan_{tier}"] = forms.BooleanField(
                label=_what("plan_required", tier), required=False, initial=tier in now.plan_required
            )
        for name in DAYS:
            self.fields[name] = _number(name_of(name), LONGEST, getattr(now, name), least=1)
            self.fields[name].unit = _("days")  # type: ignore[attr-defined]
        for name in rules.CRITERIA:
            self.fields[f"weights_{name}"].short = LABELS[name]  # type: ignore[attr-defined]
        for bound in self:
            css = {forms.ChoiceField: "form-select", forms.BooleanField: "form-check-input"}.get(type(bound.field))
            bound.field.widget.attrs |= {"class": css or "form-control", "aria-label": str(bound.label)}

    @property
    def seen(self) -> int:
        """The id of the rules that the editor saw."""
        return version_in(self.data, "seen")

    def weighed(self) -> list[forms.BoundField]:
        return [self[f"weights_{name}"] for name in rules.CRITERIA]

    def tables(self) -> list[forms.BoundField]:
        """What is wrong with the tables of tiers as a whole."""
        return [self[name] for name in rules.TABLES if name != "weights"]

    def days(self) -> list[forms.BoundField]:
        return [self[name] for name in DAYS]

    def tiers(self) -> list[TierRow]:
        """The highest first."""
        return [
            TierRow(
                tier, self[f"thresholds_{tier}"] if f"thresholds_{tier}" in self.fields else None,
                self[f"cadence_days_{tier}"], self[f"accounts_per_rep_{tier}"], self[f"depth_{tier}"],
                self[f"plan_{tier}"],
            )
            for tier in rules.TIERS
        ]  # fmt: skip

    def changes(self) -> dict[str, Any]:
        """What `edit_tier_rules` takes."""
        said = self.cleaned_data
        tables = {name: {key: said[f"{name}_{key}"] for key in keys} for name, (keys, _most) in rules.TABLES.items()}
        return {
            **tables,
            **{name: said[name] for name in DAYS},
            "review_depth": {tier: said[f"depth_{tier}"] for tier in rules.TIERS},
            "plan_required": [tier for tier in rules.TIERS if said[f"plan_{tier}"]],
        }


def _number(label: str, most: int, now: Any, least: int = 0) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, initial=now)


def shown(now: TierRules) -> dict[str, Any]:
    """The rules as the page shows them: criteria with weights, a row for each tier."""
    return {
        "weights": [(LABELS[name], now.weights[name]) for name in rules.CRITERIA],
        "tiers": [
            {
                "tier": tier,
                "points": now.thresholds.get(tier),
                "cadence": now.cadence_days[tier],
                "accounts": now.accounts_per_rep[tier],
                "depth": DEPTHS[now.review_depth[tier]],
                "plan": tier in now.plan_required,
            }
            for tier in rules.TIERS
        ],
        "potential": sum(now.weights[name] for name in rules.POTENTIAL_OF),
    }
