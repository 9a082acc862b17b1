"""One set of filters for the lists and the API of contracts and NPS answers."""

from datetime import timedelta
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.selectors import today
from config.web.filters import ArchivedFilter
from customers.filters import CustomerKeyFilter, containing
from customers.models import Contract, NpsResponse
from customers.selectors.facts import RENEWAL_DAYS


class OfCustomerFilter(filters.FilterSet):
    """What hangs on a customer, by customer and key; archived rows when asked for."""

    customer = CustomerKeyFilter()
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))


class PlanFilter(OfCustomerFilter):
    """Account plans, of a fiscal year too."""

    year = filters.NumberFilter(min_value=1, max_value=9999)


class ContractFilter(filters.FilterSet):
    """`due`: those that end within 90 days, today included, and that nothing renews."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    customer = CustomerKeyFilter()
    due = filters.BooleanFilter(method="filter_due", label=_("Renewal due"))
    ends_from = filters.DateFilter(field_name="ends_on", lookup_expr="gte", label=_("Ends from"))
    ends_to = filters.DateFilter(field_name="ends_on", lookup_expr="lte", label=_("Ends to"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = Contract
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return containing(queryset, value, "title", "customer__name")

    def filter_due(self, queryset: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        if not value:
            return queryset
        soon = (today(), today() + timedelta(days=RENEWAL_DAYS))
        return queryset.not_renewed().filter(ends_on__range=soon, customer__archived_at=None)  # type: ignore[attr-defined]


class NpsFilter(filters.FilterSet):
    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    customer = CustomerKeyFilter()
    answered_from = filters.DateFilter(field_name="answered_on", lookup_expr="gte", label=_("Answered from"))
    answered_to = filters.DateFilter(field_name="answered_on", lookup_expr="lte", label=_("Answered to"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = NpsResponse
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return containing(queryset, value, "customer__name", "contact__name", "comment")
