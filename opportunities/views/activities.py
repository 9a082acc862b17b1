"""Activities: the list of mine, my team's or all in sight; the page of one; those of a customer."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import User
from customers.models import Customer
from customers.views.lists import matching, narrowed, page_of, without
from opportunities.actions.activities import may_coach
from opportunities.activity_filters import DONE, PLANNED, STATES, ActivityFilter, in_order, in_state
from opportunities.models import Activity, ActivityKind
from opportunities.selectors import activities as reader
from opportunities.views.activity_dialogs import found, may_edit

SUBJECTS = ("customer", "opportunity", "owner")  # filters that say whose activities, or with whom
CARRIED = (  # filters that come with the address, not with the form
    *SUBJECTS, "serves_cadence", "with_role", "planned_from", "planned_to", "done_from", "done_to",
)  # fmt: skip


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """`whose` = mine, team, all (`scope_of`) · `state` (planned unless said) · `q`, `kind`, `customer`, … · `page`."""
    user: Any = request.user
    scope = scope_of(request)
    state = request.GET.get("state", "") or PLANNED
    query = request.GET.copy()
    query.pop("state", None)
    filters = ActivityFilter(query, queryset=reader.of_scope(user, scope), request=request)
    rows = matching(filters)
    counts = reader.counts(rows)
    count = getattr(counts, state) if state in dict(STATES) else None  # of a state that there is not, all are shown
    context = {
        "filters": filters,
        "counts": counts,
        "page": page_of(request, in_order(in_state(rows.with_names(), state), state), 30, count),
        "state": state,
        "states": STATES,
        "scope": scope,
        "scopes": reader.scopes_of(user),
        "kinds": ActivityKind.objects.all(),
        "narrowed": narrowed(filters),
        "rest": without(request.GET, "whose"),
        "carried": [(name, value) for name in CARRIED for value in request.GET.getlist(name)],
        "writes": user.sells,
    }
    return render(request, "activities/list.html", context)


def scope_of(request: HttpRequest) -> str:
    """The scope that the address names; else a manager's team, a rep's own, all in sight for those who have none."""
    user: Any = request.user
    wanted, scopes = request.GET.get("whose", ""), reader.scopes_of(user)
    if wanted in scopes:
        return wanted
    if any(request.GET.get(name) for name in SUBJECTS) or not user.sells:
        return reader.EVERYBODY
    return reader.TEAM if reader.TEAM in scopes else reader.MINE


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One activity: what was planned, what came of it, the records it proved, the coaching."""
    activity = found(request, pk)
    user: Any = request.user
    context = {
        "activity": activity,
        "contacts": list(activity.contacts.all()),
        "records": list(activity.checkpoints.select_related("rung").order_by("pk")),  # type: ignore[attr-defined]
        "may_edit": may_edit(user, activity),
        "may_coach": activity.done_at is not None and may_coach(user, activity),
    }
    return render(request, "activities/page.html", context)


@require_safe
def of_customer(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of a customer's page: what is planned with them and what was done."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    rows = Activity.objects.visible_to(request.user).filter(customer=customer)
    context = {"ahead": reader.ahead(rows), "customer": customer, "writes": request.user.sells, "done": DONE}
    return render(request, "activities/of_customer.html", context)
