"""Contacts: the people on the customers' side."""

from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.form_pages import confirm_page, form_page
from accounts.models import User
from customers import actions
from customers.filters import ContactFilter, ordered
from customers.forms import ContactForm
from customers.models import Contact, Customer
from customers.views.customers import form_methods
from customers.views.lists import matching, narrowed, page_of

ORDERINGS = {
    "name": "name",
    "customer": "customer__name",
    "title": "title",
    "buying_role": "buying_role",
    "influence": "influence",
    "stance": "stance",
}


@require_safe
def contact_list(request: HttpRequest) -> HttpResponse:
    """The contacts of the customers that the reader may see: `q`, `customer`, `buying_role`, `archived`, `sort`."""
    assert isinstance(request.user, User)
    rows = Contact.objects.visible_to(request.user).select_related("customer")
    filters = ContactFilter(request.GET, queryset=rows, request=request)
    context = {
        "filters": filters,
        "page": page_of(request, ordered(matching(filters), request.GET.get("sort", ""), ORDERINGS, "name")),
        "sort": request.GET.get("sort") or "name",
        "narrowed": narrowed(filters),
        "roles": Contact.BuyingRole.choices,
        "may_edit": request.user.sells,
    }
    return render(request, "customers/contacts.html", context)


@form_methods
def contact_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new contact of this customer."""
    user: Any = request.user
    customer = get_object_or_404(Customer.objects.visible_to(user), pk=pk)
    if not user.sells:
        raise PermissionDenied(_("You may read this customer but not change it."))
    form = ContactForm(request.POST or None)
    return form_page(
        request, form, lambda: actions.create_contact(actor=user, customer=customer, **form.changes()),
        title=_("New contact"), submit=_("Create contact"), said=_("The contact was created."),
        back=_home(customer), parent=(_home(customer), customer.name),
    )  # fmt: skip


def _home(customer: Customer) -> str:
    return reverse("customer", args=[customer.pk])


def _editable(request: HttpRequest, pk: int) -> Contact:
    """404 for a hidden contact, 403 for those who only read it."""
    user: Any = request.user
    contact = get_object_or_404(Contact.objects.visible_to(user).select_related("customer"), pk=pk)
    if not Contact.objects.editable_by(user).filter(pk=pk).exists():
        raise PermissionDenied(_("You may read this contact but not change it."))
    return contact  # type: ignore[no-any-return]


@form_methods
def contact_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What is known of a contact."""
    contact = _editable(request, pk)
    user: Any = request.user
    form = ContactForm(request.POST or None, row=contact)
    home = _home(contact.customer)
    return form_page(
        request, form, lambda: actions.edit_contact(contact=contact, actor=user, **form.settled()),
        title=_("Edit contact"), said=_("The contact was saved."), back=home, parent=(home, contact.customer.name),
        template="customers/contact_form.html", contact=contact,
    )  # fmt: skip


@form_methods
def contact_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of lists and choices, after a question."""
    contact = _editable(request, pk)
    home = _home(contact.customer)
    return confirm_page(
        request, contact, partial(actions.archive_contact, contact=contact),
        title=_("Archive %(name)s?") % {"name": contact.name}, submit=_("Archive"), danger=True,
        text=_("It leaves lists, choices and search. Its past figures stay, and it can be restored."),
        said=_("The contact was archived."), back=home, parent=(home, contact.customer.name),
    )  # fmt: skip


@form_methods
def contact_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into lists and choices."""
    contact = _editable(request, pk)
    home = _home(contact.customer)
    return confirm_page(
        request, contact, partial(actions.restore_contact, contact=contact),
        title=_("Restore %(name)s?") % {"name": contact.name}, submit=_("Restore"),
        text=_("It comes back into lists, choices and search."),
        said=_("The contact was restored."), back=home, parent=(home, contact.customer.name),
    )  # fmt: skip
