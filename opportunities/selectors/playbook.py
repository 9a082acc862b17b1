"""The playbook as it is searched, and as it is offered where a rung needs it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from opportunities.models import Opportunity, PlaybookEntry

MOST = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """An entry that helps on to a rung, such as `power:4`."""

    id: int
    title: str
    kind: str
    rung: str


def with_rung(queryset: QuerySet[Any], rungs: Iterable[str]) -> QuerySet[Any]:
    """The entries tied to one of these rungs."""
    wanted = Q(pk__in=())
    for rung in rungs:
        wanted |= Q(rungs_text__contains=f'"{rung}"')
    return queryset.alias(rungs_text=Cast("rungs", TextField())).filter(wanted)


def entries_for(opportunity: Opportunity, next_rungs: Sequence[str], most: int = MOST) -> list[Offer]:
    """What helps this opportunity on: `next_rungs` stand in the order in which they matter.

    Of one rung, what is tied to its stage and its product comes first; an entry for other products is left out. One
    query.
    """
    if not next_rungs:
        return []
    rows = with_rung(_in_use(), next_rungs).annotate(
        at_stage=Exists(_tied("stages").filter(stage=opportunity.stage_id)),
        of_product=Exists(_tied("products").filter(product=opportunity.product_id)),
    )
    fitting = rows.filter(Q(of_product=True) | ~Exists(_tied("products")))
    ranked = sorted((_rank(row, next_rungs), row.pk, row) for row in fitting)
    return [_offer(row, next_rungs[rank[0]]) for rank, _pk, row in ranked[:most]]


def _in_use() -> QuerySet[Any]:
    return PlaybookEntry.objects.in_use().defer("body_zh", "body_en")


def _tied(name: str) -> QuerySet[Any]:
    through: Any = getattr(PlaybookEntry, name).through
    return through._default_manager.filter(playbookentry=OuterRef("pk"))  # type: ignore[no-any-return]


def _rank(row: Any, next_rungs: Sequence[str]) -> tuple[int, bool, bool]:
    place = min(next_rungs.index(rung) for rung in row.rungs if rung in next_rungs)
    return place, not row.at_stage, not row.of_product


def _offer(row: PlaybookEntry, rung: str) -> Offer:
    return Offer(row.pk, row.title, row.get_kind_display(), rung)
