"""The dashboard's pictures as ECharts options (tokens: static/src/js/charts.js), coloured by the win-rate ramp."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from config.web.templatetags.formats import day, money, money_signed
from config.web.templatetags.ui import ramp
from pipeline.rules import BARS, EDGES, INCOMING, Movements
from pipeline.selectors.history import History

BAR_NAMES = {
    "begin": _("Begin"),
    "new": _("New"),
    "reopened": _("Reopened"),
    "transferred_in": _("Transferred in"),
    "increased": _("Increased"),
    "decreased": _("Decreased"),
    "won": _("Won"),
    "lost": _("Lost"),
    "no_decision": _("No decision"),
    "no_go": _("No-go"),
    "transferred_out": _("Transferred out"),
    "end": _("End"),
}
ORDER = (EDGES[0], *BARS, EDGES[1])
COLOURS = {"begin": "@line-strong", "won": "@ok", "end": "@accent"}


def trend(history: History) -> dict[str, Any]:
    """Stacked bars: the open amount by stage at the end of each month, and now."""
    series = [
        {
            "name": stage.name,
            "type": "bar",
            "stack": "open",
            "barWidth": "58%",
            "itemStyle": {"color": f"@r{ramp(stage.win_rate)}"},
            "data": [float(point.by_stage[i].amount) for point in history.points],
        }
        for i, stage in enumerate(history.stages)
    ]
    return {
        "grid": {"left": 8, "right": 8, "top": 12, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis", "valueFormatter": "@money"},
        "xAxis": {"type": "category", "data": [day(point.day) for point in history.points]},
        "yAxis": {"type": "value", "axisLabel": {"formatter": "@axis"}, "splitNumber": 4},
        "series": series,
    }


def waterfall(bars: Movements, urls: dict[str, str]) -> dict[str, Any]:
    """Steps from begin to end; a step without an amount is left out, a click opens its rows."""
    shown = [name for name in ORDER if name in EDGES or getattr(bars, name)]
    steps = [_step(name, bars) for name in shown]
    floors = _floors(shown, [getattr(bars, name) for name in shown])
    points = [{**step, "url": urls[name]} for name, step in zip(shown, steps, strict=True)]
    return {
        "grid": {"left": 8, "right": 8, "top": 24, "bottom": 4, "containLabel": True},
        "xAxis": {
            "type": "category",
            "data": [str(BAR_NAMES[name]) for name in shown],
            "axisLabel": {"interval": 0, "width": 64, "overflow": "break"},
        },
        "yAxis": {"type": "value", "show": False, "min": 0},
        "series": [
            {"type": "bar", "stack": "a", "silent": True, "itemStyle": {"color": "transparent"}, "data": floors},
            {
                "type": "bar",
                "stack": "a",
                "barWidth": "62%",
                "barMinHeight": 2,
                "cursor": "pointer",
                "labelLayout": {"hideOverlap": True},
                "label": {"show": True, "position": "top", "formatter": "@lbl", "color": "@ink", "fontSize": 12},
                "data": points,
            },
        ],
    }


def _step(name: str, bars: Movements) -> dict[str, Any]:
    amount = getattr(bars, name)
    signed = money(amount) if name in EDGES else money_signed(amount if name in INCOMING else -amount)
    colour = COLOURS.get(name, "@r50" if name in INCOMING else "@bad")
    return {"value": float(amount), "t": signed, "itemStyle": {"color": colour}}


def _floors(shown: list[str], amounts: list[Decimal]) -> list[float]:
    """Where each step begins: a rise on the level so far, a fall below it, the edges on the ground."""
    level, floors = Decimal(0), []
    for name, amount in zip(shown, amounts, strict=True):
        if name in EDGES:
            level = amount
            floors.append(0.0)
        elif name in INCOMING:
            floors.append(float(level))
            level += amount
        else:
            level -= amount
            floors.append(float(level))
    return floors
