"""Orders, contracts, NPS answers: their lists, and what one does with them."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.conflicts import version_in
from accounts.form_pages import confirm_page, form_page
from accounts.models import User
from accounts.selectors import today
from customers import actions
from customers.fact_filters import ContractFilter, NpsFilter
from customers.fact_forms import ContractForm, NpsForm, OrderForm, RenewalForm
from customers.filters import OrderFilter, ordered
from customers.models import Contract, Customer, NpsResponse, Order
from customers.selectors import facts
from customers.views.customers import form_methods
from customers.views.lists import matching, narrowed, page_of

ORDERINGS = {
    "orders": {"booked": "booked_on", "customer": "customer_named", "product": "product__name", "amount": "amount"},
    "contracts": {"ends": "ends_on", "starts": "starts_on", "customer": "customer__name", "amount": "amount"},
    "nps": {"answered": "answered_on", "customer": "customer__name", "score": "score"},
}

ITEM_FORM = "customers/facts/item_form.html"  # with a link that removes


def _listed(request: HttpRequest, filters: Any, kind: str, default: str) -> dict[str, Any]:
    """What the three lists show alike: the page, its order, the filters."""
    user: Any = request.user
    rows = matching(filters)
    sort = request.GET.get("sort", "") or default
    page = page_of(request, ordered(rows, sort, ORDERINGS[kind], default))
    shown = [row.customer_id for row in page.object_list]
    editable = Customer.objects.editable_by(user).filter(pk__in=shown).values_list("pk", flat=True)
    return {
        "filters": filters, "rows": rows, "page": page, "sort": sort, "narrowed": narrowed(filters), "kind": kind,
        "may_edit": user.sells, "editable": set(editable) if user.sells else set(),
    }  # fmt: skip


CARRIED = (
    "customer",
    "booked_from",
    "booked_to",
    "as_of",
    "quarters_to",
    "sort",
)  # not with the form


@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    """Orders in sight; of one that its seller sees without its customer, the customer has no name."""
    user: Any = request.user
    named = Case(When(customer__in=Customer.objects.visible_to(user).values("pk"), then="customer__name"))
    rows = Order.objects.visible_to(user).select_related("customer", "product", "owner").annotate(customer_named=named)
    context = _listed(request, OrderFilter(request.GET, queryset=rows, request=request), "orders", "-booked")
    shown = {row.customer_id for row in context["page"].object_list}
    context["named"] = set(Customer.objects.visible_to(user).filter(pk__in=shown).values_list("pk", flat=True))
    context["count"], context["total"] = facts.total(context["rows"])
    context["carried"] = [(name, request.GET[name]) for name in CARRIED if request.GET.get(name)]
    return render(request, "customers/facts/orders.html", context)


@require_safe
def contract_list(request: HttpRequest) -> HttpResponse:
    """Contracts in sight, those first that end next; `due=true`: that end within 90 days and nothing renews."""
    user: Any = request.user
    rows = Contract.objects.visible_to(user).select_related("customer", "renewed_by")
    context = _listed(request, ContractFilter(request.GET, queryset=rows, request=request), "contracts", "ends")
    context["count"], context["total"] = facts.total(context["rows"])
    context["due"] = facts.renewals_due(user, today()).count()
    context["today"], context["soon"] = today(), today() + timedelta(days=facts.RENEWAL_DAYS)
    context["lapsed"] = {row.pk for row in context["page"].object_list if row.has_lapsed(today())}
    return render(request, "customers/facts/contracts.html", context)


@require_safe
def nps_list(request: HttpRequest) -> HttpResponse:
    """NPS answers in sight, and what the latest of twelve months come to."""
    user: Any = request.user
    rows = NpsResponse.objects.visible_to(user).select_related("customer", "contact")
    context = _listed(request, NpsFilter(request.GET, queryset=rows, request=request), "nps", "-answered")
    context["nps"] = facts.nps(context["rows"], today())
    return render(request, "customers/facts/nps.html", context)


def home(customer: Customer) -> str:
    """The customer's page, where these forms lead back to."""
    return reverse("customer", args=[customer.pk])


def editable_customer(request: HttpRequest, pk: int) -> Customer:
    """404 for a hidden customer, 403 for those who only read it."""
    user: Any = request.user
    customer: Customer = get_object_or_404(Customer.objects.visible_to(user), pk=pk)
    if not Customer.objects.editable_by(user).filter(pk=pk).exists():
        raise PermissionDenied(_("You may read this customer but not change it."))
    return customer


def editable_row(request: HttpRequest, model: Any, pk: int) -> Any:
    """404 for a hidden row, 403 for those who only read it."""
    user: Any = request.user
    row = get_object_or_404(model.objects.visible_to(user).select_related("customer"), pk=pk)
    if not model.objects.editable_by(user).filter(pk=pk).exists():
        raise PermissionDenied(_("You may read this but not change it."))
    return row


def made(request: HttpRequest, customer: Customer, form: Any, create: Any, title: str) -> HttpResponse:
    """The form of a new row of a customer."""
    user: User = request.user  # type: ignore[assignment]
    return form_page(
        request, form, lambda: create(actor=user, customer=customer, **_given(form)), title=title, submit=_("Save"),
        said=_("Saved."), back=home(customer), parent=(home(customer), customer.name),
    )  # fmt: skip


def _given(form: Any) -> dict[str, Any]:
    """What was filled in: what was left empty has its own default."""
    return {name: value for name, value in form.changes().items() if value not in (None, "")}


def edited(request: HttpRequest, row: Any, form: Any, edit: Any, title: str, archive: str = "") -> HttpResponse:
    """The form of a row; `archive` names the address at which its dialog offers to remove it."""
    back = home(row.customer)
    more = {"template": ITEM_FORM, "archive": archive, "row": row} if archive else {}
    return form_page(
        request, form, lambda: edit(actor=request.user, **form.settled()), title=title, said=_("Saved."), back=back,
        parent=(back, row.customer.name), **more,
    )  # fmt: skip


def _confirm(request: HttpRequest, row: Any, write: Any, *, restore: bool) -> HttpResponse:
    back = home(row.customer)
    words = (_("Restore %(name)s?"), _("Restore")) if restore else (_("Archive %(name)s?"), _("Archive"))
    return confirm_page(
        request, row, write, title=words[0] % {"name": row}, submit=words[1], danger=not restore,
        said=_("Saved."), back=back, parent=(back, row.customer.name),
        text="" if restore else _("It leaves lists. Its past figures stay, and it can be restored."),
    )  # fmt: skip


@form_methods
def order_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new order of this customer, of today and sold by whoever enters it, unless they say otherwise."""
    form = OrderForm(request.POST or None, initial={"booked_on": today()})
    return made(request, editable_customer(request, pk), form, actions.create_order, _("New order"))


@form_methods
def order_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = editable_row(request, Order, pk)
    form = OrderForm(request.POST or None, row=row)
    return edited(request, row, form, partial(actions.edit_order, order=row), _("Edit order"))


@form_methods
def order_archive(request: HttpRequest, pk: int) -> HttpResponse:
    row = editable_row(request, Order, pk)
    return _confirm(request, row, partial(actions.archive_order, order=row), restore=False)


@form_methods
def order_restore(request: HttpRequest, pk: int) -> HttpResponse:
    row = editable_row(request, Order, pk)
    return _confirm(request, row, partial(actions.restore_order, order=row), restore=True)


@form_methods
def contract_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new contract of this customer, for a year from today unless they say otherwise."""
    day, customer = today(), editable_customer(request, pk)
    term = {"starts_on": day, "ends_on": day + timedelta(days=364)}
    form = ContractForm(request.POST or None, customer=customer, initial=term)
    return made(request, customer, form, actions.create_contract, _("New contract"))


@form_methods
def contract_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = editable_row(request, Contract, pk)
    form = ContractForm(request.POST or None, row=row, customer=row.customer)
    return edited(request, row, form, partial(actions.edit_contract, contract=row), _("Edit contract"))


@form_methods
def contract_renew(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract that follows this one: as long and for as much, unless they say otherwise."""
    row = editable_row(request, Contract, pk)
    begin, end = row.next_term()
    said = {
        "title": row.title, "amount": row.amount, "starts_on": begin, "ends_on": end, "version": row.version,
    }  # fmt: skip
    form, back = RenewalForm(request.POST or None, initial=said), home(row.customer)
    return form_page(
        request, form, lambda: _renew(request, row, form), title=_("Renew %(name)s") % {"name": row}, submit=_("Renew"),
        said=_("The contract was renewed."), back=back, parent=(back, row.customer.name),
    )  # fmt: skip


def _renew(request: HttpRequest, row: Contract, form: RenewalForm) -> Contract:
    values = {name: form.cleaned_data[name] for name in ("title", "amount", "starts_on", "ends_on")}
    user: Any = request.user
    return actions.renew_contract(contract=row, actor=user, seen=version_in(form.data), **values)


@form_methods
def contract_archive(request: HttpRequest, pk: int) -> HttpResponse:
    row = editable_row(request, Contract, pk)
    return _confirm(request, row, partial(actions.archive_contract, contract=row), restore=False)


@form_methods
def contract_restore(request: HttpRequest, pk: int) -> HttpResponse:
    row = editable_row(request, Contract, pk)
    return _confirm(request, row, partial(actions.restore_contract, contract=row), restore=True)


@form_methods
def nps_create(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody at this customer's answered, today unless they say otherwise."""
    customer = editable_customer(request, pk)
    form = NpsForm(request.POST or None, customer=customer, initial={"answered_on": today()})
    return made(request, customer, form, actions.create_nps_response, _("New NPS answer"))


@form_methods
def nps_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = editable_row(request, NpsResponse, pk)
    form = NpsForm(request.POST or None, row=row, customer=row.customer)
    title = _("Edit NPS answer")
    return edited(request, row, form, partial(actions.edit_nps_response, response=row), title)


@form_methods
def nps_archive(request: HttpRequest, pk: int) -> HttpResponse:
    row = editable_row(request, NpsResponse, pk)
    return _confirm(request, row, partial(actions.archive_nps_response, response=row), restore=False)


@form_methods
def nps_restore(request: HttpRequest, pk: int) -> HttpResponse:
    row = editable_row(request, NpsResponse, pk)
    return _confirm(request, row, partial(actions.restore_nps_response, response=row), restore=True)
