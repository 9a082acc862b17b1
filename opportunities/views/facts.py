"""The facts of one opportunity as its page shows them, each editable where it stands."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from config.web.templatetags.formats import day_full, due_label, money
from opportunities import rules
from opportunities.forms.edit import fields_of
from opportunities.models import Opportunity
from opportunities.selectors.table import weighted_of
from opportunities.views.conflicts import label_of, shown

HEAD = ("amount", "expected_close_date")
STEP = ("next_step", "next_step_due")
ELSEWHERE = ("customer", "title", *HEAD, *STEP)


@dataclass(frozen=True, slots=True)
class Fact:
    """A field in words: `tone` is bad or warn, with an icon; `hint` stands beside or below it."""

    pk: int
    name: str
    label: str
    text: str
    hint: str = ""
    tone: str = ""
    icon: str = ""


def facts_of(opportunity: Opportunity, day: date) -> dict[str, list[Fact]]:
    """The facts on the local date `day`: those of the head, the next step, and the rest."""
    rest = [name for name in fields_of(opportunity) if name not in ELSEWHERE]
    parts = {"head": HEAD, "step": STEP, "rest": rest}
    return {part: [fact_of(opportunity, name, day) for name in names] for part, names in parts.items()}


def fact_of(opportunity: Opportunity, name: str, day: date) -> Fact:
    """One field of the opportunity in words."""
    value = getattr(opportunity, name)
    words = shown(name, value)
    made: Any = {"amount": _amount, "expected_close_date": _close, "next_step_due": _due}.get(name)
    extra = made(opportunity, value, day) if made else {}
    common: dict[str, Any] = {"pk": opportunity.pk, "name": name, "label": label_of(name), "text": words}
    return Fact(**{**common, **extra})


def _amount(opportunity: Opportunity, value: Decimal | None, _day: date) -> dict[str, Any]:
    weighted = weighted_of(opportunity)
    hint = _("weighted %(amount)s") % {"amount": money(weighted)} if weighted is not None else ""
    return {"text": money(value), "hint": hint if opportunity.is_open else ""}


def _close(opportunity: Opportunity, value: date | None, day: date) -> dict[str, Any]:
    if value is None or not opportunity.is_open or value >= day:
        return {"text": day_full(value)}
    late = rules.days_in_stage(value, day)
    return {"hint": _("%(count)s d overdue") % {"count": f"{late:,}"}, "tone": "bad", "icon": "calendar-due"}


def _due(opportunity: Opportunity, value: date | None, day: date) -> dict[str, Any]:
    if value is None or not opportunity.next_step or not opportunity.is_open:
        return {}
    found = due_label(value, day)
    tone = {"overdue": "bad", "over": "bad", "today": "warn"}.get(found.state, "")
    icon = {"bad": "clock-exclamation", "warn": "calendar-due"}.get(tone, "")
    return {"hint": found.text if tone else "", "tone": tone, "icon": icon}
