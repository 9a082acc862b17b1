"""One set of filters for the list, the board, the table, the export and the API."""

from typing import Any

import django_filters as filters
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from config.web.filters import ChoicesFilter, MoneyFilter, ReferenceFilter
from customers.models import Customer, Product
from opportunities.models import ForecastCategory, Opportunity, Outcome, Stage

ORDERINGS = {
    "title": "title",
    "customer": "customer__name",
    "stage": "stage__position",
    "amount": "amount",
    "expected_close_date": "expected_close_date",
    "next_step_due": "next_step_due",
    "owner": "owner__name",
    "next_step": "next_step",
    "stage_entered_at": "entered_at",
    "days_in_stage": "-entered_at",
    "created_at": "created_at",
    "key": "key",
    "id": "id",
}


def _visible_customers(request: Any) -> QuerySet[Any]:
    return Customer.objects.none() if request is None else Customer.objects.visible_to(request.user)


class OpportunityFilter(filters.FilterSet):
    """References by key, people by login name; one that is unknown or hidden is invalid, with the same words."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    owner = ReferenceFilter(to_field_name="username", queryset=User.objects.all(), label=_("Owner"))
    team = ReferenceFilter(to_field_name="key", queryset=Team.objects.all(), method="filter_team", label=_("Team"))
    customer = ReferenceFilter(to_field_name="key", queryset=_visible_customers, label=_("Customer"))
    stage = ReferenceFilter(to_field_name="key", queryset=Stage.objects.all(), label=_("Stage"))
    product = ReferenceFilter(to_field_name="key", queryset=Product.objects.all(), label=_("Product"))
    tier = ChoicesFilter(field_name="customer__tier", choices=Customer.Tier, label=_("Tier"))
    outcome = ChoicesFilter(choices=Outcome, label=_("Outcome"))
    forecast_category = ChoicesFilter(choices=ForecastCategory, label=_("Forecast category"))
    close_from = filters.DateFilter(field_name="expected_close_date", lookup_expr="gte", label=_("Close from"))
    close_to = filters.DateFilter(field_name="expected_close_date", lookup_expr="lte", label=_("Close to"))
    amount_min = MoneyFilter(field_name="amount", lookup_expr="gte", label=_("Amount from"))
    amount_max = MoneyFilter(field_name="amount", lookup_expr="lte", label=_("Amount to"))
    key = filters.CharFilter(label=_("Key"))

    class Meta:
        model = Opportunity
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(
            Q(title__icontains=value) | Q(customer__name__icontains=value) | Q(next_step__icontains=value)
        )

    def filter_team(self, queryset: QuerySet[Any], _name: str, teams: list[Team]) -> QuerySet[Any]:
        """Those of the teams and of all below them."""
        wanted = Q()
        for team in teams:
            wanted |= Q(team__path__startswith=team.path)
        return queryset.filter(wanted) if teams else queryset


def ordered(queryset: QuerySet[Any], wanted: str, default: str = "-id") -> QuerySet[Any]:
    """Sorted by one of ORDERINGS (`-` in front: downwards), empty values last, ties by id."""
    name = wanted.removeprefix("-")
    if name not in ORDERINGS:
        return queryset.order_by(default)
    column = F(ORDERINGS[name].removeprefix("-"))
    down = wanted.startswith("-") != ORDERINGS[name].startswith("-")
    first = column.desc(nulls_last=True) if down else column.asc(nulls_last=True)
    return queryset.order_by(first, "-id")
