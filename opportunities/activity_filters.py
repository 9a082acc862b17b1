"""One set of filters for the list, the calendar and the API of activities."""

from typing import Any

import django_filters as filters
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import calendar, today
from config.web.filters import ReferenceFilter
from customers.filters import CustomerKeyFilter
from customers.models import Contact
from customers.selectors.capacity import serves_cadence
from customers.selectors.tiers import rules_now
from opportunities.models import Activity, ActivityKind, Opportunity

PLANNED, OVERDUE, DONE, CANCELLED = "planned", "overdue", "done", "cancelled"
STATES = (
    (PLANNED, _("Planned")),
    (OVERDUE, _("Overdue")),
    (DONE, _("Done")),
    (CANCELLED, _("Cancelled")),
)


def _opportunities(request: Any) -> QuerySet[Any]:
    return Opportunity.objects.none() if request is None else Opportunity.objects.visible_to(request.user)


def in_state(queryset: QuerySet[Any], state: str) -> QuerySet[Any]:
    """Planned ones (the overdue among them), those of them from before today, done ones, cancelled ones."""
    rows: Any = queryset
    if state == OVERDUE:
        return rows.planned().filter(planned_at__lt=calendar().start_of_day(today()))  # type: ignore[no-any-return]
    words = {PLANNED: rows.planned, DONE: rows.done, CANCELLED: rows.cancelled}
    return words[state]() if state in words else queryset


def in_order(queryset: QuerySet[Any], state: str) -> QuerySet[Any]:
    """What is planned as it comes, the rest with the latest first."""
    if state in (PLANNED, OVERDUE):
        return queryset.order_by(F("planned_at").asc(nulls_last=True), "id")
    column = {DONE: "done_at", CANCELLED: "cancelled_at"}.get(state, "id")
    return queryset.order_by(f"-{column}", "-id")


class ActivityFilter(filters.FilterSet):
    """References by key, people by login name; local days, the last one included."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    owner = ReferenceFilter(to_field_name="username", queryset=User.objects.all(), label=_("Owner"))
    customer = CustomerKeyFilter()
    serves_cadence = filters.BooleanFilter(method="filter_serves_cadence", label=_("Serves the cadence of an account"))
    opportunity = ReferenceFilter(to_field_name="key", queryset=_opportunities, label=_("Deal"))
    with_role = filters.ChoiceFilter(
        method="filter_role", choices=Contact.BuyingRole.choices, label=_("With somebody of this buying role")
    )
    kind = ReferenceFilter(to_field_name="key", queryset=ActivityKind.objects.all(), label=_("Kind"))
    state = filters.ChoiceFilter(method="filter_state", choices=STATES, label=_("State"))
    planned_from = filters.DateFilter(method="filter_from", label=_("Planned from"))
    planned_to = filters.DateFilter(method="filter_to", label=_("Planned to"))
    done_from = filters.DateFilter(method="filter_from", label=_("Done from"))
    done_to = filters.DateFilter(method="filter_to", label=_("Done to"))
    key = filters.CharFilter(label=_("Key"))

    class Meta:
        model = Activity
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        wanted = Q()
        for name in ("objective", "outcome", "said", "promised", "customer__name", "opportunity__title"):
            wanted |= Q(**{f"{name}__icontains": value})
        return queryset.filter(wanted)

    def filter_serves_cadence(self, queryset: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        """Of the owner's own accounts, as the capacity page counts them; false: all others."""
        rows = queryset.filter(serves_cadence(rules_now()))
        return rows if value else queryset.exclude(pk__in=rows.order_by().values("pk"))

    def filter_role(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        met = Activity.contacts.through.objects.filter(contact__buying_role=value).order_by()
        return queryset.filter(pk__in=met.values("activity_id"))

    def filter_state(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return in_state(queryset, value)

    def filter_from(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(**{f"{name.removesuffix('_from')}_at__gte": calendar().start_of_day(value)})

    def filter_to(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(**{f"{name.removesuffix('_to')}_at__lt": calendar().end_of_day(value)})
