"""The grid: a team's customers assessed one row after the other, by keyboard."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.form_pages import is_fragment, take
from accounts.selectors import today
from customers import actions
from customers.assessment_forms import LABELS, GridForm
from customers.models import Customer, TierRules
from customers.rules.tiers import CRITERIA, TIERS
from customers.selectors.assess_grid import GridRow, assessable, grid_rows
from customers.selectors.tiers import rules_now
from customers.views.assessments import judged_by
from customers.views.lists import page_of, without


@dataclass(frozen=True, slots=True)
class Drawn:
    """A row with its form: score and suggestion of each criterion, what the rules say, whether it was just saved."""

    row: GridRow
    form: GridForm
    cells: list[tuple[Any, int | None]]
    judged: dict[str, Any]
    saved: bool = False


@require_safe
def assess_grid(request: HttpRequest) -> HttpResponse:
    """The customers that the reader may assess: `whose` (mine, team), `due`, `tier`, `page`."""
    user: Any = request.user
    if not user.sells:
        raise PermissionDenied(_("Those who sell assess customers."))
    mine = (request.GET.get("whose") or ("team" if user.is_manager else "mine")) == "mine"
    due, chosen = request.GET.get("due") == "true", _tiers(request)
    day, held = today(), rules_now()
    page: Any = page_of(request, assessable(user, day, held, mine=mine, due=due, tiers=chosen))
    ids = [row.pk for row in page.object_list]
    rows = [_drawn(row, held) for row in _rows(ids, request, held)]
    context = {
        "page": page, "rows": rows, **_heads(), "tiers": TIERS, "mine": mine, "due": due, "chosen": chosen,
        "without_whose": without(request.GET, "whose"), "without_due": without(request.GET, "due"),
        "without_tier": without(request.GET, "tier"),
    }  # fmt: skip
    return render(request, "customers/assessments/grid.html", context)


def _heads() -> dict[str, Any]:
    return {"labels": [LABELS[name] for name in CRITERIA]}


def _tiers(request: HttpRequest) -> list[str]:
    return [tier for tier in TIERS if tier in request.GET.getlist("tier")]


def _rows(ids: list[int], request: HttpRequest, held: TierRules) -> list[GridRow]:
    user: Any = request.user
    return grid_rows(Customer.objects.filter(pk__in=ids).order_by("name", "pk"), user, today(), held)


def _drawn(row: GridRow, held: TierRules, form: GridForm | None = None, saved: bool = False) -> Drawn:
    form = form or GridForm(latest=row.latest, customer=row.customer)
    cells = [(form[name], row.suggested.get(name)) for name in CRITERIA]
    return Drawn(row, form, cells, judged_by(form, held), saved)


@require_POST
def assess_row(request: HttpRequest, pk: int) -> HttpResponse:
    """Save one row: the row as it stands then; with its errors and everything typed, 422, when it is refused."""
    user: Any = request.user
    customer = get_object_or_404(Customer.objects.visible_to(user).select_related("owner__team", "team"), pk=pk)
    if not Customer.objects.editable_by(user).filter(pk=pk).exists():
        raise PermissionDenied(_("You may read this customer but not change it."))
    form = GridForm(request.POST, latest=customer.assessments.first(), customer=customer)  # type: ignore[attr-defined]
    if form.is_valid():
        try:
            actions.assess_customer(customer=customer, actor=user, **form.given())
        except ValidationError as error:
            take(form, error)
    return _answer(request, pk, form)


def _answer(request: HttpRequest, pk: int, form: GridForm) -> HttpResponse:
    """The row alone for the script; without it the grid again, or a page with what was refused."""
    refused, held = bool(form.errors), rules_now()
    (row,) = _rows([pk], request, held)
    drawn = _drawn(row, held, form if refused else None, saved=not refused)
    status = 422 if refused else 200
    if is_fragment(request):
        return render(request, "customers/assessments/_row.html", {"each": drawn}, status=status)
    if refused:
        return render(request, "customers/assessments/grid.html", {"rows": [drawn], **_heads()}, status=status)
    messages.success(request, _("The assessment was saved."))
    return redirect("assess_grid")
