"""The gate's dialog: what a forward move lacks, and the ways on from there (METHOD.md §2)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from opportunities.actions import GateClosed
from opportunities.actions.gate import may_not_override
from opportunities.forms.move import MoveForm
from opportunities.models import Opportunity, Stage
from opportunities.selectors.gate_report import Report, gate_report
from opportunities.views.answers import dialog, move_url


def gate_first(request: HttpRequest, row: Opportunity, target: Stage) -> HttpResponse | None:
    """The dialog for a move that is only asked about; None when nothing is missing."""
    report = gate_report(row, target)
    if not report.lacking:
        return None
    form = MoveForm(row, target, seen=request.GET.get("version", ""), past_gate=True)
    return gate_dialog(request, row, form, report=report, status=200)


def gate_closed(request: HttpRequest, error: GateClosed, form: MoveForm) -> HttpResponse:
    """422 for a move that the gate has stopped, with what was typed so far."""
    seen = form.data.get("version", "")
    again = MoveForm(error.row, error.target, seen=seen, past_gate=True, typed=form.data)
    return gate_dialog(request, error.row, again)


def gate_dialog(
    request: HttpRequest, row: Opportunity, form: MoveForm, *, report: Report | None = None, status: int = 422
) -> HttpResponse:
    """The conditions with what is known of each, the reason to move on all the same, or the wish for a waiver."""
    user: Any = request.user
    waiver_needed = may_not_override(row, user)
    context = {
        "row": row,
        "form": form,
        "target": form.target,
        "report": report or gate_report(row, form.target),
        "url": reverse("waiver_ask", args=[row.pk]) if waiver_needed else move_url(row, form.target),
        "waiver_needed": waiver_needed,
    }
    return dialog(request, "opportunities/gate.html", context, status=status)
