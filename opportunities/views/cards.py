"""The board's cards as ready HTML and its column heads as ready strings: a template only puts them in their places.

A card is one formatted string because a board has up to 72 (docs/performance.md).
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config.web.html import fill
from config.web.templatetags.formats import day, due_label, money
from config.web.templatetags.ui import TIERS, icon, initials, tier
from opportunities import rules
from opportunities.models import Outcome, Stage
from opportunities.selectors.board import Card, Column
from opportunities.views.bars import EvidenceDrawer

WARN_FROM = 0.8  # of a stage's expected days


CARD = """
<article class="asc-opp" id="card-{id}" tabindex="0" data-card="{id}" data-version="{version}" \
aria-labelledby="title-{id}">
<div class="asc-row asc-wrap">{tier}<span class="c-2 cut">{customer}</span>{flag}{move}</div>
<h3 id="title-{id}"><a href="{url}">{title}</a></h3>
<div class="meta"><span class="amt">{amount}</span><span class="c-3 nw">{close}</span></div>
{bars}{mark}
<div class="meta">{age}{historical}<span class="asc-av{two}" title="{owner}" aria-hidden="true">{initials}</span>\
<span class="visually-hidden">{owner}</span></div>
{next_step}
</article>"""
MARK = '<div class="asc-opp-mark">{}</div>'
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
DUE_STATES = {"overdue": "over", "today": "today"}


@dataclass(slots=True)
class CardText:
    """One card in words, and drawn. States are CSS classes: `age_state` warn or rot, `due_state` over or today."""

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
    bars: SafeString
    flag: SafeString
    mark: SafeString
    historical: SafeString
    html: SafeString = field(default=SafeString(), repr=False)


@dataclass(frozen=True, slots=True)
class ColumnText:
    """One column in words, with its cards."""

    stage: Stage
    count: int
    amount: str
    beside: str
    counted: str
    unassessed: str
    cards: list[CardText]
    rest: int


class Drawer:
    """Draws cards on the local day `today`, in the active language; `may_move` gives each its menu.

    What all cards have in common, words, icons and addresses, is looked up once.
    """

    def __init__(self, today: date, *, may_move: bool) -> None:
        self.today, self.may_move = today, may_move
        self.icons = {"": "", **{name: icon(drawn, 14) for name, drawn in ICONS.items()}}
        self.dots = icon("dots", 16)
        self.tiers = {name: tier(name) for name in ("", *TIERS)}
        self.words = _words()
        self.evidence = EvidenceDrawer()
        self.before, _zero, self.after = reverse("opportunity", args=[0]).rpartition("0")

    def column(self, column: Column) -> ColumnText:
        """A column's head and cards; `beside` is the weighted amount, of the won column what its sum is."""
        sums, is_open = column.sums, column.stage.is_open
        alone = self.words["unassessed"] % {"amount": money(sums.unassessed)} if sums.unassessed_count else ""
        return ColumnText(
            stage=column.stage,
            count=sums.count,
            amount=money(sums.amount),
            beside=self.words["weighted" if is_open else "booked"] % {"amount": money(sums.weighted)},
            counted=self.words["counted"] % {"amount": money(sums.counted)} if is_open else "",
            unassessed=alone,
            cards=[self.card(card, column.stage) for card in column.cards],
            rest=column.rest,
        )

    def card(self, card: Card, stage: Stage) -> CardText:
        """A card in the stage it is in."""
        text = self._text(card, stage)
        text.html = self._html(text)
        return text

    def _text(self, card: Card, stage: Stage) -> CardText:
        due = due_label(card.next_step_due if card.next_step else None, self.today, is_open=stage.is_open)
        age, state, hint = self._time(card, stage)
        reading = self.evidence.reading(stage, card.win_rate, card.heights)
        return CardText(
            id=card.id,
            version=card.version,
            title=card.title,
            url=f"{self.before}{card.id}{self.after}",
            customer=card.customer,
            tier=card.tier,
            amount=money(card.worth),
            close=self._close(card, stage),
            age=age,
            age_state=state,
            age_hint=hint,
            owner=card.owner,
            initials=initials(card.owner),
            next_step=card.next_step,
            due="" if due.state == "none" else due.text,
            due_state=DUE_STATES.get(due.state, ""),
            bars=self.evidence.bars(stage, card.heights),
            flag=self.evidence.flag(reading),
            mark=fill(MARK, self.evidence.unproven)
            if stage.is_open and card.unproven_from is not None
            else SafeString(""),
            historical=self.evidence.historical(stage, rules.days_in_stage(card.entered_on, self.today)),
        )

    def _close(self, card: Card, stage: Stage) -> str:
        if stage.outcome == Outcome.WON:
            return self.words["signed"] % {"day": day(card.signed_on or card.entered_on)}
        close = card.expected_close_date
        return self.words["closes"] % {"day": day(close)} if close else self.words["no date"]

    def _time(self, card: Card, stage: Stage) -> tuple[str, str, str]:
        """Words, state and explanation of the days in the stage; a won one has none."""
        if not stage.is_open:
            return self.words["summit"], "won", ""
        spent, expected = rules.days_in_stage(card.entered_on, self.today), stage.expected_days
        values: dict[str, Any] = {"days": spent, "expected": expected, "over": spent - expected}
        hint = self.words["hint"] % values
        if spent > expected:
            return self.words["over"] % values, "rot", hint
        return self.words["days"] % values, "warn" if spent > expected * WARN_FROM else "", hint

    def _html(self, text: CardText) -> SafeString:
        return fill(
            CARD,
            id=text.id,
            version=text.version,
            tier=self.tiers.get(text.tier) or tier(text.tier),
            customer=text.customer,
            flag=text.flag,
            move=self._move(text) if self.may_move else "",
            bars=text.bars,
            mark=text.mark,
            url=text.url,
            title=text.title,
            amount=text.amount,
            close=text.close,
            age=self._age(text),
            historical=text.historical,
            two=" is-two" if len(text.initials) > 1 else "",
            owner=text.owner,
            initials=text.initials,
            next_step=self._next_step(text) if text.next_step else "",
        )

    def _move(self, text: CardText) -> SafeString:
        return fill(MOVE, text.url, self.words["move"] % {"title": text.title}, self.dots)

    def _age(self, text: CardText) -> SafeString:
        hint = fill(' title="{}"', text.age_hint) if text.age_hint else ""
        return fill(AGE, text.age_state, hint, self.icons[text.age_state], text.age)

    def _next_step(self, text: CardText) -> SafeString:
        return fill(NEXT_STEP, text.next_step, text.due_state, self.icons[text.due_state], text.due)


def _words() -> dict[str, str]:
    """What cards say, in the active language."""
    return {
        "weighted": _("weighted %(amount)s"),
        "counted": _("counted %(amount)s"),
        "unassessed": _("unassessed %(amount)s"),
        "booked": _("booked this quarter"),
        "move": _("Move to another stage: %(title)s"),
        "signed": _("signed %(day)s"),
        "closes": _("closes %(day)s"),
        "no date": _("no date"),
        "summit": _("Summit reached"),
        "hint": _("%(days)s days in this stage, %(expected)s expected"),
        "over": _("%(days)s d, %(over)s over"),
        "days": _("%(days)s d"),
    }
