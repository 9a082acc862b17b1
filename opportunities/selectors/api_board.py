"""The first rows of each column of a board, whole, for the API."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from opportunities.filters import ORDERINGS
from opportunities.models import Stage
from opportunities.selectors.board import halves


def first_ids(queryset: QuerySet[Any], stages: Sequence[Stage], *, ordering: str, most: int) -> dict[int, list[int]]:
    """{stage id: the ids of its first `most` rows in this order}, in one query."""
    value = F(ORDERINGS[ordering.removeprefix("-")].removeprefix("-"))
    down = ordering.startswith("-") != ORDERINGS[ordering.removeprefix("-")].startswith("-")
    order = [value.desc(nulls_last=True) if down else value.asc(nulls_last=True), F("pk").desc()]
    rank = Window(RowNumber(), partition_by=F("stage_id"), order_by=order)
    parts = (part.annotate(rank=rank).filter(rank__lte=most) for part in halves(queryset.order_by(), stages))
    held, won = (part.values_list("rank", "stage_id", "pk") for part in parts)
    found: dict[int, list[int]] = {}
    for _rank, stage_id, pk in sorted(held.union(won, all=True)):
        found.setdefault(stage_id, []).append(pk)
    return found
