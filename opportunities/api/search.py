"""`search=` of opportunities, which finds by initials and pinyin as board and table do."""

from typing import Any, ClassVar

from customers.api.search import SpeltSearch
from opportunities.filters import SPELT_BY


class OpportunitySearch(SpeltSearch):
    spelt_by: ClassVar[dict[str, Any]] = SPELT_BY
    search_description = (
        "Every word in title, customer or next step, or the key. Where nothing is so written, two letters or more find "
        "by pinyin or its initials of title or customer: `yhqc` finds those of 远航汽车."
    )
