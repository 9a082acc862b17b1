"""Suppliers, units and the fields of the white space: what one does with them on a customer's page."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.conflicts import version_in
from accounts.form_pages import confirm_page, form_page
from customers import actions
from customers.models import Coverage, Product, Supplier, Unit
from customers.views.customers import form_methods
from customers.views.facts import editable_customer, editable_row, edited, home, made
from customers.white_space_forms import CoverageForm, SupplierForm, UnitForm


def _in_use(request: HttpRequest, model: Any, pk: int) -> Any:
    row = editable_row(request, model, pk)
    if row.archived_at is not None:
        raise Http404
    return row


@form_methods
def supplier_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody else from whom this customer buys."""
    customer = editable_customer(request, pk)
    form = SupplierForm(request.POST or None)
    return made(request, customer, form, actions.create_supplier, _("New supplier"))


@form_methods
def supplier_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = _in_use(request, Supplier, pk)
    form = SupplierForm(request.POST or None, row=row)
    return edited(
        request, row, form, lambda **said: actions.edit_supplier(supplier=row, **said), _("Edit supplier"),
        archive="supplier_archive",
    )  # fmt: skip


@form_methods
def supplier_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of the shares, after a question."""
    row = _in_use(request, Supplier, pk)
    text = _("It leaves the shares of what the customer spends, and it can be put back.")
    return _remove(request, row, text, partial(actions.archive_supplier, supplier=row))


@form_methods
def supplier_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into the shares, after a question."""
    row = editable_row(request, Supplier, pk)
    return _restore(request, row, partial(actions.restore_supplier, supplier=row))


@form_methods
def unit_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A part of this customer that buys on its own."""
    customer = editable_customer(request, pk)
    return made(request, customer, UnitForm(request.POST or None), actions.create_unit, _("New unit"))


@form_methods
def unit_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = _in_use(request, Unit, pk)
    form = UnitForm(request.POST or None, row=row)
    return edited(
        request, row, form, lambda **said: actions.edit_unit(unit=row, **said), _("Edit unit"), archive="unit_archive"
    )


@form_methods
def unit_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of the white space, after a question."""
    row = _in_use(request, Unit, pk)
    text = _("It leaves the white space. What it has stays known, and it can be put back.")
    return _remove(request, row, text, partial(actions.archive_unit, unit=row))


@form_methods
def unit_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into the white space with what it has, after a question."""
    row = editable_row(request, Unit, pk)
    return _restore(request, row, partial(actions.restore_unit, unit=row))


def _remove(request: HttpRequest, row: Any, text: str, write: Callable[..., Any]) -> HttpResponse:
    title = _("Remove “%(name)s”?") % {"name": row}
    return _asked(request, row, write, title=title, submit=_("Remove"), danger=True, text=text)


def _restore(request: HttpRequest, row: Any, write: Callable[..., Any]) -> HttpResponse:
    return _asked(request, row, write, title=_("Put “%(name)s” back?") % {"name": row}, submit=_("Restore"))


def _asked(request: HttpRequest, row: Any, write: Callable[..., Any], **words: Any) -> HttpResponse:
    back = home(row.customer)
    return confirm_page(request, row, write, said=_("Saved."), back=back, parent=(back, row.customer.name), **words)


@form_methods
def coverage_set(request: HttpRequest, pk: int, product: int) -> HttpResponse:
    """From whom this unit has this product."""
    unit = _in_use(request, Unit, pk)
    of = get_object_or_404(Product.objects.in_use(), pk=product)
    row = Coverage.objects.filter(unit=unit, product=of).first()
    form, back = CoverageForm(request.POST or None, row=row), home(unit.customer)
    return form_page(
        request, form, lambda: _cover(request, unit, of, form),
        title=_("%(product)s in %(unit)s") % {"product": of, "unit": unit}, said=_("Saved."), back=back,
        parent=(back, unit.customer.name),
    )  # fmt: skip


def _cover(request: HttpRequest, unit: Unit, product: Product, form: CoverageForm) -> None:
    user: Any = request.user
    wanted = form.wanted
    seen = form.seen if form.row else version_in(form.data)
    actions.set_coverage(
        unit=unit, product=product, state=wanted["state"] or None, supplier=wanted["supplier"], seen=seen, actor=user
    )
