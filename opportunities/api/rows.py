"""Opportunities as the API shows them, without a serializer a row: a board has 72 of them (docs/performance.md).

What a row holds is said by OpportunitySerializer; tests/api/test_board_rows.py holds the two together.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Team
from accounts.selectors import calendar
from customers.models import Product
from opportunities.api.evidence import COLUMNS, teller
from opportunities.models import Outcome
from opportunities.selectors.collaborators import COLUMN as HELPERS
from opportunities.selectors.collaborators import collaborators_in, with_collaborators
from opportunities.selectors.heights import with_columns
from opportunities.selectors.stages import all_stages

PLAIN = (
    "id", "key", "title", "outcome", "amount", "expected_close_date", "next_step", "next_step_due", "source",
    "forecast_category", "win_rate", "signed_on", "competitor", "entered_at", "created_at", "archived_at", "version",
    "stage_id", "entered_on", "unproven_from_id",
)  # fmt: skip
LOOKED_UP: dict[str, Any] = {"team": Team, "product": Product}
NAMES = ("customer__key", "owner__username")


def plain(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """What `plain_rows` reads of a queryset; team and product are looked up, for each join is time to plan."""
    keys = {
        f"{name}_key": Subquery(of.objects.filter(pk=OuterRef(name)).values("key")) for name, of in LOOKED_UP.items()
    }
    rows = with_collaborators(with_columns(queryset)).annotate(**keys)
    return rows.values(*PLAIN, *NAMES, *COLUMNS, HELPERS, *keys)


def plain_rows(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `plain` as OpportunitySerializer gives them, in their order. At most one query for the stages."""
    moment, say, stages = _moments(), teller(), {stage.pk: stage.key for stage in all_stages()}
    return [_row(row, stages[row["stage_id"]], say(row), moment) for row in found]


def _row(it: dict[str, Any], stage: str, told: dict[str, Any], moment: Callable[[Any], str | None]) -> dict[str, Any]:
    return {
        "id": it["id"],
        "key": it["key"],
        "title": it["title"],
        "customer": it["customer__key"],
        "owner": it["owner__username"],
        "team": it["team_key"],
        "stage": stage,
        "outcome": it["outcome"],
        "amount": _money(it["amount"]),
        "expected_close_date": _day(it["expected_close_date"]),
        "product": it["product_key"],
        "next_step": it["next_step"],
        "next_step_due": _day(it["next_step_due"]),
        "source": it["source"],
        "forecast_category": it["forecast_category"],
        "declared": float(it["win_rate"]),
        **told,
        "collaborators": collaborators_in(it[HELPERS]),
        "signed_on": _day(it["signed_on"]),
        "competitor": it["competitor"],
        "stage_entered_at": moment(it["entered_at"]),
        "created_at": moment(it["created_at"]),
        "closed_at": None if it["outcome"] == Outcome.OPEN else moment(it["entered_at"]),
        "archived_at": moment(it["archived_at"]),
        "version": it["version"],
    }


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _moments() -> Callable[[datetime | None], str | None]:
    """Writes a moment with the organisation's offset, as MomentField does."""
    tz = calendar().tz
    return lambda moment: None if moment is None else moment.astimezone(tz).isoformat()
