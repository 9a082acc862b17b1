"""What is added up of open opportunities, and at which moment: the same words in every reading and in the nightly."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import BigIntegerField, Count, Sum
from django.db.models.functions import Coalesce

from accounts.calendar import OrgCalendar
from config.web.money import Weighted, from_cents
from opportunities.models import OpportunityVersion
from opportunities.querysets import FOREVER, VersionQuerySet
from opportunities.rules.evidence import StageFloors
from opportunities.selectors.heights import counted_rate_of_open, is_unassessed, with_heights
from pipeline.rules import Part, Sums
from pipeline.scopes import Scope

MEASURED = ("n", "sum_amount", "sum_weighted", "sum_counted", "n_unassessed", "sum_unassessed")


def end_of(calendar: OrgCalendar, as_of: date | None) -> datetime:
    """The moment up to which a reading counts: the end of the local day, or all that is known when None."""
    return FOREVER if as_of is None else min(calendar.end_of_day(as_of), FOREVER)


def open_versions(scope: Scope, end: datetime) -> VersionQuerySet:
    """The versions of the scope that stood open when the day ended, with the heights of then."""
    standing = OpportunityVersion.objects.at_end_of(end).filter(scope.q(), outcome="open")
    return with_heights(standing, end)  # type: ignore[return-value]


def counted_cents(floors: Sequence[StageFloors]) -> Weighted:
    """The counted amount of a version of `open_versions`; `floors` are those of that day."""
    return Weighted("amount", counted_rate_of_open(floors))


def measures(floors: Sequence[StageFloors]) -> dict[str, Any]:
    """The aggregates behind `Sums` over `open_versions`, amounts in whole cents; `floors` are those of that day."""
    return {
        "n": Count("*"),
        "sum_amount": _cents("amount"),
        "sum_weighted": _cents(Weighted("amount", "win_rate")),
        "sum_counted": _cents(counted_cents(floors)),
        "n_unassessed": Count("win_rate", filter=is_unassessed()),
        "sum_unassessed": _cents("amount", filter=is_unassessed()),
    }


def _cents(amount: Any, **extra: Any) -> Coalesce:
    return Coalesce(Sum(amount, output_field=BigIntegerField(), **extra), 0, output_field=BigIntegerField())


def sums_of(*rows: Mapping[str, Any]) -> Sums:
    """The sum of rows of `measures()`, of which there may be thousands."""
    n, amount, weighted, counted, alone, unassessed = (sum(row[name] for row in rows) for name in MEASURED)
    part = Part(alone, from_cents(unassessed))
    return Sums(n, from_cents(amount), from_cents(weighted), from_cents(counted), part)
