"""The search over everything, as a page and as the list under the search box."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.form_pages import is_fragment
from accounts.models import User
from accounts.pickers import asked
from pipeline.selectors.searching import NAMES, search_everything


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def show(request: HttpRequest) -> HttpResponse:
    """`?q=`: what answers to it; `?kind=`: of one kind alone."""
    assert isinstance(request.user, User)
    typed, only = asked(request), request.GET.get("kind", "")
    only = only if only in NAMES else ""
    parts = search_everything(request.user, typed, only) if typed else []
    context = {"typed": typed, "parts": parts, "only": only}
    return render(request, _template(request), context)


def _template(request: HttpRequest) -> str:
    """For htmx the dialog, or the list under its box."""
    if not is_fragment(request):
        return "pipeline/search.html"
    opens = request.headers.get("HX-Target", "").endswith("#dialog-body")
    return "pipeline/search_dialog.html" if opens else "pipeline/search_results.html"
