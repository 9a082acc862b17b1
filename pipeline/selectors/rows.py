"""The rows behind a figure, a page at a time or all in one go; what has been handed over keeps its amount alone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from accounts.models import User
from opportunities.models import Opportunity, OpportunityVersion, Stage
from opportunities.querysets import VersionQuerySet
from pipeline.rules import Part, Sums

T = TypeVar("T")
CHUNK = 500  # rows in memory at a time when all are read


@dataclass(frozen=True, slots=True)
class Named:
    """An opportunity that the reader may see now, as it is called and stands now."""

    id: int
    key: str
    title: str
    customer_id: int
    customer: str
    owner: str
    stage: Stage


class Rows(Generic[T]):
    """A sequence for a paginator: `count()` and slices ask the database, `sum` is what all rows come to.

    Iterated over, it is read in one statement, however many rows there are.
    """

    def __init__(
        self, sum_: Callable[[], Part | Sums], page: Callable[[int, int], list[T]], every: Callable[[], Iterator[T]]
    ) -> None:
        self._sum, self._page, self._every = sum_, page, every

    @cached_property
    def sum(self) -> Part | Sums:
        """How many rows there are, and their amount."""
        return self._sum()

    def count(self) -> int:
        return self.sum.count

    def __len__(self) -> int:
        return self.sum.count

    def __iter__(self) -> Iterator[T]:
        return self._every()

    def __getitem__(self, window: slice) -> list[T]:
        start, stop, _step = window.indices(self.sum.count)
        return self._page(start, max(stop - start, 0)) if stop > start else []


def named(viewer: User, ids: Iterable[int]) -> dict[int, Named]:
    """Those of the opportunities that the viewer may see now, by id. One query."""
    visible = Opportunity.objects.visible_to(viewer).filter(pk__in=list(ids))
    return {row.pk: _named(row) for row in visible.select_related("customer", "owner", "stage")}


def names_seen_by(viewer: User) -> QuerySet[Any, Any]:
    """Likewise of all that the viewer may see, as a subquery's columns: a Named's fields, its stage as `stage_id`."""
    owner = Coalesce(NullIf("owner__name", Value("")), "owner__username")
    seen = Opportunity.objects.visible_to(viewer).order_by().annotate(called=F("customer__name"), owned_by=owner)
    return seen.values("id", "key", "title", "customer_id", "called", "owned_by", "stage_id")


def each_named(versions: VersionQuerySet, viewer: User) -> Iterator[tuple[OpportunityVersion, Named | None]]:
    """All the versions, each with its opportunity where the viewer may see that now. One query, a chunk in memory."""
    seen = Opportunity.objects.visible_to(viewer).filter(pk=OuterRef("opportunity_id")).order_by()
    names = ("stage", "owner", *(f"opportunity__{name}" for name in ("customer", "owner", "stage")))
    for row in versions.select_related(*names).annotate(is_seen=Exists(seen)).iterator(CHUNK):
        yield row, _named(row.opportunity) if row.is_seen else None


def _named(row: Opportunity) -> Named:
    return Named(row.pk, row.key, row.title, row.customer_id, row.customer.name, str(row.owner), row.stage)
