"""What the API's list is narrowed by: the shared filters, and what a program asks for besides."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from config.web.filters import ArchivedFilter
from opportunities.filters import OpportunityFilter


class OpportunityListFilter(OpportunityFilter):
    """`entered_from`, `entered_to`: local dates of the last change of stage."""

    entered_from = filters.DateFilter(field_name="entered_on", lookup_expr="gte", label=_("In the stage from"))
    entered_to = filters.DateFilter(field_name="entered_on", lookup_expr="lte", label=_("In the stage to"))
    archived = ArchivedFilter(label=_("With archived ones"))
    always = ("archived",)
