"""What an activity may be about, for a field that searches as one types; see accounts/pickers.py."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.pickers import answer, asked, called
from customers.models import Customer
from customers.pickers import seen_customers
from opportunities.forms.activities import CUSTOMER, DEAL
from opportunities.models import Opportunity

MOST_DEALS, MOST_CUSTOMERS = 14, 6


def _seen_deals(user: User) -> QuerySet[Any]:
    return Opportunity.objects.visible_to(user).in_use()


@require_GET
def subjects(request: HttpRequest) -> JsonResponse:
    """Deals that the reader may edit (open ones, the latest change first), then customers, by name or pinyin."""
    user, typed = request.user, asked(request)
    assert isinstance(user, User)
    deals = Opportunity.objects.editable_by(user).in_use().order_by("-changed_at", "id")
    customers = Customer.objects.editable_by(user).in_use().order_by("name", "id")
    if typed:
        of_name = called(seen_customers, user, typed)
        customers = customers.filter(of_name)
        theirs = Q(customer__in=Customer.objects.filter(of_name))
        deals = deals.filter(called(_seen_deals, user, typed, "title") | theirs)
    else:
        deals = deals.open()
    rows = [
        (f"{DEAL}:{key}", title, customer)
        for key, title, customer in deals.values_list("key", "title", "customer__name")[:MOST_DEALS]
    ]
    names = customers.values_list("key", "name")[:MOST_CUSTOMERS]
    return answer([*rows, *((f"{CUSTOMER}:{key}", name, _("customer")) for key, name in names)])
