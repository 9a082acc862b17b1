"""What the criteria of an ideal customer ask, and what was found of a customer, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.web.templatetags.formats import day_full, money
from customers.models import IdealProfile, ProfileCriterion
from customers.rules.profiles import Finding, amount_of, words_of

Kind = ProfileCriterion.Kind
NAMES = {
    Kind.INDUSTRY: gettext_lazy("Industry"),
    Kind.REGION: gettext_lazy("Region"),
    Kind.SPEND: gettext_lazy("Yearly spend"),
    Kind.TIER: gettext_lazy("Tier"),
    Kind.BOUGHT_LINE: gettext_lazy("Last order from the line"),
    Kind.DECISION_MAKER: gettext_lazy("Decision maker"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A criterion: what it is called, what it asks for, its weight and its part of all weights, 0-1."""

    label: str
    wanted: str
    weight: int
    part: float


@dataclass(frozen=True, slots=True)
class Said:
    """A criterion and a customer: what was found, whether it holds, what the criterion weighs."""

    label: str
    wanted: str
    found: str
    holds: bool
    weight: int


def asked_of(profile: IdealProfile) -> list[Asked]:
    """The criteria of a profile, whose rows are loaded."""
    rows = list(profile.criteria.all())  # type: ignore[attr-defined]
    whole = sum(row.weight for row in rows)
    return [
        Asked(
            str(row.get_kind_display()), wanted_of(row.kind, row.value or _line(row, profile)), row.weight,
            row.weight / whole,
        )
        for row in rows
    ]  # fmt: skip


def _line(row: ProfileCriterion, profile: IdealProfile) -> str:
    return profile.line if row.kind == Kind.BOUGHT_LINE else ""


def wanted_of(kind: str, value: str) -> str:
    """What a criterion asks for; empty where its kind says all of it."""
    if kind == Kind.SPEND:
        return money(amount_of(value))
    if kind in (Kind.INDUSTRY, Kind.REGION):
        return _(", ").join(words_of(value))
    return "" if kind == Kind.DECISION_MAKER else value


def said_of(findings: Iterable[Finding]) -> list[Said]:
    """What was found of a customer for each criterion."""
    return [
        Said(str(NAMES[Kind(each.kind)]), _asks(each), found_of(each.found), each.holds, each.weight)
        for each in findings
    ]


def _asks(finding: Finding) -> str:
    wanted = wanted_of(finding.kind, finding.wanted)
    return f"≥ {wanted}" if finding.kind in (Kind.SPEND, Kind.TIER) else wanted


def found_of(found: object) -> str:
    """A value that was found, or that none is known."""
    if isinstance(found, Decimal):
        return money(found)
    if isinstance(found, date):
        return day_full(found)
    return str(found) if found else _("none known")
