"""What an activity may be about, for a field that searches as one types; see accounts/pickers.py."""

from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.pickers import answer, asked
from customers.models import Customer
from opportunities.forms.activities import CUSTOMER, DEAL
from opportunities.models import Opportunity

MOST_DEALS, MOST_CUSTOMERS = 14, 6


@require_GET
def subjects(request: HttpRequest) -> JsonResponse:
    """Deals that the reader may edit (open ones, the latest change first), then customers, by name."""
    user, typed = request.user, asked(request)
    assert isinstance(user, User)
    deals = Opportunity.objects.editable_by(user).in_use().order_by("-changed_at", "id")
    wanted = Q(title__icontains=typed) | Q(customer__name__icontains=typed)
    deals = deals.filter(wanted) if typed else deals.open()
    rows = [
        (f"{DEAL}:{key}", title, customer)
        for key, title, customer in deals.values_list("key", "title", "customer__name")[:MOST_DEALS]
    ]
    found = Customer.objects.editable_by(user).in_use().filter(name__icontains=typed).order_by("name", "id")
    names = found.values_list("key", "name")[:MOST_CUSTOMERS]
    return answer([*rows, *((f"{CUSTOMER}:{key}", name, _("customer")) for key, name in names)])
