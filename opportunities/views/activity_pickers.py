"""What an activity may be about, for a field that searches as one types; see accounts/pickers.py."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.pickers import answer, asked, called
from customers.models import Customer
from customers.pickers import editable_customers, seen_customers
from opportunities.forms.activities import CUSTOMER, DEAL
from opportunities.models import Opportunity

MOST_DEALS, MOST_CUSTOMERS = 14, 6


def _editable_deals(user: User) -> QuerySet[Any]:
    return Opportunity.objects.editable_by(user).in_use()


@require_GET
def subjects(request: HttpRequest) -> JsonResponse:
    """Deals that the reader may edit (open ones, the latest change first), then customers, by name or pinyin."""
    user, typed = request.user, asked(request)
    assert isinstance(user, User)
    if not user.sells:
        return answer([])
    deals: Any = _editable_deals(user).order_by("-changed_at", "id")
    customers = editable_customers(user).order_by("name", "id")
    if typed:
        customers = customers.filter(called(editable_customers, user, typed))
        theirs = Q(customer__in=Customer.objects.filter(called(seen_customers, user, typed)))
        deals = deals.filter(called(_editable_deals, user, typed, "title") | theirs)
    else:
        deals = deals.open()
    rows = [
        (f"{DEAL}:{key}", title, customer)
        for key, title, customer in deals.values_list("key", "title", "customer__name")[:MOST_DEALS]
    ]
    names = customers.values_list("key", "name")[:MOST_CUSTOMERS]
    return answer([*rows, *((f"{CUSTOMER}:{key}", name, _("customer")) for key, name in names)])
