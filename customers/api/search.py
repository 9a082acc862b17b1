"""`search=` of customers and contacts, which finds by initials and pinyin as their lists in the browser do."""

from typing import Any, ClassVar

from rest_framework.request import Request

from accounts import search
from config.web.api import Search
from customers.filters import spelt_else
from customers.models import Contact, Customer


class SpeltSearch(Search):
    """What is written so; where nothing is, what is spelt so by the names of these rows, as `search.is_spelt` asks."""

    spelt_by: ClassVar[dict[str, Any]]

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        written = super().filter_queryset(request, queryset, view)
        spelt = search.is_spelt(" ".join(self.get_search_terms(request)), **self.spelt_by)
        return spelt_else(queryset, written, spelt)


class CustomerSearch(SpeltSearch):
    spelt_by: ClassVar[dict[str, Any]] = {"pk": Customer}
    search_description = (
        "Every word in name, industry or region, or the key. Where nothing is so written, two letters or more find "
        "names by pinyin or its initials: `yhqc` finds 远航汽车."
    )


class ContactSearch(SpeltSearch):
    spelt_by: ClassVar[dict[str, Any]] = {"pk": Contact, "customer_id": Customer}
    search_description = (
        "Every word in name, job title, e-mail or phone, or the key. Where nothing is so written, two letters or more "
        "find people by pinyin or its initials, of their own name or their company's: `yhqc` finds those of 远航汽车."
    )
