"""The panels of a customer's page: each comes by itself into the page, and is a page of its own without script."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.form_pages import is_fragment
from accounts.models import User
from accounts.selectors import today
from customers.models import Customer
from customers.selectors import bought
from customers.selectors.group import group_of
from customers.selectors.people import people_map
from customers.selectors.plans import plan_summary


def _customer(request: HttpRequest, pk: int) -> tuple[Customer, User]:
    assert isinstance(request.user, User)
    return get_object_or_404(Customer.objects.visible_to(request.user), pk=pk), request.user


def _may_write(customer: Customer, user: User) -> bool:
    return customer.archived_at is None and Customer.objects.editable_by(user).filter(pk=customer.pk).exists()


def _shown(request: HttpRequest, name: str, title: str, customer: Customer, **context: Any) -> HttpResponse:
    panel = f"customers/panels/{name}.html"
    template = panel if is_fragment(request) else "customers/panels/page.html"
    return render(request, template, {"customer": customer, "title": title, "panel": panel, **context})


@require_safe
@vary_on_headers("HX-Request")
def share(request: HttpRequest, pk: int) -> HttpResponse:
    """Our share of what the customer spends, beside that of other suppliers."""
    customer, user = _customer(request, pk)
    found, writes = bought.wallet_share(customer, user), _may_write(customer, user)
    return _shown(request, "share", _("Wallet share"), customer, share=found, writes=writes)


@require_safe
@vary_on_headers("HX-Request")
def revenue(request: HttpRequest, pk: int) -> HttpResponse:
    """Orders by fiscal year and product."""
    customer, user = _customer(request, pk)
    found = bought.revenue(customer, user)
    return _shown(request, "revenue", _("Revenue by year and product"), customer, revenue=found)


@require_safe
@vary_on_headers("HX-Request")
def white_space(request: HttpRequest, pk: int) -> HttpResponse:
    """Which unit of the customer has which product, and from whom."""
    customer, user = _customer(request, pk)
    space, writes = bought.white_space(customer, user), _may_write(customer, user)
    return _shown(request, "white_space", _("White space"), customer, space=space, writes=writes)


@require_safe
@vary_on_headers("HX-Request")
def facts(request: HttpRequest, pk: int) -> HttpResponse:
    """Contracts, what the customer says of us, orders."""
    customer, user = _customer(request, pk)
    found, writes = bought.facts(customer, user), _may_write(customer, user)
    return _shown(request, "facts", _("Contracts, NPS, orders"), customer, facts=found, writes=writes)


@require_safe
@vary_on_headers("HX-Request")
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the customer's people stand in each opportunity, and who of us knows them."""
    customer, user = _customer(request, pk)
    return _shown(request, "people", _("People and influence"), customer, people=people_map(customer, user))


@require_safe
@vary_on_headers("HX-Request")
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """The account plan of this fiscal year."""
    customer, user = _customer(request, pk)
    summary = plan_summary(customer, user, today())
    return _shown(request, "plan", _("Account plan"), customer, summary=summary)


@require_safe
@vary_on_headers("HX-Request")
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """The companies above, beside and below, with their sums."""
    customer, user = _customer(request, pk)
    return _shown(request, "group", _("Group of companies"), customer, group=group_of(customer, user))
