"""`search=` of customers, which finds by initials and pinyin as their list in the browser does."""

from typing import Any

from rest_framework.request import Request

from accounts import search
from config.web.api import Search
from customers.models import Customer


class CustomerSearch(Search):
    search_description = (
        "Every word in name, industry or region, or the key. Where nothing is so written, two letters or more find "
        "names by pinyin or its initials: `yhqc` finds 远航汽车."
    )

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        written = super().filter_queryset(request, queryset, view)
        spelt = search.is_spelt(Customer, " ".join(self.get_search_terms(request)))
        return written if spelt is None or written.exists() else queryset.filter(spelt)
