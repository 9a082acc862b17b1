"""The opportunities behind a number of the funnel, as they stood on its day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import BooleanField, ExpressionWrapper, F
from django.utils import timezone

from accounts.models import User
from accounts.selectors import calendar
from config.web.money import Weighted
from opportunities.models import OpportunityVersion, Stage
from opportunities.rules import days_in_stage
from opportunities.selectors.heights import floors_at, is_unassessed
from opportunities.selectors.stages import all_stages
from pipeline.scopes import Scope
from pipeline.selectors.measures import counted_cents, end_of, measures, open_versions, sums_of
from pipeline.selectors.rows import Named, Rows, each_named, named


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An open opportunity on that day, with what it adds to each sum; `amount` is None when it had none.

    One that has been handed over since keeps its amounts, stage and owner of then; the rest is None.
    """

    amount: Decimal | None
    weighted: Decimal
    counted: Decimal
    unassessed: bool
    stage: Stage
    owner: str
    opportunity: Named | None
    expected_close_date: date | None
    days_in_stage: int | None


def open_rows(
    scope: Scope,
    as_of: date | None = None,
    *,
    viewer: User,
    stage: str | None = None,
    unassessed: bool | None = None,
) -> Rows[OpenRow]:
    """The opportunities that the scope's funnel holds at the end of `as_of`, or now, the largest first.

    `stage` (key) and `unassessed` narrow it down.
    """
    days = calendar()
    end, day = end_of(days, as_of), as_of or days.today(timezone.now())
    versions, floors = open_versions(scope, end), floors_at(end, all_stages())
    if stage:
        versions = versions.filter(stage__key=stage)
    if unassessed is not None:
        versions = versions.filter(is_unassessed(unassessed))

    weighed = versions.annotate(weighted=Weighted("amount", "win_rate"), counted=counted_cents(floors))
    told = weighed.annotate(unassessed=ExpressionWrapper(is_unassessed(), BooleanField()))
    ordered = told.order_by(F("amount").desc(nulls_last=True), "opportunity_id")

    def page(offset: int, limit: int) -> list[OpenRow]:
        rows = list(ordered.select_related("stage", "owner")[offset : offset + limit])
        seen = named(viewer, (row.opportunity_id for row in rows))
        return [_row(row, seen.get(row.opportunity_id), day) for row in rows]

    def every() -> Iterator[OpenRow]:
        return (_row(row, now, day) for row, now in each_named(ordered, viewer))

    return Rows(lambda: sums_of(versions.aggregate(**measures(floors))), page, every)


def _row(version: OpportunityVersion, opportunity: Named | None, day: date) -> OpenRow:
    return OpenRow(
        amount=version.amount,
        weighted=version.weighted,  # type: ignore[attr-defined]
        counted=version.counted,  # type: ignore[attr-defined]
        unassessed=version.unassessed,  # type: ignore[attr-defined]
        stage=version.stage,
        owner=str(version.owner),
        opportunity=opportunity,
        expected_close_date=version.expected_close_date if opportunity else None,
        days_in_stage=days_in_stage(version.entered_on, day) if opportunity else None,
    )
