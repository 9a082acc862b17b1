"""Account plans: the list, the page of one, on paper, and what one does with it."""

from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.form_pages import ConfirmForm, confirm_page, form_page
from accounts.models import User
from accounts.selectors import calendar, today
from customers import actions
from customers.models import AccountPlan, Customer
from customers.plan_forms import SECTIONS, NewPlanForm, PlanForm
from customers.selectors import plans as selectors
from customers.views.customers import address, form_methods
from customers.views.lists import page_of

FIRST_YEAR, LAST_YEAR = 2000, 2100
SECTION_TITLES = {
    "strategy": gettext_lazy("Strategy and our match"),
    "goals": gettext_lazy("Their goals"),
    "people": gettext_lazy("Who leads"),
    "share": gettext_lazy("Wallet share"),
    "risks": gettext_lazy("Risks"),
}


@require_safe
def plan_list(request: HttpRequest) -> HttpResponse:
    """Plans of a year by customer, those that lack one first: `year`, `tier`, `q`, `show` (missing, overdue)."""
    assert isinstance(request.user, User)
    day = today()
    now = calendar().fiscal_year_of(day)
    year = _year_of(request.GET.get("year", ""), now)
    typed, tier, show = (request.GET.get(name, "").replace("\x00", "") for name in ("q", "tier", "show"))
    customers = Customer.objects.visible_to(request.user).filter(name__icontains=typed[:200])
    if tier in Customer.Tier.values:
        customers = customers.filter(tier=tier)
    rows = selectors.plan_rows(customers, year=year, today=day)
    rows = {"missing": rows.filter(has_plan=False), "overdue": rows.filter(overdue__gt=0)}.get(show, rows)
    page = page_of(request, rows)
    page.object_list = [selectors.row_of(values) for values in page.object_list]
    context = {
        "page": page, "year": year, "years": range(now - 2, now + 3), "tiers": Customer.Tier.values,
        "narrowed": bool(typed or tier or show), "may_write": request.user.sells,
    }  # fmt: skip
    return render(request, "customers/plans/list.html", context)


def _year_of(text: str, now: int) -> int:
    year = int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else now
    return year if FIRST_YEAR <= year <= LAST_YEAR else now


def _customer(request: HttpRequest, pk: int) -> Customer:
    assert isinstance(request.user, User)
    return get_object_or_404(Customer.objects.visible_to(request.user).select_related("owner"), pk=pk)


def _plan_of_year(customer: Customer, year: int) -> AccountPlan | None:
    """The plan in use, else the one that was archived last."""
    found = AccountPlan.objects.filter(customer=customer, year=year)
    rows = found.select_related("customer", "our_leader", "their_leader").order_by("-archived_at", "-pk")
    return next((row for row in rows if row.archived_at is None), rows[0] if rows else None)


@require_safe
def plan_page(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """A customer's plan for a fiscal year, or the word that there is none."""
    return _drawn(request, pk, year, "customers/plans/page.html")


@require_safe
def plan_print(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """The plan on paper."""
    return _drawn(request, pk, year, "customers/plans/print.html", needed=True)


def _drawn(request: HttpRequest, pk: int, year: int, template: str, *, needed: bool = False) -> HttpResponse:
    user: Any = request.user
    customer = _customer(request, pk)
    plan = _plan_of_year(customer, year)
    if not FIRST_YEAR <= year <= LAST_YEAR or (needed and plan is None):
        raise Http404
    day = today()
    may_edit = customer.archived_at is None and Customer.objects.editable_by(user).filter(pk=pk).exists()
    context = {
        "customer": customer, "plan": plan, "year": year, "day": day,
        "found": selectors.plan_page(plan, day) if plan else None,
        "years": _years(customer, year), "may_write": may_edit, "required": selectors.is_required(customer),
        "new_url": reverse("account_plan_new", args=[pk], query={"year": year}),
        "may_edit": may_edit and plan is not None and plan.archived_at is None,
    }  # fmt: skip
    return render(request, template, context)


def _years(customer: Customer, year: int) -> list[int]:
    """The years with a plan, this one and the running one."""
    known = AccountPlan.objects.in_use().filter(customer=customer).order_by().values_list("year", flat=True)
    return sorted({*known, year, calendar().fiscal_year_of(today())})


# --- Writes -------------------------------------------------------------------------------------


def home(plan: AccountPlan) -> str:
    return reverse("account_plan", args=[plan.customer_id, plan.year])


def above(plan: AccountPlan) -> tuple[str, str]:
    """The page above a form of the plan."""
    return home(plan), _("Account plan %(year)s") % {"year": plan.year}


def refuse_reader(customer: Customer, user: Any) -> None:
    """403 for those who only read the customer."""
    if not Customer.objects.editable_by(user).filter(pk=customer.pk).exists():
        raise PermissionDenied(_("You may read this customer but not change it."))


def editable(request: HttpRequest, pk: int) -> AccountPlan:
    """404 for a hidden plan, 403 for those who only read it."""
    user: Any = request.user
    plans = AccountPlan.objects.visible_to(user).select_related("customer", "our_leader", "their_leader")
    plan: AccountPlan = get_object_or_404(plans, pk=pk)
    refuse_reader(plan.customer, user)
    return plan


@form_methods
def plan_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new plan; `year` is the running fiscal year unless the address says another."""
    user: Any = request.user
    customer = _customer(request, pk)
    refuse_reader(customer, user)
    year = _year_of(request.GET.get("year", ""), calendar().fiscal_year_of(today()))
    form = NewPlanForm(request.POST or None, customer=customer, user=user, initial={"year": year})
    return form_page(
        request, form, lambda: actions.create_plan(actor=user, customer=customer, **form.changes()),
        title=_("New account plan"), submit=_("Create plan"), said=_("The plan was created."),
        back=home, cancel=address(customer), parent=(address(customer), customer.name),
    )  # fmt: skip


@form_methods
def plan_edit(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """One section of the plan."""
    user: Any = request.user
    plan = editable(request, pk)
    if section not in SECTIONS:
        raise Http404
    form = PlanForm(request.POST or None, row=plan, customer=plan.customer, section=section)
    return form_page(
        request, form, lambda: actions.edit_plan(plan=plan, actor=user, **form.settled()),
        title=str(SECTION_TITLES[section]), said=_("The plan was saved."), back=home(plan), parent=above(plan),
    )  # fmt: skip


@form_methods
def plan_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of use, after a question."""
    plan = editable(request, pk)
    return confirm_page(
        request, plan, partial(actions.archive_plan, plan=plan),
        title=_("Archive the plan of %(year)s?") % {"year": plan.year}, submit=_("Archive"), danger=True,
        text=_("It leaves the lists and My day, and it can be restored."),
        said=_("The plan was archived."), back=home(plan), parent=above(plan),
    )  # fmt: skip


@form_methods
def plan_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into use."""
    plan = editable(request, pk)
    return confirm_page(
        request, plan, partial(actions.restore_plan, plan=plan),
        title=_("Restore the plan of %(year)s?") % {"year": plan.year}, submit=_("Restore"),
        said=_("The plan was restored."), back=home(plan), parent=above(plan),
    )  # fmt: skip


@form_methods
def plan_forward(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan of the next year, begun with this one."""
    user: Any = request.user
    plan = editable(request, pk)
    form = ConfirmForm(request.POST or None, row=plan)
    return form_page(
        request, form, lambda: actions.copy_plan_forward(plan=plan, actor=user),
        title=_("Copy this plan to %(year)s?") % {"year": plan.year + 1}, submit=_("Copy forward"),
        text=_("Texts and lines are copied, revenue a year on; what is open moves there unless due in %(year)s.")
        % {"year": plan.year},
        said=_("The plan was copied."), back=home, cancel=home(plan), parent=above(plan),
    )  # fmt: skip
