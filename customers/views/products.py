"""Products: read by everybody, kept by administrators."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.actions import refuse_unless_admin
from accounts.form_pages import confirm_page, form_page
from customers import actions
from customers.filters import ProductFilter, ordered
from customers.forms import ProductForm
from customers.models import Product
from customers.views.customers import form_methods
from customers.views.lists import matching, narrowed, page_of

ORDERINGS = {"name": "name", "line": "line", "is_core": "is_core", "active": "active"}


@require_safe
def product_list(request: HttpRequest) -> HttpResponse:
    """What we sell: `q`, `active`, `is_core`, `archived`, `sort`, `page`."""
    user: Any = request.user
    filters = ProductFilter(request.GET, queryset=Product.objects.all(), request=request)
    context = {
        "filters": filters,
        "page": page_of(request, ordered(matching(filters), request.GET.get("sort", ""), ORDERINGS, "name"), 50),
        "sort": request.GET.get("sort") or "name",
        "narrowed": narrowed(filters),
        "may_edit": user.is_admin,
    }
    return render(request, "customers/products.html", context)


def _product(request: HttpRequest, pk: int) -> Any:
    """404 for one that isn't there, 403 for all but administrators."""
    product = get_object_or_404(Product, pk=pk)
    refuse_unless_admin(request.user)  # type: ignore[arg-type]
    return product


def _above() -> dict[str, Any]:
    home = reverse("products")
    return {"back": home, "parent": (home, _("Products"))}


@form_methods
def product_create(request: HttpRequest) -> HttpResponse:
    """A new product (administrators)."""
    user: Any = request.user
    refuse_unless_admin(user)
    form = ProductForm(request.POST or None)
    return form_page(
        request, form, lambda: actions.create_product(actor=user, **form.changes()),
        title=_("New product"), submit=_("Create product"), said=_("The product was created."), **_above(),
    )  # fmt: skip


@form_methods
def product_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A product's name, line, and whether it is sold (administrators)."""
    product = _product(request, pk)
    user: Any = request.user
    form = ProductForm(request.POST or None, row=product)
    return form_page(
        request, form, lambda: actions.edit_product(product=product, actor=user, **form.settled()),
        title=_("Edit product"), said=_("The product was saved."), **_above(),
    )  # fmt: skip


@form_methods
def product_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of lists and choices, after a question (administrators)."""
    product = _product(request, pk)
    return confirm_page(
        request, product, partial(actions.archive_product, product=product),
        title=_("Archive %(name)s?") % {"name": product.name}, submit=_("Archive"), danger=True,
        text=_("It leaves lists and choices. Deals and orders that name it keep it, and it can be restored."),
        said=_("The product was archived."), **_above(),
    )  # fmt: skip


@form_methods
def product_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into lists and choices (administrators)."""
    product = _product(request, pk)
    return confirm_page(
        request, product, partial(actions.restore_product, product=product),
        title=_("Restore %(name)s?") % {"name": product.name}, submit=_("Restore"),
        text=_("It comes back into lists and choices."), said=_("The product was restored."), **_above(),
    )  # fmt: skip
