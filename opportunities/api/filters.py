"""What the API's list is narrowed by: the shared filters, and what a program asks for besides."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from config.web.filters import ArchivedFilter, ReferenceFilter
from opportunities.filters import OpportunityFilter
from opportunities.models import Opportunity


def _visible(request: Any) -> QuerySet[Any]:
    return Opportunity.objects.none() if request is None else Opportunity.objects.visible_to(request.user)


class ByOpportunity(filters.FilterSet):
    """Rows that hang on an opportunity, by its key."""

    opportunity = ReferenceFilter(to_field_name="key", queryset=_visible, label=_("Opportunity"))


class FileFilter(ByOpportunity):
    """Files, by their own key too."""

    key = filters.CharFilter(label=_("Key"))


class OpportunityListFilter(OpportunityFilter):
    """`entered_from`, `entered_to`: local dates of the last change of stage."""

    entered_from = filters.DateFilter(field_name="entered_on", lookup_expr="gte", label=_("In the stage from"))
    entered_to = filters.DateFilter(field_name="entered_on", lookup_expr="lte", label=_("In the stage to"))
    archived = ArchivedFilter(label=_("With archived ones"))
    always = ("archived",)
