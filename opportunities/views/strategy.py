"""The strategy sheet on a page of its own, competitors, Go / No-Go."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import conflicts
from accounts.models import User
from opportunities.actions import (
    add_competitor,
    archive_competitor,
    edit_competitor,
    edit_strategy,
    record_decision,
    restore_competitor,
)
from opportunities.forms.strategy import CompetitorForm, DecisionForm, StrategyForm
from opportunities.models import Competitor, Decision, Rating, SuccessFactor
from opportunities.selectors.strategy import sheet_of, with_brief
from opportunities.views.answers import editable, visible
from opportunities.views.of_opportunity import archive_form, editable_row, restore_form, row_form
from opportunities.views.page import rights
from opportunities.views.panels import strategy as panel

methods = require_http_methods(["GET", "POST"])
PAGE = "opportunity_strategy"


def _factors_in_words(value: dict[str, dict[str, str]]) -> str:
    """The success factors as a conflict shows them."""
    labels, ratings = dict(SuccessFactor.choices), dict(Rating.choices)
    rows = [(labels[name], _(", ").join((str(ratings[each["rating"]]), each["fact"]))) for name, each in value.items()]
    return _("; ").join(f"{name}: {found}" for name, found in rows)


conflicts.WORDS["success_factors"] = _factors_in_words


@require_safe
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole sheet with the decisions so far."""
    opportunity = visible(request, pk, with_brief)
    assert isinstance(request.user, User)
    context = {
        "opportunity": opportunity,
        **panel.context(opportunity, request.user),
        "competitors": Competitor.objects.filter(opportunity=opportunity),
        "decisions": Decision.objects.filter(opportunity=opportunity).select_related("decided_by"),
        "editable": rights(request.user, opportunity)["editable"],
    }
    return render(request, "opportunities/strategy.html", context)


@methods
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet as a form."""
    opportunity = editable(request, pk)
    user: Any = request.user
    form = StrategyForm(request.POST or None, row=sheet_of(opportunity), opportunity=opportunity, user=user)
    return row_form(
        request, form, lambda: edit_strategy(opportunity=opportunity, actor=user, **form.settled()), opportunity,
        title=_("Strategy sheet"), said=_("The strategy sheet was saved."), page=PAGE,
        template="opportunities/strategy_form.html",
    )  # fmt: skip


# --- Competitors ------------------------------------------------------------------------------


@methods
def competitor_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody else who wants this opportunity."""
    opportunity = editable(request, pk)
    user: Any = request.user
    form = CompetitorForm(request.POST or None)
    return row_form(
        request, form, lambda: add_competitor(opportunity=opportunity, actor=user, **form.changes()), opportunity,
        title=_("Add a competitor"), submit=_("Add"), said=_("The competitor was added."), page=PAGE,
    )  # fmt: skip


@methods
def competitor_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Their strength, our counter."""
    row = editable_row(request, Competitor, pk)
    user: Any = request.user
    form = CompetitorForm(request.POST or None, row=row)
    return row_form(
        request, form, lambda: edit_competitor(competitor=row, actor=user, **form.settled()), row.opportunity,
        title=row.name, said=_("Saved."), page=PAGE, template="opportunities/competitor.html", competitor=row,
    )  # fmt: skip


@methods
def competitor_archive(request: HttpRequest, pk: int) -> HttpResponse:
    row = editable_row(request, Competitor, pk)
    return archive_form(request, row, archive_competitor, "competitor", name=row.name, page=PAGE)


@methods
def competitor_restore(request: HttpRequest, pk: int) -> HttpResponse:
    row = editable_row(request, Competitor, pk)
    return restore_form(request, row, restore_competitor, "competitor", name=row.name, page=PAGE)


# --- Go / No-Go -------------------------------------------------------------------------------


@methods
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Go or No-Go, with its four questions."""
    opportunity = editable(request, pk)
    user: Any = request.user
    form = DecisionForm(request.POST or None)
    return row_form(
        request, form, lambda: record_decision(opportunity=opportunity, actor=user, **form.cleaned_data), opportunity,
        title=_("Go or No-Go?"), said=_("The decision was recorded."), template="opportunities/decision.html",
    )  # fmt: skip
