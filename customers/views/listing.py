"""The list of customers, the pyramid beside it, and what a rep's customers ask of them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.form_pages import is_fragment
from accounts.models import User
from accounts.selectors import today
from customers.filters import NO_TIER, CustomerFilter
from customers.models import Customer, TierRules
from customers.pyramid_figure import figure_of
from customers.rules.share import SHARE_THRESHOLD
from customers.rules.tiers import TIERS, treatment_of
from customers.selectors import pyramid as pyramids
from customers.selectors.capacity import loads, month_ahead, month_behind, people_with_accounts, total
from customers.selectors.listing import rows_of, sort_asked, sorted_ids
from customers.selectors.my_accounts import neglected_others, waiting_of
from customers.selectors.tiers import rules_now
from customers.tier_forms import treatment_in_words
from customers.views.lists import narrowed, page_of, without

FIRST = 6  # customers that wait, on My day
PEOPLE = 100  # on a page of capacity
GOOD, EXCELLENT = 0.5, 0.7  # the share of the ten largest (METHOD.md §8)
MARKS: tuple[tuple[str, Promise], ...] = (
    ("neglected", _("Neglected")),
    ("assessment_due", _("Assessment due")),
    ("no_plan", _("No plan")),
    ("low_share", _("Share below threshold")),
)


@dataclass(frozen=True, slots=True)
class Switch:
    """A link that turns a part of the address's query on or off."""

    value: str
    label: str | Promise
    on: bool
    query: str
    count: int | None = None
    treatment: str = ""


@require_safe
def customer_list(request: HttpRequest) -> HttpResponse:
    """The customers that the reader may see: CustomerFilter, `sort` (one of ORDERINGS), `page`."""
    assert isinstance(request.user, User)
    user, day, sort = request.user, today(), sort_asked(request.GET.get("sort", ""))
    filters = CustomerFilter(request.GET, queryset=Customer.objects.visible_to(user), request=request)
    counts = _counts(filters)
    chosen = [tier for tier in counts if tier in request.GET.getlist("tier")]
    count = sum(counts[tier] for tier in chosen or counts) if filters.is_valid() else 0
    page: Any = page_of(request, sorted_ids(_matching(filters), user=user, sort=sort, day=day), count=count)
    page.object_list = rows_of(page.object_list, user=user, sort=sort, day=day, rules=filters.rules) if count else []
    context = {
        "filters": filters,
        "page": page,
        "sort": sort,
        "narrowed": narrowed(filters),
        "tiers": _tier_switches(request.GET, counts, chosen, filters.rules),
        "marks": _mark_switches(request.GET),
        "chosen_tiers": chosen,
        "chosen_owner": _first(filters, "owner"),
        "chosen_team": _first(filters, "team"),
        "without_tier": without(request.GET, "tier"),
        "threshold": SHARE_THRESHOLD,
        "may_create": user.role != User.Role.EXECUTIVE,
        "may_merge": user.is_manager or user.is_admin,
    }
    return render(request, "customers/list.html", context)


def _matching(filters: CustomerFilter) -> Any:
    return filters.qs if filters.is_valid() else filters.qs.none()


def _counts(filters: CustomerFilter) -> dict[str, int]:
    """{tier: how many the other filters leave}, `none` for those without one."""
    found = filters.all_but("tier").order_by().values_list("tier").annotate(n=Count("pk"))
    return dict.fromkeys((*TIERS, NO_TIER), 0) | {tier or NO_TIER: n for tier, n in found}


def _tier_switches(query: QueryDict, counts: dict[str, int], chosen: list[str], rules: TierRules) -> list[Switch]:
    shown = [tier for tier in counts if tier != NO_TIER or counts[tier] or tier in chosen]
    return [
        Switch(
            tier, tier if tier != NO_TIER else _("No tier"), tier in chosen, _toggled(query, tier), counts[tier],
            "" if tier == NO_TIER else treatment_in_words(treatment_of(tier, rules)),
        )
        for tier in shown
    ]  # fmt: skip


def _toggled(query: QueryDict, tier: str) -> str:
    chosen = query.getlist("tier")
    rest = query.copy()
    rest.pop("page", None)
    rest.setlist("tier", [each for each in chosen if each != tier] if tier in chosen else [*chosen, tier])
    return rest.urlencode()


def _mark_switches(query: QueryDict) -> list[Switch]:
    return [Switch(name, label, query.get(name) == "true", _turned(query, name)) for name, label in MARKS]


def _turned(query: QueryDict, name: str) -> str:
    rest = QueryDict(without(query, name), mutable=True)
    if query.get(name) != "true":
        rest[name] = "true"
    return rest.urlencode()


def _first(filters: CustomerFilter, name: str) -> Any:
    """The row that a reference names, as the filter has looked it up."""
    return next(iter(filters.form.cleaned_data.get(name) or ()), None)


@require_safe
@vary_on_headers("HX-Request")
def pyramid(request: HttpRequest) -> HttpResponse:
    """The pyramid of what the reader may see, and who moved: beside the list, or a page with every figure."""
    assert isinstance(request.user, User)
    seen, day, rules = Customer.objects.visible_to(request.user), today(), rules_now()
    found = pyramids.pyramid(seen, day, rules)
    fragment = is_fragment(request)
    periods = pyramids.movement_periods(day)
    shown = ["quarter"] if fragment else list(periods)
    context = {
        "found": found,
        "figure": figure_of(found, request.GET.getlist("tier")),
        "movements": [(name, pyramids.movements(seen, periods[name])) for name in shown],
        "rules": rules,
        "good": GOOD,
        "excellent": EXCELLENT,
        "may_create": request.user.role != User.Role.EXECUTIVE,
    }
    return render(request, "customers/pyramid/panel.html" if fragment else "customers/pyramid/page.html", context)


@require_safe
def capacity(request: HttpRequest) -> HttpResponse:
    """What the accounts of each person ask of a month: one's own, or those of the people in one's charge."""
    assert isinstance(request.user, User)
    day, rules = today(), rules_now()
    page: Any = page_of(request, people_with_accounts(request.user, day), PEOPLE)
    page.object_list = loads(list(page.object_list), request.user, day, rules)
    needed, planned, done = total(page.object_list)
    context = {
        "page": page,
        "limits": [(tier, rules.accounts_per_rep[tier], rules.cadence_days[tier]) for tier in TIERS],
        "needed": needed,
        "planned": planned,
        "done": done,
        "ahead": month_ahead(day),
        "past": month_behind(day),
        "behind": sum(each.short > 0 for each in page.object_list),
        "short": sum(each.short for each in page.object_list),
    }
    return render(request, "customers/capacity.html", context)


@require_safe
@vary_on_headers("HX-Request")
def waiting(request: HttpRequest) -> HttpResponse:
    """One's own neglected key accounts and customers due to be assessed: the first on My day, all on a page.

    Neglected customers of lower tiers are many: they are counted, and the list has them.
    """
    assert isinstance(request.user, User)
    user, day, fragment = request.user, today(), is_fragment(request)
    rows = waiting_of(user, day)
    context = {
        "rows": rows,
        "shown": rows[:FIRST] if fragment else rows,
        "due": sum(each.due for each in rows),
        "others": neglected_others(user, day),
    }
    return render(request, "customers/waiting.html" if fragment else "customers/waiting_page.html", context)
