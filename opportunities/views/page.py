"""The page of one opportunity, its whole form, and what archives it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts import visibility
from accounts.models import User
from accounts.selectors import today
from config.web.revisions import StaleWrite
from opportunities.actions import archive_opportunity, edit_opportunity, restore_opportunity
from opportunities.actions.archive import may_archive
from opportunities.actions.collaborators import may_choose_collaborators
from opportunities.forms.edit import OpportunityForm
from opportunities.forms.fields import amount_unit
from opportunities.models import Opportunity, Outcome
from opportunities.rules import reason_in_words
from opportunities.selectors.evidence import with_ascent
from opportunities.selectors.page import Trail, beside, path_of
from opportunities.selectors.stages import all_stages
from opportunities.selectors.strategy import with_brief
from opportunities.selectors.table import row_of
from opportunities.selectors.timeline import ACTIONS, CHANGES, EVIDENCE, MOVES, history_of
from opportunities.selectors.waivers import with_waiver
from opportunities.views.answers import dialog, done, editable, is_htmx, seen_version, take, visible
from opportunities.views.conflicts import conflict_response
from opportunities.views.facts import facts_of
from opportunities.views.panels import (
    activities,
    ascent,
    files,
    people,
    plan,
    playbook,
    strategy,
    waivers,
)

LAST_PAGE = 10_000
SHOWS = (
    ("", gettext_lazy("All")),
    (ACTIONS, gettext_lazy("Actions")),
    (CHANGES, gettext_lazy("Changes")),
    (MOVES, gettext_lazy("Moves")),
    (EVIDENCE, pgettext_lazy("records", "Evidence")),
)
Panel = Callable[[Opportunity, User], dict[str, Any]]
# What the panels of the page show, one line each; their templates stand in page.html.
PANELS: tuple[Panel, ...] = (
    waivers.context,
    ascent.context,
    activities.context,
    people.context,
    plan.context,
    strategy.context,
    files.context,
    playbook.context,
)


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The opportunity; with `?part=timeline` what happened, a page at a time."""
    if request.GET.get("part") == "timeline" and is_htmx(request):
        return render(request, "opportunities/page.html#timeline", _timeline(request, visible(request, pk))[0])
    assert isinstance(request.user, User)
    rows = Opportunity.objects.visible_to(request.user).with_names().select_related("owner__team", "unproven_from")
    opportunity = get_object_or_404(with_waiver(with_brief(with_ascent(rows, today())), request.user), pk=pk)
    timeline, trail = _timeline(request, opportunity)
    context = {**_context(request.user, opportunity, trail), **timeline}
    for panel in PANELS:
        context |= panel(opportunity, request.user)
    return render(request, "opportunities/page.html", context)


def _timeline(request: HttpRequest, opportunity: Opportunity) -> tuple[dict[str, Any], Trail]:
    show = request.GET.get("show", "")
    found, trail = history_of(opportunity, show=show if show in dict(SHOWS) else "", number=_number(request))
    return {"opportunity": opportunity, "timeline": found, "timeline_shows": SHOWS}, trail


def _number(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return min(max(int(text), 1), LAST_PAGE) if text.isdecimal() and len(text) < 9 else 1


def _context(user: Any, opportunity: Opportunity, trail: Trail) -> dict[str, Any]:
    day = today()
    stages = all_stages()
    steps = path_of(opportunity, stages, trail.moves, day)
    leads_on = steps[-1].stage.outcome == Outcome.WON
    return {
        "opportunity": opportunity,
        "row": row_of(opportunity, day),
        "facts": facts_of(opportunity, day),
        "steps": steps,
        "why_closed": "" if opportunity.is_open else reason_in_words(trail.moves[-1].reason),
        "trail": trail,
        "place": next(number for number, step in enumerate(steps, start=2) if step.state == "now"),
        "leads_on": leads_on,
        "whole_path": len(steps) + 1 + leads_on,  # with the work on the customer before it, and after a signature
        "stages": [stage for stage in stages if stage.retired_at is None and stage.pk != opportunity.stage_id],
        **beside(opportunity),
        **rights(user, opportunity),
    }


def rights(user: User, opportunity: Opportunity) -> dict[str, bool]:
    """What this person may do with the opportunity, as the page offers it; the actions judge again."""
    alive = opportunity.archived_at is None
    writes = user.sells and alive
    return {
        "editable": writes,
        "may_move": writes and (opportunity.is_open or visibility.is_above(user, opportunity.owner)),
        "may_assign": alive and visibility.may_assign(user, opportunity.owner),
        "may_choose": alive and may_choose_collaborators(opportunity, user),
        "may_archive": writes and opportunity.is_open and may_archive(opportunity, user),
        "may_restore": user.sells and not alive and may_archive(opportunity, user),
    }


# --- The whole form ---------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Every field at once, with or without script."""
    opportunity = editable(request, pk)
    assert isinstance(request.user, User)
    form = OpportunityForm(request.POST or None, opportunity=opportunity, user=request.user)
    if request.method == "GET" or not form.is_valid():
        return whole_form(request, opportunity, form)
    try:
        edit_opportunity(
            opportunity=opportunity, changes=form.touched(), seen=seen_version(request), actor=request.user
        )
    except StaleWrite as error:
        return conflict_response(request, error, action_url=request.path, fields=request.POST)
    except ValidationError as error:
        take(form, error)
        return whole_form(request, opportunity, form)
    messages.success(request, _("Saved."))
    url = reverse("opportunity", args=[pk])
    return HttpResponseClientRedirect(url) if is_htmx(request) else redirect(url)


def whole_form(request: HttpRequest, opportunity: Opportunity, form: Any) -> HttpResponse:
    """The form on a page of its own; 422 when it was refused."""
    context = {
        "opportunity": opportunity,
        "form": form,
        "drawn_with": form.drawn_with() if isinstance(form, OpportunityForm) else [],
        "action_url": request.path,
        "version": request.POST.get("version", opportunity.version),
        "unit": amount_unit(),
    }
    return render(request, "opportunities/edit.html", context, status=422 if form.is_bound else 200)


# --- Archive ----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then take it out of the pipeline as entered by mistake."""
    opportunity = visible(request, pk)
    _refuse(request, opportunity, "may_archive")
    return _confirmed(request, opportunity, archive_opportunity, "opportunities/archive.html", _("Archived."))


@require_http_methods(["GET", "POST"])
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then bring it back into the stage that it had."""
    opportunity = visible(request, pk)
    _refuse(request, opportunity, "may_restore")
    return _confirmed(request, opportunity, restore_opportunity, "opportunities/restore.html", _("Restored."))


def _refuse(request: HttpRequest, opportunity: Opportunity, right: str) -> None:
    """Before anything is asked; what is posted the action judges, with its reasons."""
    assert isinstance(request.user, User)
    if request.method == "GET" and not rights(request.user, opportunity)[right]:
        raise PermissionDenied


def _confirmed(request: HttpRequest, opportunity: Opportunity, act: Any, template: str, words: str) -> HttpResponse:
    errors: list[str] = []
    if request.method == "POST":
        try:
            saved = act(opportunity=opportunity, seen=seen_version(request), actor=request.user)
        except StaleWrite as error:
            return conflict_response(request, error, action_url=request.path, fields=request.POST)
        except ValidationError as error:
            errors = error.messages
        else:
            return done(request, saved, words)
    return dialog(request, template, {"row": opportunity, "errors": errors}, status=422 if errors else 200)
