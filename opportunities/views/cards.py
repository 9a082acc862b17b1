"""The board's cards as ready HTML and its column heads as ready strings: a template only puts them in their places.

A card is one formatted string because a board has up to 72 (docs/performance.md).
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config.web.templatetags.formats import day, due_label, money
from config.web.templatetags.ui import icon, initials, tier
from opportunities import rules
from opportunities.models import Outcome, Stage
from opportunities.selectors.board import Card, Column

WARN_FROM = 0.8  # of a stage's expected days


CARD = """
<article class="asc-opp" id="card-{id}" tabindex="0" data-card="{id}" data-version="{version}" \
aria-labelledby="title-{id}">
<div class="asc-row">{tier}<span class="c-2 cut">{customer}</span>{move}</div>
<h3 id="title-{id}"><a href="{url}">{title}</a></h3>
<div class="meta"><span class="amt">{amount}</span><span class="c-3 nw">{close}</span></div>
<div class="meta">{age}<span class="asc-av{two}" title="{owner}" aria-hidden="true">{initials}</span>\
<span class="visually-hidden">{owner}</span></div>
{next_step}
</article>"""
MOVE = '<a class="asc-mv asc-push" href="{}move/" data-move aria-haspopup="menu" aria-label="{}">{}</a>'
AGE = '<span class="asc-age {}"{}>{}{}</span>'
NEXT_STEP = '<div class="nxt"><span class="cut" title="{0}">{0}</span><span class="asc-due {1}">{2}{3}</span></div>'
ICONS = {
    "warn": "hourglass-high",
    "rot": "hourglass",
    "won": "flag",
    "over": "clock-exclamation",
    "today": "calendar-due",
}


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
    html: SafeString = field(default=SafeString(), repr=False)


@dataclass(frozen=True, slots=True)
class ColumnText:
    """One column in words, with its cards."""

    stage: Stage
    count: int
    amount: str
    beside: str
    cards: list[CardText]
    rest: int


class Drawer:
    """Draws cards on the local day `today`, in the active language; `may_move` gives each its menu."""

    def __init__(self, today: date, *, may_move: bool) -> None:
        self.today, self.may_move = today, may_move
        self.icons = {"": "", **{name: icon(drawn, 14) for name, drawn in ICONS.items()}}
        self.dots = icon("dots", 16)

    def column(self, column: Column) -> ColumnText:
        """A column's head and cards; `beside` is the weighted amount, of the won column what its sum is."""
        won = column.stage.outcome == Outcome.WON
        weighted = "" if won else _("weighted %(amount)s") % {"amount": money(column.weighted)}
        return ColumnText(
            stage=column.stage,
            count=column.count,
            amount=money(column.amount),
            beside=_("booked this quarter") if won else weighted,
            cards=[self.card(card, column.stage) for card in column.cards],
            rest=column.rest,
        )

    def card(self, card: Card, stage: Stage) -> CardText:
        """A card in the stage it is in."""
        text = card_text(card, stage, self.today)
        return replace(text, html=self._html(text))

    def _html(self, text: CardText) -> SafeString:
        return format_html(
            CARD,
            id=text.id,
            version=text.version,
            tier=tier(text.tier),
            customer=text.customer,
            move=format_html(MOVE, text.url, _("Move to another stage: %(title)s") % {"title": text.title}, self.dots)
            if self.may_move
            else "",
            url=text.url,
            title=text.title,
            amount=text.amount,
            close=text.close,
            age=self._age(text),
            two=" is-two" if len(text.initials) > 1 else "",
            owner=text.owner,
            initials=text.initials,
            next_step=self._next_step(text) if text.next_step else "",
        )

    def _age(self, text: CardText) -> SafeString:
        hint = format_html(' title="{}"', text.age_hint) if text.age_hint else ""
        return format_html(AGE, text.age_state, hint, self.icons[text.age_state], text.age)

    def _next_step(self, text: CardText) -> SafeString:
        return format_html(NEXT_STEP, text.next_step, text.due_state, self.icons[text.due_state], text.due)


def card_text(card: Card, stage: Stage, today: date) -> CardText:
    """A card in the stage it is in, on the local day `today`, not drawn."""
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
