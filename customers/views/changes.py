"""All changes of one customer and its contacts, as the audit trail has them, for whoever sees it."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import trail
from accounts.audit_views import asked
from accounts.models import AuditEntry, User
from customers.models import Contact, Customer


@require_safe
def changes(request: HttpRequest, pk: int) -> HttpResponse:
    """Every write about it, the newest first; of contacts which fields changed, and never what they held."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    contacts = Contact.objects.filter(customer=customer).order_by()
    about = Q(model="customer", object_id=customer.pk) | Q(model="contact", object_id__in=contacts.values("pk"))
    entries = AuditEntry.objects.filter(about)
    context = {
        "page": trail.page_of(entries, request.user, values_of=["customer"], **asked(request)),
        "row": customer,
        "kind": "customer",
        "back": reverse("customer", args=[pk]),
    }
    return render(request, "accounts/changes.html", context)
