"""All changes of one customer and of what hangs on it, as the audit trail has them, for whoever sees it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import trail
from accounts.audit_views import asked
from accounts.models import User
from customers.models import Customer
from customers.selectors.changes import WITH_VALUES, entries_about


@require_safe
def changes(request: HttpRequest, pk: int) -> HttpResponse:
    """Every write about it, the newest first; of contacts which fields changed, and never what they held."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    context = {
        "page": trail.page_of(entries_about(customer), request.user, values_of=WITH_VALUES, **asked(request)),
        "row": customer,
        "kind": "customer",
        "back": reverse("customer", args=[pk]),
    }
    return render(request, "accounts/changes.html", context)
