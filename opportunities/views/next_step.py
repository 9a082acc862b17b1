"""A next step is done: what comes after it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config.web.revisions import StaleWrite
from opportunities.actions import edit_opportunity
from opportunities.forms.edit import OpportunityForm
from opportunities.views.answers import dialog, done, editable, seen_version, take
from opportunities.views.conflicts import conflict_response

FIELDS = ("next_step", "next_step_due")


@require_http_methods(["GET", "POST"])
def step_done(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the dialog that asks for the next one. POST: the old one gives way to it, or to nothing."""
    row = editable(request, pk)
    options: dict[str, Any] = {"auto_id": f"id-{pk}-%s", "opportunity": row, "user": request.user, "only": FIELDS}
    if request.method == "GET":
        return _ask(request, row, OpportunityForm(None, initial=dict.fromkeys(FIELDS, ""), **options))
    form = OpportunityForm(request.POST, **options)
    if not form.is_valid():
        return _ask(request, row, form)
    try:
        saved = edit_opportunity(
            opportunity=row, changes=form.cleaned_data, seen=seen_version(request), actor=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
    except StaleWrite as error:
        return conflict_response(request, error, action_url=request.path, fields=request.POST)
    except ValidationError as error:
        take(form, error)
        return _ask(request, row, form)
    return done(request, saved, _("Done: %(step)s") % {"step": row.next_step})


def _ask(request: HttpRequest, row: object, form: forms.Form) -> HttpResponse:
    context = {"row": row, "form": form, "version": request.POST.get("version", getattr(row, "version", ""))}
    return dialog(request, "opportunities/step_done.html", context, status=422 if form.is_bound else 200)
