"""The board's cards and column heads as ready strings, so that a template only puts them in their places."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from config.web.templatetags.formats import day, due_label, money
from config.web.templatetags.ui import initials
from opportunities import rules
from opportunities.models import Outcome, Stage
from opportunities.selectors.board import Card, Column

WARN_FROM = 0.8  # of a stage's expected days


@dataclass(frozen=True, slots=True)
class CardText:
    """One card in words. States are CSS classes: `age_state` warn or rot, `due_state` over or today."""

    id: int
    version: int
    title: str
    url: str
    customer: str
    tier: str
    amount: str
    close: str
    age: str
    age_state: str
    age_hint: str
    owner: str
    initials: str
    next_step: str
    due: str
    due_state: str


@dataclass(frozen=True, slots=True)
class ColumnText:
    """One column in words, with its cards."""

    stage: Stage
    count: int
    amount: str
    beside: str
    cards: list[CardText]
    rest: int


def column_text(column: Column, today: date) -> ColumnText:
    """A column's head and cards; `beside` is the weighted amount, of the won column what its sum is."""
    won = column.stage.outcome == Outcome.WON
    beside = _("booked this quarter") if won else _("weighted %(amount)s") % {"amount": money(column.weighted)}
    return ColumnText(
        stage=column.stage,
        count=column.count,
        amount=money(column.amount),
        beside=beside,
        cards=[card_text(card, column.stage, today) for card in column.cards],
        rest=column.rest,
    )


def card_text(card: Card, stage: Stage, today: date) -> CardText:
    """A card in the stage it is in, on the local day `today`."""
    due = due_label(card.next_step_due if card.next_step else None, today)
    age, state, hint = _age(card, stage, today)
    return CardText(
        id=card.id,
        version=card.version,
        title=card.title,
        url=reverse("opportunity", args=[card.id]),
        customer=card.customer,
        tier=card.tier,
        amount=money(card.worth),
        close=_close(card, stage),
        age=age,
        age_state=state,
        age_hint=hint,
        owner=card.owner,
        initials=initials(card.owner),
        next_step=card.next_step,
        due="" if due.state == "none" else due.text,
        due_state={"overdue": "over", "over": "over", "today": "today"}.get(due.state, ""),
    )


def _close(card: Card, stage: Stage) -> str:
    if stage.outcome == Outcome.WON:
        return _("signed %(day)s") % {"day": day(card.signed_on or card.entered_on)}
    return _("closes %(day)s") % {"day": day(card.expected_close_date)} if card.expected_close_date else _("no date")


def _age(card: Card, stage: Stage, today: date) -> tuple[str, str, str]:
    """Words, state and explanation of the days in the stage; a won one has none."""
    if not stage.is_open:
        return _("Summit reached"), "won", ""
    spent, expected = rules.days_in_stage(card.entered_on, today), stage.expected_days
    values: dict[str, Any] = {"days": spent, "expected": expected, "over": spent - expected}
    hint = _("%(days)s days in this stage, %(expected)s expected") % values
    if spent > expected:
        return _("%(days)s d, %(over)s over") % values, "rot", hint
    state = "warn" if spent > expected * WARN_FROM else ""
    return _("%(days)s d") % values, state, hint
