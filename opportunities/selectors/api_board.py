"""The first rows of each column of a board, whole, for the API."""

from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from opportunities.filters import ORDERINGS


def first_ids(queryset: QuerySet[Any], *, ordering: str, most: int) -> dict[int, list[int]]:
    """{stage id: the ids of its first `most` rows in this order}, in one query."""
    value = F(ORDERINGS[ordering.removeprefix("-")].removeprefix("-"))
    down = ordering.startswith("-") != ORDERINGS[ordering.removeprefix("-")].startswith("-")
    order = [value.desc(nulls_last=True) if down else value.asc(nulls_last=True), F("pk").desc()]
    ranked = queryset.order_by().annotate(rank=Window(RowNumber(), partition_by=F("stage_id"), order_by=order))
    found: dict[int, list[int]] = {}
    for stage_id, pk in ranked.filter(rank__lte=most).order_by("rank").values_list("stage_id", "pk"):
        found.setdefault(stage_id, []).append(pk)
    return found
