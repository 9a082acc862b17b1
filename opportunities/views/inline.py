"""One field of an opportunity, edited where it stands: in the table and on the opportunity's page."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, retarget, trigger_client_event

from accounts.models import User
from accounts.selectors import today
from config.web.revisions import StaleWrite
from opportunities.actions import edit_opportunity, move_to_stage
from opportunities.forms.edit import OpportunityForm, StageForm, fields_of
from opportunities.forms.fields import amount_unit
from opportunities.models import Opportunity
from opportunities.selectors.table import row_of
from opportunities.views.answers import announce, editable, is_htmx, seen_version
from opportunities.views.conflicts import conflict_response, label_of

PLACES = {"table": "opportunities/table.html", "page": "opportunities/page.html"}


@require_http_methods(["GET", "POST"])
def field(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """GET: the editor of this field (`?show=1`: its cell). POST: save; the cell, 422 with the editor, or 409.

    `in` says where the cell stands (table or page). Without script: the whole form, then the page.
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


def form_for(request: HttpRequest, opportunity: Opportunity, name: str, data: Any = None) -> Form:
    """The form of one field."""
    options: dict[str, Any] = {"auto_id": f"id-{opportunity.pk}-%s", "opportunity": opportunity}
    if name == "stage":
        return StageForm(data, **options)
    assert isinstance(request.user, User)
    return OpportunityForm(data, user=request.user, only=name, **options)


def _save(request: HttpRequest, opportunity: Opportunity, name: str) -> HttpResponse:
    form = form_for(request, opportunity, name, request.POST)
    if not form.is_valid():
        return _refused(request, opportunity, name, form)
    try:
        saved = _write(request, opportunity, name, form.cleaned_data[name])
    except StaleWrite as error:
        return conflict_response(request, error, action_url=request.path, fields=request.POST)
    except PermissionDenied as error:
        form.add_error(name, str(error))
        return _refused(request, opportunity, name, form)
    except ValidationError as error:
        if name == "stage":
            return _ask(request, opportunity, form.cleaned_data[name])
        _add_errors(form, name, error)
        return _refused(request, opportunity, name, form)
    return _saved(request, opportunity, saved, name)


def _write(request: HttpRequest, opportunity: Opportunity, name: str, value: Any) -> Opportunity:
    assert isinstance(request.user, User)
    common: dict[str, Any] = {"opportunity": opportunity, "seen": seen_version(request), "actor": request.user}
    if name == "stage":
        return move_to_stage(stage=value, **common)
    return edit_opportunity(changes={name: value}, **common)


def _add_errors(form: Form, name: str, error: ValidationError) -> None:
    errors = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for texts in errors.values():
        form.add_error(name, texts)


def _ask(request: HttpRequest, opportunity: Opportunity, stage: Any) -> HttpResponse:
    """This move needs more (a reason, the facts of a closing): back to the cell, and the dialog opens."""
    url = f"{reverse('opportunity_move', args=[opportunity.pk])}?stage={stage.key}"
    if not is_htmx(request):
        return redirect(url)
    return trigger_client_event(_cell(request, opportunity, "stage"), "asc:ask", {"url": url})


def _refused(request: HttpRequest, opportunity: Opportunity, name: str, form: Form) -> HttpResponse:
    if is_htmx(request):
        return _editor(request, opportunity, name, form, status=422)
    context = {"opportunity": opportunity, "form": form, "action_url": request.path, "name": name}
    return render(request, "opportunities/edit.html", context, status=422)


def _editor(request: HttpRequest, opportunity: Opportunity, name: str, form: Form, status: int = 200) -> HttpResponse:
    context = {
        "opportunity": opportunity,
        "name": name,
        "bound": form[name],
        "place": place_of(request),
        "unit": amount_unit() if name == "amount" else "",
        "version": request.POST.get("version", opportunity.version),
    }
    response = render(request, "opportunities/editor.html", context, status=status)
    return _into_cell(response, opportunity, name)


def _into_cell(response: HttpResponse, opportunity: Opportunity, name: str) -> HttpResponse:
    return reswap(retarget(response, f"#cell-{opportunity.pk}-{name}"), "innerHTML")


def place_of(request: HttpRequest) -> str:
    """Where the cell stands: `table` or `page`."""
    wanted = request.POST.get("in") or request.GET.get("in", "")
    return wanted if wanted in PLACES else "table"


def _cell(request: HttpRequest, opportunity: Opportunity, name: str) -> HttpResponse:
    context = {"row": row_of(opportunity, today()), "opportunity": opportunity, "editable": True}
    response = render(request, f"{PLACES[place_of(request)]}#cell_{name}", context)
    return _into_cell(response, opportunity, name)


def _saved(request: HttpRequest, before: Opportunity, saved: Opportunity, name: str) -> HttpResponse:
    if not is_htmx(request):
        return redirect("opportunity", pk=saved.pk)
    response = _cell(request, saved, name)
    if saved.version == before.version:
        return trigger_client_event(response, "asc:close-dialog")
    words = _("Saved: %(field)s of %(title)s") % {"field": label_of(name), "title": saved.title}
    return announce(response, saved, words, "asc:changed" if name == "stage" else "asc:saved")
