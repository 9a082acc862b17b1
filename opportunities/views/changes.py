"""All changes of one opportunity and of what hangs on it, as the audit trail has them, for whoever sees it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import trail
from accounts.audit_views import asked
from accounts.models import User
from opportunities.selectors.changes import entries_about
from opportunities.views.answers import visible


@require_safe
def changes(request: HttpRequest, pk: int) -> HttpResponse:
    """Every write about it, the newest first; what the reader may not see is not named."""
    opportunity = visible(request, pk)
    assert isinstance(request.user, User)
    context = {
        "page": trail.page_of(entries_about(opportunity), request.user, **asked(request)),
        "row": opportunity,
        "kind": "opportunity",
        "back": reverse("opportunity", args=[pk]),
    }
    return render(request, "accounts/changes.html", context)
