"""The board's statement as if nobody had evidence: without the counted and the unassessed sums."""

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from unittest.mock import patch

from django.db.models import Count, IntegerField, Sum, Value

from accounts.models import User
from config.web.money import Weighted
from opportunities.models import Opportunity
from opportunities.selectors import board
from opportunities.selectors.stages import stages_in_use


def milliseconds(user: User, *, heights: bool) -> float:
    """How long the board takes to read: put together, planned, carried out, made into cards."""
    rows, stages = Opportunity.objects.visible_to(user).in_use(), stages_in_use()
    with nullcontext() if heights else _without():
        begun = time.perf_counter()
        board.board(rows, stages)
        return (time.perf_counter() - begun) * 1000


def _without() -> AbstractContextManager[Any]:
    return patch.multiple(board, of_open=_of_open)


def _of_open(_floors: Any) -> dict[str, Any]:
    """The bare sums, again in place of those that need heights: PostgreSQL adds up the same thing once."""
    total, weighed = Sum("amount"), Sum(Weighted("amount", "win_rate"))
    return {
        "number": Count("pk"),
        "total": total,
        "weighed": weighed,
        "counts": weighed,
        "alone": Value(0, IntegerField()),
        "alone_total": total,
    }
