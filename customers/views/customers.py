"""Customers: the page of one, and what one does with it."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import visibility
from accounts.conflicts import settled
from accounts.form_pages import confirm_page, form_page
from accounts.models import User
from accounts.selectors import today
from customers import actions
from customers.actions.tiers import may_override
from customers.assessment_forms import LABELS, words
from customers.duplicates import Alike
from customers.forms import AssignForm, CustomerForm, NewCustomerForm, ask
from customers.models import Customer
from customers.rules.share import SHARE_THRESHOLD, change, share_of
from customers.rules.tiers import KEY_ACCOUNTS, treatment_of
from customers.selectors import page as selectors
from customers.selectors.attention import neglect_of
from customers.selectors.scorecard import Scorecard, scorecard
from customers.selectors.tiers import rules_now
from customers.tier_forms import treatment_in_words

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def customer_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One customer: figures, scorecard, contacts, opportunities; the panels come by themselves (views/panels.py)."""
    assert isinstance(request.user, User)
    customer: Any = get_object_or_404(selectors.for_page(request.user), pk=pk)
    if customer.merged_into_id and _is_seen(request.user, customer.merged_into_id):
        messages.info(request, _("“%(name)s” was merged into this customer.") % {"name": customer.name})
        return redirect("customer", pk=customer.merged_into_id)
    archived, card, rules = customer.archived_at is not None, scorecard(customer), rules_now()
    context = {
        "customer": customer,
        "lists": selectors.page_of(customer, request.user),
        "card": card,
        "scores": [(LABELS[score.criterion], score) for score in card.scores] if card else [],
        "reasons": words(card.judged) if card else [],
        "share": share_of(customer.order_amount, customer.annual_spend),
        "share_before": share_of(customer.amount_before, customer.annual_spend),
        "threshold": SHARE_THRESHOLD,
        "growth": change(customer.order_amount, customer.amount_before),
        "key_account": customer.tier in KEY_ACCOUNTS,
        "missed": () if archived else neglect_of(customer, today(), rules),
        "treatment": treatment_in_words(treatment_of(customer.tier, rules)),
        "archived": archived,
        "may_edit": customer.editable and not archived,
        "may_merge": not archived and (request.user.is_admin or (request.user.is_manager and customer.editable)),
        "may_override": customer.editable and not archived and _may_override(request.user, customer, card),
        "may_restore": customer.editable and archived,
        "may_assign": _may_assign(customer, request.user) and not archived,
        "may_sell": request.user.sells and not archived,
    }
    return render(request, "customers/page.html", context)


def _may_override(user: User, customer: Any, card: Scorecard | None) -> bool:
    return card is not None and may_override(user, customer, card.assessment)


def _is_seen(user: User, pk: int) -> bool:
    return Customer.objects.visible_to(user).filter(pk=pk).exists()


def _may_assign(customer: Any, user: User) -> bool:
    ownerless = customer.owner_id is None and (user.is_admin or customer.editable)
    return ownerless or visibility.may_assign(user, customer.owner)


def _visible(request: HttpRequest, pk: int) -> Customer:
    assert isinstance(request.user, User)
    found = Customer.objects.visible_to(request.user).select_related("owner__team", "parent")
    return get_object_or_404(found, pk=pk)


def _editable(request: HttpRequest, pk: int) -> Customer:
    """404 for a hidden customer, 403 for those who only read it."""
    customer = _visible(request, pk)
    if not Customer.objects.editable_by(request.user).filter(pk=pk).exists():  # type: ignore[arg-type]
        raise PermissionDenied(_("You may read this customer but not change it."))
    return customer


def address(customer: Customer) -> str:
    return reverse("customer", args=[customer.pk])


def above(customer: Customer | None = None) -> tuple[str, str]:
    """The page above a form: the customer's, else the list."""
    return (address(customer), customer.name) if customer else (reverse("customers"), _("Customers"))


@form_methods
def customer_create(request: HttpRequest) -> HttpResponse:
    """A new customer, in the dialog or on a page; then its own page."""
    assert isinstance(request.user, User)
    user = request.user
    if user.role == User.Role.EXECUTIVE:
        raise PermissionDenied(_("Executives read customers; they do not write them."))
    form = NewCustomerForm(request.POST or None, user=user)
    return form_page(
        request, form, lambda: _created(form, user),
        title=_("New customer"), submit=_("Create customer"), said=_("The customer was created."),
        back=address, cancel=reverse("customers"), parent=above(),
    )  # fmt: skip


def _created(form: NewCustomerForm, user: User) -> Customer:
    try:
        return actions.create_customer(actor=user, another=form.cleaned_data["another"], **_given(form.changes()))
    except Alike as error:  # it has come since the form was checked, which says so now
        form.full_clean()
        if not form.errors:
            ask(form, error)
        raise ValidationError([]) from error


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """What was filled in: what was left empty has its own default."""
    return {name: value for name, value in values.items() if value not in (None, "")}


@form_methods
def customer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The facts of a customer."""
    customer = _editable(request, pk)
    user: Any = request.user
    form = CustomerForm(request.POST or None, row=customer, user=user)
    return form_page(
        request, form, lambda: actions.edit_customer(customer=customer, actor=user, **form.settled()),
        title=_("Edit customer"), said=_("The customer was saved."), back=address(customer), parent=above(customer),
    )  # fmt: skip


@form_methods
def customer_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Another owner: by a manager above the present one, or an administrator."""
    customer: Any = _visible(request, pk)
    user: Any = request.user
    customer.editable = Customer.objects.editable_by(user).filter(pk=pk).exists()
    if not _may_assign(customer, user):
        raise PermissionDenied(_("Only a manager above the owner, or an administrator, hands customers over."))
    form = AssignForm(request.POST or None, row=customer, user=user)
    return form_page(
        request, form, lambda: _assign(customer, form, user),
        title=_("Hand over %(name)s") % {"name": customer.name}, submit=_("Hand over"),
        text=_("The team follows the new owner. The customer's deals stay with their own owners."),
        said=_("The customer has a new owner."), back=lambda _row: _seen_still(customer, user), parent=above(customer),
    )  # fmt: skip


def _assign(customer: Customer, form: AssignForm, user: User) -> Customer:
    given = settled(customer, {"owner": form.cleaned_data["owner"]}, form.data)
    if "owner" not in given["changes"]:
        return customer
    return actions.assign_customer(customer=customer, owner=given["changes"]["owner"], seen=given["seen"], actor=user)


def _seen_still(customer: Customer, user: User) -> str:
    """The customer's page, or the list for whoever has just given it out of their sight."""
    if Customer.objects.visible_to(user).filter(pk=customer.pk).exists():
        return address(customer)
    return reverse("customers")


@form_methods
def customer_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of lists and choices, after a question."""
    customer = _editable(request, pk)
    return confirm_page(
        request, customer, partial(actions.archive_customer, customer=customer),
        title=_("Archive %(name)s?") % {"name": customer.name}, submit=_("Archive"), danger=True,
        text=_("It leaves lists, choices and search. Its past figures stay, and it can be restored."),
        said=_("The customer was archived."), back=address(customer), parent=above(customer),
    )  # fmt: skip


@form_methods
def customer_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into lists and choices."""
    customer = _editable(request, pk)
    return confirm_page(
        request, customer, partial(actions.restore_customer, customer=customer),
        title=_("Restore %(name)s?") % {"name": customer.name}, submit=_("Restore"),
        text=_("It comes back into lists, choices and search."),
        said=_("The customer was restored."), back=address(customer), parent=above(customer),
    )  # fmt: skip
