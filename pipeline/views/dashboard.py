"""The performance dashboard, and the rows behind each of its figures."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from opportunities.models import Stage
from opportunities.selectors.conditions import in_words
from pipeline import charts
from pipeline.forms import DashboardForm, RowsForm
from pipeline.rules import EDGES
from pipeline.scopes import Scope, narrowed, scope_for
from pipeline.selectors.booked import booked_rows
from pipeline.selectors.dashboard import Dashboard, dashboard
from pipeline.selectors.funnel import Funnel
from pipeline.selectors.open_rows import open_rows
from pipeline.selectors.rows import Rows
from pipeline.selectors.waterfall import waterfall_items

PAGE_SIZE = 50
STALE_AFTER = timedelta(hours=26)


def asked_scope(request: HttpRequest) -> Scope:
    """The scope that the address names: `owner`, `team`, and `member` + `of` for one line of the table."""
    assert isinstance(request.user, User)
    asked = {name: request.GET.get(name) or None for name in ("owner", "team")}
    if all(asked.values()) or any("\x00" in value for value in request.GET.values()):
        raise Http404
    scope = scope_for(request.user, **asked)
    member = request.GET.get("member")
    return narrowed(scope, member, request.GET.get("of", "")) if member else scope


def show(request: HttpRequest) -> HttpResponse:
    """Open, weighted, booked, funnel, waterfall, trend, teams: for a scope, as of a day or now."""
    scope, form = asked_scope(request), DashboardForm(request.GET)
    valid = form.is_valid()
    found = dashboard(scope, form.cleaned_data.get("as_of"))
    back = form.cleaned_data.get("days") or 28
    context = {"found": found, "form": form, "back": back, "links": Links(found), **_pictures(found, back)}
    context["stale"] = _is_stale(found)
    return render(request, "pipeline/dashboard.html", context, status=200 if valid else 400)


def _is_stale(found: Dashboard) -> bool:
    """Whether the stored history is older than a night (the stamp turns into a warning)."""
    at = found.freshness.at
    return found.live and at is not None and found.computed_at - at > STALE_AFTER


def _pictures(found: Dashboard, back: int) -> dict[str, Any]:
    links, steps = Links(found), found.waterfalls[back]
    urls = {name: links.bar(name, steps) for name in charts.ORDER}
    lines = [(charts.BAR_NAMES[name], getattr(steps.bars, name), urls[name], name) for name in charts.ORDER]
    return {
        "steps": steps,
        "bars": lines,
        "waterfall_option": charts.waterfall(steps.bars, urls),
        "trend_option": charts.trend(found.history),
        "widest": max((row.sums.amount for row in found.funnel.stages), default=0),
        "funnel_rows": [(row, links.open(stage=row.stage.key)) for row in found.funnel.stages],
        "bulges": _bulges(found.funnel, links),
        "trend_rows": [_trend_row(found, point, links) for point in found.history.points],
    }


def _bulges(shape: Funnel, links: "Links") -> list[tuple[Any, str, list[str]]]:
    """Each stage that bulges, where its rows are, and what it takes to leave it: the ability that is lacking."""
    found = [row for row in shape.stages if row.bulges]
    return [(row, links.open(stage=row.stage.key), in_words(row.stage.milestones)) for row in found]


def _trend_row(found: Dashboard, point: Any, links: "Links") -> Any:
    now = found.live and point.day == found.as_of
    day = None if now else point.day
    cells = [
        (sums, links.open(as_of=day, stage=stage.key))
        for stage, sums in zip(found.history.stages, point.by_stage, strict=True)
    ]
    return point.day, cells, point.open, links.open(as_of=day)


@dataclass(frozen=True)
class Links:
    """Addresses of the rows behind a dashboard's figures."""

    found: Dashboard

    def open(self, **more: Any) -> str:
        as_of = {} if self.found.live else {"as_of": self.found.as_of}
        return self._rows("open", {**as_of, **more})

    def booked(self, period: str) -> str:
        as_of = {} if self.found.live else {"as_of": self.found.as_of}
        return self._rows("booked", {"period": period, **as_of})

    def bar(self, name: str, steps: Any) -> str:
        return self._rows("bar", {"bar": name, "since": steps.first, "until": steps.last})

    def _rows(self, figure: str, query: dict[str, Any]) -> str:
        kept = {name: value for name, value in {**self.found.scope.params, **query}.items() if value}
        return f"{reverse('dashboard_rows', args=[figure])}?{urlencode(kept)}"

    @property
    def all_open(self) -> str:
        return self.open()

    @property
    def unassessed(self) -> str:
        return self.open(unassessed=1)

    @property
    def booked_now(self) -> str:
        return self.booked(self.found.booked.period.key)

    @property
    def booked_before(self) -> str:
        return self.booked(self.found.booked_before.period.key)


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows behind one figure: whose, what is asked of them (as RowsForm cleans it), what they are called."""

    scope: Scope
    query: dict[str, Any]
    rows: Rows[Any]
    heading: str


def rows_asked(request: HttpRequest, figure: str) -> Asked:
    """The rows that an address asks for; Http404 where there are none such."""
    scope, form = asked_scope(request), RowsForm(request.GET)
    if not form.is_valid():
        raise Http404
    return Asked(scope, form.cleaned_data, *_rows_of(request, scope, figure, form.cleaned_data))


def rows(request: HttpRequest, figure: str) -> HttpResponse:
    """The rows behind one figure; their sum stands above them and is the figure."""
    asked = rows_asked(request, figure)
    page: Page[Any] = Paginator(asked.rows, PAGE_SIZE).get_page(request.GET.get("page"))  # type: ignore[arg-type]
    context = {"figure": figure, "heading": asked.heading, "scope": asked.scope, "page": page, "sum": asked.rows.sum}
    context |= asked.query | {"at_edge": asked.query["bar"] in EDGES}
    return render(request, "pipeline/rows.html", context)


def _rows_of(request: HttpRequest, scope: Scope, figure: str, asked: dict[str, Any]) -> tuple[Rows[Any], str]:
    assert isinstance(request.user, User)
    if figure == "open":
        narrower = {"stage": asked["stage"] or None, "unassessed": asked["unassessed"] or None}
        found = open_rows(scope, asked["as_of"], viewer=request.user, **narrower)
        return found, _open_heading(asked["stage"], asked["unassessed"])
    if figure == "booked" and asked["period"]:
        return booked_rows(scope, asked["period"], asked["as_of"], request.user), _("Booked")
    if figure == "bar" and asked["bar"] and asked["since"] and asked["until"] and asked["since"] <= asked["until"]:
        items = waterfall_items(scope, asked["since"], asked["until"], asked["bar"], request.user)
        return items, str(charts.BAR_NAMES[asked["bar"]])
    raise Http404


def _open_heading(key: str, unassessed: bool) -> str:
    if not key:
        return _("Unassessed deals") if unassessed else _("Open deals")
    stage = Stage.objects.filter(key=key).first()
    if stage is None:
        raise Http404
    return stage.name
