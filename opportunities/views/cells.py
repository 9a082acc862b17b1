"""The table's rows and their cells as ready HTML, for the page and for a cell that is swapped alone after an edit.

Formatted strings as the board's cards are (views/cards.py): a page has fifty rows of seven cells.
"""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config.web.templatetags.formats import MISSING, day_full, days, due, money, percent
from config.web.templatetags.ui import avatar, icon, tier
from opportunities.selectors.table import Row

ROW = """<tr id="row-{id}">
{pick}
<td class="asc-deal-cell"><div class="asc-row">{tier}<span class="cut"><a href="{url}" title="{title}">{title}</a> \
<span class="c-3 t-12">{customer}</span></span></div></td>
<td class="nw" id="cell-{id}-stage">{stage}</td>
<td class="num" id="cell-{id}-amount">{amount}</td>
<td class="nw" id="cell-{id}-expected_close_date">{expected_close_date}</td>
<td class="num">{days}</td>
<td class="asc-next-cell" id="cell-{id}-next_step">{next_step}</td>
<td class="nw" id="cell-{id}-next_step_due">{next_step_due}</td>
<td class="nw"><span class="asc-row">{avatar}<span class="t-12">{owner}</span></span></td>
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
DUE_STATES = {"overdue": "over"}
DUE_ICONS = {"over": "clock-exclamation", "today": "calendar-due"}
AGE_ICONS = {"rot": "hourglass", "warn": "hourglass-high"}


class RowDrawer:
    """Draws rows in the active language; `may_pick` gives each its box, `editable` makes the cells links."""

    def __init__(self, *, editable: bool, may_pick: bool = False) -> None:
        self.editable, self.may_pick = editable, may_pick

    def row(self, row: Row) -> SafeString:
        """A whole row."""
        it = row.opportunity
        owner = str(it.owner)
        return format_html(
            ROW,
            id=it.pk,
            pick=format_html('<td class="asc-pick">{}</td>', self._pick(row)) if self.may_pick else "",
            tier=tier(it.customer.tier),
            url=reverse("opportunity", args=[it.pk]),
            title=it.title,
            customer=it.customer.name,
            days=_days(row),
            avatar=avatar(owner, bare=True),
            owner=owner,
            **{name: self.cell(row, name) for name in CELLS},
        )

    def cell(self, row: Row, name: str) -> SafeString:
        """What stands in one cell of CELLS."""
        return CELLS[name](self, row)

    def repick(self, row: Row) -> SafeString:
        """The row's box with the version it has now, to be swapped in."""
        return format_html(REPICK, row.opportunity.pk, self._pick(row))

    def _pick(self, row: Row) -> SafeString:
        it = row.opportunity
        return format_html(PICK, it.pk, it.version, _("Choose %(title)s") % {"title": it.title})

    def _link(self, row: Row, name: str, shown: Any, label: str, css: str = "", title: Any = "") -> SafeString:
        pk = row.opportunity.pk
        url = reverse("opportunity", args=[pk])
        return format_html(EDIT, id=pk, url=url, name=name, shown=shown, label=label, css=css, title=title)

    def _stage(self, row: Row) -> SafeString:
        rate, stage = percent(row.opportunity.win_rate), row.opportunity.stage.name
        shown = format_html('<span class="fw-medium">{}</span> <span class="c-3 t-12">{}</span>', rate, stage)
        if not self.editable:
            return shown
        return self._link(row, "stage", shown, _("Stage: %(value)s. Edit") % {"value": f"{rate} {stage}"})

    def _amount(self, row: Row) -> SafeString:
        shown = money(row.opportunity.amount)
        if not self.editable:
            return format_html("{}", shown)
        return self._link(row, "amount", shown, _("Amount: %(value)s. Edit") % {"value": shown}, css=" num")

    def _close(self, row: Row) -> SafeString:
        day = day_full(row.opportunity.expected_close_date)
        shown = format_html("<span>{}</span>", day)
        if row.overdue:
            shown = format_html('<span class="c-bad fw-semibold">{} {}</span>', icon("alert-triangle", 14), day)
        if not self.editable:
            return shown
        return self._link(row, "expected_close_date", shown, _("Expected close: %(value)s. Edit") % {"value": day})

    def _next_step(self, row: Row) -> SafeString:
        step = row.opportunity.next_step
        if not self.editable:
            return format_html('<span class="cut d-block" title="{}">{}</span>', step, step or MISSING)
        unset = _("Set the next step")
        shown = step or format_html('<span class="c-3">{}</span>', unset)
        label = _("Next step: %(value)s. Edit") % {"value": step or unset}
        return self._link(row, "next_step", shown, label, css=" cut", title=format_html(' title="{}"', step))

    def _due(self, row: Row) -> SafeString:
        found = due(row.opportunity.next_step_due)
        state = DUE_STATES.get(found.state, found.state)
        drawn = icon(DUE_ICONS[state], 14) if state in DUE_ICONS else ""
        shown = format_html('<span class="asc-due {}">{}{}</span>', state, drawn, found.text)
        if not self.editable:
            return shown
        return self._link(row, "next_step_due", shown, _("Due: %(value)s. Edit") % {"value": found.text})


CELLS = {
    "stage": RowDrawer._stage,
    "amount": RowDrawer._amount,
    "expected_close_date": RowDrawer._close,
    "next_step": RowDrawer._next_step,
    "next_step_due": RowDrawer._due,
}


def _days(row: Row) -> SafeString:
    if not row.opportunity.is_open:
        return format_html('<span class="c-3">{}</span>', MISSING)
    expected = row.opportunity.stage.expected_days
    hint = _("%(days)s days in this stage, %(expected)s expected") % {"days": row.days, "expected": expected}
    drawn = icon(AGE_ICONS[row.age], 14) if row.age else ""
    return format_html('<span class="asc-age {}" title="{}">{}{}</span>', row.age, hint, drawn, days(row.days))
