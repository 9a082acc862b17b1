"""One field of an opportunity, edited where it stands: in the table, on its page, in a dialog on a phone."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.forms import BoundField, Form, Select, TextInput
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, retarget, trigger_client_event

from accounts.models import User
from accounts.selectors import today
from config.web.revisions import StaleWrite
from opportunities.actions import GateClosed, edit_opportunity, move_to_stage
from opportunities.forms.edit import OpportunityForm, StageForm, fields_of
from opportunities.forms.fields import amount_unit
from opportunities.models import Opportunity
from opportunities.selectors.table import row_of
from opportunities.views.answers import announce, brief, dialog, done, editable, is_htmx, move_url, seen_version
from opportunities.views.cells import RowDrawer
from opportunities.views.conflicts import conflict_response, label_of
from opportunities.views.facts import fact_of
from opportunities.views.page import whole_form

PLACES = ("table", "page", "dialog")
IN_TABLE = ("stage", "amount", "expected_close_date", "next_step", "next_step_due")
TOGETHER = {"next_step": ("next_step", "next_step_due")}  # in a dialog these are asked for at once


@require_http_methods(["GET", "POST"])
def field(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """GET: the editor of this field (`?show=1`: its cell). POST: save; the cell, 422 with the editor, or 409.

    `in` says where the cell stands: table, page or dialog. Without script: the whole form, then the page.
    """
    opportunity = editable(request, pk)
    if name != "stage" and name not in fields_of(opportunity):
        raise Http404
    if request.method == "POST":
        return _save(request, opportunity, name)
    if not is_htmx(request):
        return redirect(f"{reverse('opportunity_edit', args=[pk])}#id_{name}")
    if "show" in request.GET:
        return _cell(request, opportunity, name)
    return _editor(request, opportunity, name, form_for(request, opportunity, name))


def place_of(request: HttpRequest) -> str:
    """Where the cell stands: table, page or dialog."""
    wanted = request.POST.get("in") or request.GET.get("in", "")
    return wanted if wanted in PLACES else "table"


def form_for(request: HttpRequest, opportunity: Opportunity, name: str, data: Any = None) -> Form:
    """The form of one field."""
    options: dict[str, Any] = {"auto_id": f"id-{opportunity.pk}-%s", "opportunity": opportunity}
    if name == "stage":
        return StageForm(data, **options)
    assert isinstance(request.user, User)
    names = TOGETHER.get(name, (name,)) if place_of(request) == "dialog" else (name,)
    return OpportunityForm(data, user=request.user, only=names, **options)


# --- Saving -----------------------------------------------------------------------------------


def _save(request: HttpRequest, opportunity: Opportunity, name: str) -> HttpResponse:
    form = form_for(request, opportunity, name, request.POST)
    if not form.is_valid():
        return _refused(request, opportunity, name, form)
    try:
        saved = _write(request, opportunity, name, form.cleaned_data)
    except StaleWrite as error:
        return conflict_response(request, error, action_url=request.path, fields=request.POST)
    except PermissionDenied as error:
        form.add_error(name, str(error))
        return _refused(request, opportunity, name, form)
    except GateClosed as error:
        return _ask(request, opportunity, error.target)
    except ValidationError as error:
        if name == "stage" and error_names(error):
            return _ask(request, opportunity, form.cleaned_data[name])
        _add_errors(form, name, error)
        return _refused(request, opportunity, name, form)
    return _saved(request, opportunity, saved, name)


def _write(request: HttpRequest, opportunity: Opportunity, name: str, given: dict[str, Any]) -> Opportunity:
    assert isinstance(request.user, User)
    common: dict[str, Any] = {"opportunity": opportunity, "seen": seen_version(request), "actor": request.user}
    if name == "stage":
        return move_to_stage(stage=given[name], **common)
    return edit_opportunity(changes=given, **common)


def error_names(error: ValidationError) -> set[str]:
    """The fields that an error is about."""
    return set(error.error_dict) - {NON_FIELD_ERRORS} if hasattr(error, "error_dict") else set()


def _add_errors(form: Form, name: str, error: ValidationError) -> None:
    for texts in error.error_dict.values() if hasattr(error, "error_dict") else [error.error_list]:
        form.add_error(name, texts)


def _ask(request: HttpRequest, opportunity: Opportunity, stage: Any) -> HttpResponse:
    """This move needs more (evidence, a reason, the facts of a closing): back to the cell, and the dialog opens."""
    url = move_url(opportunity, stage)
    if not is_htmx(request):
        return redirect(url)
    return trigger_client_event(_cell(request, opportunity, "stage"), "asc:ask", {"url": url})


def _refused(request: HttpRequest, opportunity: Opportunity, name: str, form: Form) -> HttpResponse:
    if is_htmx(request):
        return _editor(request, opportunity, name, form, status=422)
    return whole_form(request, opportunity, form)


def _saved(request: HttpRequest, before: Opportunity, saved: Opportunity, name: str) -> HttpResponse:
    words = _("Saved: %(field)s of %(title)s") % {"field": label_of(name), "title": brief(saved.title)}
    changed = saved.version != before.version
    if not is_htmx(request) or place_of(request) == "dialog":
        return done(request, saved, words, undo=changed)
    response = _cell(request, saved, name)
    if not changed:
        return trigger_client_event(response, "asc:close-dialog")
    return announce(response, saved, words, "asc:changed" if name == "stage" else "asc:saved")


# --- Fragments --------------------------------------------------------------------------------


def _editor(request: HttpRequest, opportunity: Opportunity, name: str, form: Form, status: int = 200) -> HttpResponse:
    context = {
        "opportunity": opportunity,
        "row": opportunity,
        "name": name,
        "form": form,
        "label": label_of(name),
        "bound": form[name],
        "control": form[name].as_widget(attrs={"class": _look(form[name])}),
        "place": place_of(request),
        "unit": amount_unit() if name == "amount" else "",
        "version": request.POST.get("version", opportunity.version),
    }
    if place_of(request) == "dialog":
        return dialog(request, "opportunities/field_dialog.html", context, status=status)
    return _into_cell(render(request, "opportunities/editor.html", context, status=status), opportunity, name)


def _look(bound: BoundField) -> str:
    kind = "form-select" if isinstance(bound.field.widget, Select) else "form-control"
    wide = " is-wide" if type(bound.field.widget) is TextInput else ""
    return f"{kind}{wide}{' is-invalid' if bound.errors else ''}"


def _cell(request: HttpRequest, opportunity: Opportunity, name: str) -> HttpResponse:
    day = today()
    if place_of(request) == "table" and name in IN_TABLE:
        row, drawer = row_of(opportunity, day), RowDrawer(editable=True)
        response = HttpResponse(drawer.cell(row, name) + drawer.repick(row))
    elif name == "stage":
        raise Http404
    else:
        context = {"fact": fact_of(opportunity, name, day), "editable": True}
        response = render(request, "opportunities/fact.html", context)
    return _into_cell(response, opportunity, name)


def _into_cell(response: HttpResponse, opportunity: Opportunity, name: str) -> HttpResponse:
    return reswap(retarget(response, f"#cell-{opportunity.pk}-{name}"), "innerHTML")
