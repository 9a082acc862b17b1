"""What was booked in a period: wins that stand, at the amount and for the owner of their move (FINE-PRINT 8, 27)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum

from accounts.calendar import Period
from accounts.models import User
from accounts.selectors import calendar
from config.web.composed import prepared
from opportunities.models import OpportunityVersion
from opportunities.querysets import FOREVER, VersionQuerySet
from pipeline.rules import ZERO, Part
from pipeline.scopes import Scope
from pipeline.selectors.measures import end_of
from pipeline.selectors.rows import Named, Rows, each_named, named


@dataclass(frozen=True, slots=True)
class BookedRow:
    """A win: amount, owner and day of its move to won; `opportunity` is None when it has been handed over."""

    amount: Decimal
    opportunity: Named | None
    owner: str
    on: date


def booked(scope: Scope, period: Period, as_of: date | None = None) -> Part:
    """Number and amount of the wins dated in the period that stand at the end of `as_of`, or now. One query."""
    return _part(booked_versions(scope, period, as_of))


def booked_by(owner: User, period: Period) -> Part:
    """Likewise what one person booked, now."""
    first, last = calendar().moments(period)
    found = next(iter(_sums_of(owner=owner.pk, first=first, last=last)), (0, None))
    return Part(found[0], found[1] or ZERO)


@prepared
def _sums_of(*, owner: int, first: datetime, last: datetime) -> QuerySet[Any]:
    wins = _wins(Scope("owner", owner_id=owner), (first, last), FOREVER).order_by()
    return wins.values("outcome").annotate(n=Count("*"), total=Sum("amount")).values_list("n", "total")


def booked_rows(scope: Scope, period: Period, as_of: date | None, viewer: User) -> Rows[BookedRow]:
    """The wins behind `booked`, the latest first."""
    wins = booked_versions(scope, period, as_of)
    ordered = wins.order_by("-valid_from", "-pk")

    def page(offset: int, limit: int) -> list[BookedRow]:
        rows = list(ordered.select_related("owner")[offset : offset + limit])
        seen = named(viewer, (row.opportunity_id for row in rows))
        return [_row(row, seen.get(row.opportunity_id)) for row in rows]

    def every() -> Iterator[BookedRow]:
        return (_row(row, now) for row, now in each_named(ordered, viewer))

    return Rows(lambda: _part(wins), page, every)


def _row(win: OpportunityVersion, opportunity: Named | None) -> BookedRow:
    return BookedRow(win.amount or ZERO, opportunity, str(win.owner), win.entered_on)


def _part(wins: Any) -> Part:
    found = wins.aggregate(n=Count("*"), total=Sum("amount"))
    return Part(found["n"], found["total"] or ZERO)


def booked_versions(scope: Scope, period: Period, as_of: date | None) -> VersionQuerySet:
    """The versions that moves to won began, of opportunities that have stood there since."""
    days = calendar()
    return _wins(scope, days.moments(period), end_of(days, as_of))


def _wins(scope: Scope, moments: tuple[datetime, datetime], end: datetime) -> VersionQuerySet:
    first, last = moments
    moves = OpportunityVersion.objects.filter(
        scope.q(), outcome="won", entered_at=F("valid_from"), valid_from__gte=first, valid_from__lt=last
    )
    standing = OpportunityVersion.objects.at_end_of(end).filter(
        opportunity=OuterRef("opportunity"), outcome="won", entered_at=OuterRef("valid_from")
    )
    return moves.filter(Exists(standing))
