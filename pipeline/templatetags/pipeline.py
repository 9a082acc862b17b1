"""What only the dashboard's templates need."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pipeline.selectors.dashboard import Dashboard

register = template.Library()


@register.simple_tag
def funnel_bar(amount: Any, widest: Any, step: int) -> SafeString:
    """A bar centred as in a funnel, as wide as the amount's share of the widest; `step` is its colour on the ramp."""
    width = 156 * float(amount) / float(widest) if widest else 0.0
    return format_html(
        '<svg viewBox="0 0 160 20" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="b{}" x="{}" y="2" width="{}" height="16" rx="2"/></svg>',
        step, f"{80 - width / 2:.1f}", f"{width:.1f}",
    )  # fmt: skip


@register.simple_tag
def member_rows(figure: str, found: Dashboard, team: str, person: str) -> str:
    """The address of the rows behind one person's line in the table of teams."""
    return _rows(figure, found, {**found.scope.params, "member": person, "of": team})


@register.simple_tag
def team_rows(figure: str, found: Dashboard, team: str) -> str:
    """The address of the rows behind a team's line, all below it included."""
    return _rows(figure, found, {"team": team})


def _rows(figure: str, found: Dashboard, query: dict[str, Any]) -> str:
    if not found.live:
        query["as_of"] = found.as_of
    if figure == "booked":
        query["period"] = found.booked.period.key
    return f"{reverse('dashboard_rows', args=[figure])}?{urlencode(query)}"
