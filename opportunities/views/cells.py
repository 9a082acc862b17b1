"""The table's rows and their cells as ready HTML, for the page and for a cell that is swapped alone after an edit.

Formatted strings as the board's cards are (views/cards.py): a page has 25 rows of seven cells.
"""

from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config.web.html import fill
from config.web.templatetags.formats import MISSING, day_full, days, due, money, percent
from config.web.templatetags.ui import TIERS, avatar, icon, tier
from opportunities.selectors.table import Row
from opportunities.views.bars import EvidenceDrawer

ROW = """<tr id="row-{id}">
{pick}
<td class="asc-deal-cell"><div class="asc-row">{tier}<span class="cut"><a href="{url}" title="{title}">{title}</a> \
<span class="c-3 t-12">{customer}</span></span></div></td>
<td class="nw" id="cell-{id}-stage">{stage}</td>
<td class="num" id="cell-{id}-amount">{amount}</td>
<td class="nw" id="cell-{id}-expected_close_date" data-label="{close}">{expected_close_date}</td>
<td class="asc-ff-cell">{bars}</td>
<td class="num nw asc-height-cell">{height}</td>
<td class="num">{days}</td>
<td class="asc-next-cell" id="cell-{id}-next_step">{next_step}</td>
<td class="nw" id="cell-{id}-next_step_due">{next_step_due}</td>
<td class="nw asc-owner-cell"><span class="asc-row">{avatar}<span class="t-12">{owner}</span></span></td>
</tr>"""
PICK = (
    '<input class="form-check-input" type="checkbox" form="bulk" name="ids" id="pick-{0}" value="{0}-{1}"'
    ' data-pick="{0}" aria-label="{2}">'
)
REPICK = '<hx-partial hx-target="#pick-{}" hx-swap="outerHTML">{}</hx-partial>'
EDIT = (
    '<a class="asc-cell{css}" href="{url}field/{name}/" hx-get="{url}field/{name}/?in=table"'
    ' hx-target="#cell-{id}-{name}"{title} aria-label="{label}">{shown}</a>'
)
STAGE = (
    '<span class="fw-medium">{}</span><span class="c-3"> / </span>{} {}{}'
    ' <span class="asc-stage-name c-3 t-12">{}</span>'
)
DUE_STATES = {"overdue": "over"}
ICONS = {
    "over": "clock-exclamation",
    "today": "calendar-due",
    "rot": "hourglass",
    "warn": "hourglass-high",
    "late": "alert-triangle",
}


class RowDrawer:
    """Draws rows in the active language; `may_pick` gives each its box, `editable` makes the cells links.

    What rows have in common, words, icons and addresses, is looked up once.
    """

    def __init__(self, *, editable: bool, may_pick: bool = False) -> None:
        self.editable, self.may_pick = editable, may_pick
        self.words = _words()
        self.evidence = EvidenceDrawer(" is-table")
        self.icons = {name: icon(drawn, 14) for name, drawn in ICONS.items()}
        self.tiers = {name: tier(name) for name in ("", *TIERS)}
        self.avatars: dict[str, SafeString] = {}
        self.before, _zero, self.after = reverse("opportunity", args=[0]).rpartition("0")

    def row(self, row: Row) -> SafeString:
        """A whole row."""
        it = row.opportunity
        return fill(
            ROW,
            id=it.pk,
            pick=fill('<td class="asc-pick">{}</td>', self._pick(row)) if self.may_pick else "",
            tier=self.tiers[row.tier],
            url=self._url(row),
            title=it.title,
            customer=row.customer,
            bars=self.evidence.bars(it.stage, row.heights),
            height=fill('{}<span class="c-3">/30</span>', row.heights.total) if row.heights else MISSING,
            days=self._days(row),
            avatar=self._avatar(row.owner),
            owner=row.owner,
            close=self.words["close"],
            **{name: self.cell(row, name) for name in CELLS},
        )

    def cell(self, row: Row, name: str) -> SafeString:
        """What stands in one cell of CELLS."""
        return CELLS[name](self, row)

    def repick(self, row: Row) -> SafeString:
        """The row's box with the version it has now, to be swapped in."""
        return fill(REPICK, row.opportunity.pk, self._pick(row))

    def _pick(self, row: Row) -> SafeString:
        it = row.opportunity
        return fill(PICK, it.pk, it.version, self.words["choose"] % {"title": it.title})

    def _url(self, row: Row) -> str:
        return f"{self.before}{row.opportunity.pk}{self.after}"

    def _avatar(self, owner: str) -> SafeString:
        """Of each owner once: most rows of a page have one of a few."""
        if owner not in self.avatars:
            self.avatars[owner] = avatar(owner, bare=True)
        return self.avatars[owner]

    def _link(self, row: Row, name: str, shown: Any, value: str, css: str = "", title: Any = "") -> SafeString:
        label = self.words[name] % {"value": value}
        url = self._url(row)
        return fill(EDIT, id=row.opportunity.pk, url=url, name=name, shown=shown, label=label, css=css, title=title)

    def _stage(self, row: Row) -> SafeString:
        it = row.opportunity
        rate, stage = percent(it.win_rate), it.stage.name
        reading = self.evidence.reading(it.stage, it.win_rate, row.heights)
        beside = self.evidence.evidenced(reading) if it.is_open else ""
        unproven = self.evidence.unproven_mark if it.moved_without_proof else ""
        historical = self.evidence.historical(it.stage, row.days)
        shown = fill(STAGE, rate, beside, historical, unproven, stage)
        if not self.editable:
            return shown
        rates = rate if reading.evidenced is None else f"{rate} / {percent(reading.evidenced)}"
        parts = (rates, self.evidence.historical_words(it.stage, row.days), stage)
        return self._link(row, "stage", shown, " ".join(filter(None, parts)))

    def _amount(self, row: Row) -> SafeString:
        shown = money(row.opportunity.amount)
        if not self.editable:
            return fill("{}", shown)
        return self._link(row, "amount", shown, shown, css=" num")

    def _close(self, row: Row) -> SafeString:
        day = day_full(row.opportunity.expected_close_date)
        shown = fill("<span>{}</span>", day)
        if row.overdue:
            shown = fill('<span class="c-bad fw-semibold">{} {}</span>', self.icons["late"], day)
        if not self.editable:
            return shown
        return self._link(row, "expected_close_date", shown, day)

    def _next_step(self, row: Row) -> SafeString:
        step = row.opportunity.next_step
        if not self.editable:
            return fill('<span class="cut d-block" title="{}">{}</span>', step, step or MISSING)
        unset = self.words["unset"]
        shown = step or fill('<span class="c-3">{}</span>', unset)
        return self._link(row, "next_step", shown, step or unset, css=" cut", title=fill(' title="{}"', step))

    def _due(self, row: Row) -> SafeString:
        found = due(row.opportunity.next_step_due, row.opportunity.is_open)
        state = DUE_STATES.get(found.state, found.state)
        shown = fill('<span class="asc-due {}">{}{}</span>', state, self.icons.get(state, ""), found.text)
        if not self.editable:
            return shown
        return self._link(row, "next_step_due", shown, found.text)

    def _days(self, row: Row) -> SafeString:
        if not row.opportunity.is_open:
            return fill('<span class="c-3">{}</span>', MISSING)
        expected = row.opportunity.stage.expected_days
        hint = self.words["days"] % {"days": row.days, "expected": expected}
        drawn = self.icons.get(row.age, "")
        return fill('<span class="asc-age {}" title="{}">{}{}</span>', row.age, hint, drawn, days(row.days))


CELLS = {
    "stage": RowDrawer._stage,
    "amount": RowDrawer._amount,
    "expected_close_date": RowDrawer._close,
    "next_step": RowDrawer._next_step,
    "next_step_due": RowDrawer._due,
}


def _words() -> dict[str, str]:
    """What cells say, in the active language: what a link does by the name of its cell."""
    return {
        "stage": _("Stage: %(value)s. Edit"),
        "amount": _("Amount: %(value)s. Edit"),
        "expected_close_date": _("Expected close: %(value)s. Edit"),
        "next_step": _("Next step: %(value)s. Edit"),
        "next_step_due": _("Due: %(value)s. Edit"),
        "close": _("Expected close"),
        "unset": _("Set the next step"),
        "days": _("%(days)s days in this stage, %(expected)s expected"),
        "choose": _("Choose %(title)s"),
    }
