"""Customers, contacts and products for fields that search as one types; see accounts/pickers.py."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.pickers import MOST, answer, asked
from customers.models import Contact, Customer, Product


@require_GET
def customers(request: HttpRequest) -> JsonResponse:
    """At most 20 customers that the reader may see, by name, with their tier. `only=editable`: and edit."""
    assert isinstance(request.user, User)
    customers = Customer.objects.all()
    only_editable = request.GET.get("only") == "editable"
    within = customers.editable_by(request.user) if only_editable else customers.visible_to(request.user)
    found = within.in_use().filter(name__icontains=asked(request))
    return answer(found.order_by("name", "id").values_list("key", "name", "tier")[:MOST])


@require_GET
def contacts(request: HttpRequest) -> JsonResponse:
    """At most 20 contacts that the reader may see, by name, with their post. `customer=KEY`: those of this customer."""
    assert isinstance(request.user, User)
    found = Contact.objects.visible_to(request.user).in_use().filter(name__icontains=asked(request))
    if "customer" in request.GET:
        found = found.filter(customer__key=request.GET["customer"].replace("\x00", ""))
    return answer(found.order_by("name", "id").values_list("key", "name", "title")[:MOST])


@require_GET
def products(request: HttpRequest) -> JsonResponse:
    """At most 20 products in use by name, with their line. `only=on_sale`: those that can be chosen anew."""
    found = Product.objects.on_sale() if request.GET.get("only") == "on_sale" else Product.objects.in_use()
    found = found.filter(name__icontains=asked(request))
    return answer(found.order_by("name", "id").values_list("key", "name", "line")[:MOST])
