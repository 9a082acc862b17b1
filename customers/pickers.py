"""Customers, contacts and products for fields that search as one types; see accounts/pickers.py."""

from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.pickers import MOST, answer, asked, called
from config.web.searching import rank_of
from customers.models import Contact, Customer, Product


def seen_customers(user: User) -> QuerySet[Any]:
    return Customer.objects.visible_to(user).in_use()


def editable_customers(user: User) -> QuerySet[Any]:
    return Customer.objects.editable_by(user).in_use()


def _seen_contacts(user: User) -> QuerySet[Any]:
    return Contact.objects.visible_to(user).in_use()


@require_GET
def customers(request: HttpRequest) -> JsonResponse:
    """At most 20 customers that the reader may see, by name, pinyin, phone or code, with their tier.

    `only=editable`: and edit.
    """
    assert isinstance(request.user, User)
    only_editable = request.GET.get("only") == "editable"
    if only_editable and not request.user.sells:
        return answer([])
    within = editable_customers if only_editable else seen_customers
    found = within(request.user).filter(called(within, request.user, asked(request)))
    return answer(found.order_by("name", "id").values_list("key", "name", "tier")[:MOST])


@require_GET
def contacts(request: HttpRequest) -> JsonResponse:
    """At most 20 contacts that the reader may see, by name, pinyin or phone, with their post.

    `customer=KEY`: those of this customer.
    """
    assert isinstance(request.user, User)
    typed, found = asked(request), _seen_contacts(request.user)
    if "customer" in request.GET:
        found = found.filter(customer__key=request.GET["customer"].replace("\x00", ""))
        return answer(_of_one_customer(found, typed))
    found = found.filter(called(_seen_contacts, request.user, typed))
    return answer(found.order_by("name", "id").values_list("key", "name", "title")[:MOST])


def _of_one_customer(found: QuerySet[Any], typed: str) -> list[tuple[str, str, str]]:
    """They are few: each is looked at, where the search could spend its places on other customers' contacts."""
    rows = found.order_by("name", "id").values("key", "title", "name", "phone")
    texts = Contact.searched.texts
    good = (row for row in rows if not typed or rank_of(texts(row), typed) is not None)
    return [(row["key"], row["name"], row["title"]) for row in islice(good, MOST)]


@require_GET
def products(request: HttpRequest) -> JsonResponse:
    """At most 20 products in use by name, with their line. `only=on_sale`: those that can be chosen anew."""
    found = Product.objects.on_sale() if request.GET.get("only") == "on_sale" else Product.objects.in_use()
    found = found.filter(name__icontains=asked(request))
    return answer(found.order_by("name", "id").values_list("key", "name", "line")[:MOST])
