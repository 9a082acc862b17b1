"""The rows behind a figure, fetched a page at a time; what has been handed over keeps its amount and nothing else."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from accounts.models import User
from opportunities.models import Opportunity, Stage
from pipeline.rules import Part, Sums

T = TypeVar("T")


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
    """A sequence for a paginator: `count()` and slices ask the database, `sum` is what all rows come to."""

    def __init__(self, sum_: Callable[[], Part | Sums], page: Callable[[int, int], list[T]]) -> None:
        self._sum, self._page = sum_, page

    @cached_property
    def sum(self) -> Part | Sums:
        """How many rows there are, and their amount."""
        return self._sum()

    def count(self) -> int:
        return self.sum.count

    def __len__(self) -> int:
        return self.sum.count

    def __getitem__(self, window: slice) -> list[T]:
        start, stop, _step = window.indices(self.sum.count)
        return self._page(start, max(stop - start, 0)) if stop > start else []


def named(viewer: User, ids: Iterable[int]) -> dict[int, Named]:
    """Those of the opportunities that the viewer may see now, by id. One query."""
    visible = Opportunity.objects.visible_to(viewer).filter(pk__in=list(ids))
    return {row.pk: _named(row) for row in visible.select_related("customer", "owner", "stage")}


def _named(row: Opportunity) -> Named:
    return Named(row.pk, row.key, row.title, row.customer_id, row.customer.name, str(row.owner), row.stage)
