"""Waivers: a manager above the owner is asked to let a move past an enforced gate (METHOD.md §2)."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from config.web.revisions import StaleWrite
from opportunities.actions import ask_waiver, grant_waiver, refuse_waiver
from opportunities.actions.checkpoints import may_judge
from opportunities.actions.writing import MOVE_WATCHES
from opportunities.forms.move import MoveForm
from opportunities.forms.waivers import WaiverForm
from opportunities.models import Opportunity, Waiver
from opportunities.selectors.gate_report import gate_report
from opportunities.selectors.stages import stages_in_use
from opportunities.selectors.waivers import named
from opportunities.views.answers import dialog, done, editable, seen_version, take
from opportunities.views.conflicts import conflict_response
from opportunities.views.dialogs import changed
from opportunities.views.gate import gate_dialog


@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the move to `stage`, with the reason; the opportunity stays where it is.

    422 with the gate's dialog when the reason is missing, 409 when stage or owner was changed since `version`.
    """
    row = editable(request, pk)
    target = next((stage for stage in stages_in_use() if stage.key == request.POST.get("stage")), None)
    if target is None:
        raise Http404
    form = MoveForm(row, target, request.POST, past_gate=True)
    if not form.is_valid():
        return gate_dialog(request, row, form)
    try:
        row.refuse_if_stale(seen_version(request), {"stage": target}, MOVE_WATCHES)
        ask_waiver(
            opportunity=row, stage=target, reason=form.fields_of_action()["reason"], actor=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
    except StaleWrite as error:
        return conflict_response(request, error, action_url=request.path, fields=request.POST)
    except ValidationError as error:
        form.take(error)
        return gate_dialog(request, row, form)
    words = _("The managers above are asked. Until one has decided, it stays where it is.")
    return changed(request, row, words, stages_in_use(), undo=False)


@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: who asks for what, and what is missing. POST `decision`: `grant`, or `refuse` with a reason."""
    assert isinstance(request.user, User)
    waiver = get_object_or_404(named(Waiver.objects.visible_to(request.user)), pk=pk)
    form = WaiverForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        _refuse_others(request.user, waiver)
        return _dialog(request, waiver, form)
    return _decide(request, waiver, form)


def _refuse_others(user: User, waiver: Waiver) -> None:
    if not may_judge(user, waiver.opportunity, waiver.asked_by):
        raise PermissionDenied(_("Only a manager above the owner grants or refuses a waiver, and nobody their own."))


def _decide(request: HttpRequest, waiver: Waiver, form: WaiverForm) -> HttpResponse:
    actor: Any = request.user
    try:
        if form.grants:
            row = grant_waiver(waiver=waiver, actor=actor)
        else:
            row = refuse_waiver(waiver=waiver, reason=form.cleaned_data["reason"], actor=actor)
    except ValidationError as error:
        take(form, error)
        return _dialog(request, waiver, form)
    return done(request, row.opportunity, _decided(row.opportunity, row), undo=form.grants)


def _decided(opportunity: Opportunity, waiver: Waiver) -> str:
    values = {"title": opportunity.title, "stage": waiver.stage.name}
    if waiver.state == Waiver.State.GRANTED:
        return _("Granted: %(title)s has moved to “%(stage)s”") % values
    return _("Refused: %(title)s does not move to “%(stage)s”") % values


def _dialog(request: HttpRequest, waiver: Waiver, form: WaiverForm) -> HttpResponse:
    row = waiver.opportunity
    context = {
        "row": row,
        "waiver": waiver,
        "form": form,
        "report": gate_report(row, waiver.stage),
        "open": waiver.state == Waiver.State.ASKED,
        "moved": row.stage_id != waiver.source_id,
    }
    return dialog(request, "opportunities/waiver.html", context, status=422 if form.is_bound else 200)
