"""`search=` of customers and contacts, which finds by initials and pinyin as their lists in the browser do."""

from typing import Any, ClassVar

from django.db.models import Q
from rest_framework.request import Request

from accounts import search
from config.web.api import Search
from customers.filters import answering, spelt_else
from customers.models import Contact, Customer


class SpeltSearch(Search):
    """What is written so; where nothing is, what is spelt so by the names of these rows, as `search.is_spelt` asks."""

    spelt_by: ClassVar[dict[str, Any]]

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        typed = " ".join(self.get_search_terms(request))
        written = super().filter_queryset(request, queryset, view)
        return spelt_else(queryset, written, self.otherwise(typed) if typed else None)

    def otherwise(self, typed: str) -> Q | None:
        return search.is_spelt(typed, **self.spelt_by)


class CustomerSearch(SpeltSearch):
    search_description = (
        "Every word in name, industry or region, or the key. Where nothing is so written: name or key of one that was "
        "merged into it; and two letters or more find by pinyin or its initials: `yhqc` finds 远航汽车."
    )

    def otherwise(self, typed: str) -> Q:
        return answering(typed)


class ContactSearch(SpeltSearch):
    spelt_by: ClassVar[dict[str, Any]] = {"pk": Contact, "customer_id": Customer}
    search_description = (
        "Every word in name, job title, e-mail or phone, or the key. Where nothing is so written, two letters or more "
        "find people by pinyin or its initials, of their own name or their company's: `yhqc` finds those of 远航汽车."
    )
