"""What is added up of open opportunities, and at which moment: the same words in every reading and in the nightly."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, Count, Sum, Value
from django.db.models.functions import Coalesce

from accounts.calendar import OrgCalendar
from config.web.money import MoneyField, Weighted
from opportunities.models import OpportunityVersion
from opportunities.querysets import FOREVER, VersionQuerySet
from pipeline.rules import ZERO, Part, Sums
from pipeline.scopes import Scope


def end_of(calendar: OrgCalendar, as_of: date | None) -> datetime:
    """The moment up to which a reading counts: the end of the local day, or all that is known when None."""
    return FOREVER if as_of is None else min(calendar.end_of_day(as_of), FOREVER)


def open_versions(scope: Scope, end: datetime) -> VersionQuerySet:
    """The versions of the scope that stood open when the day ended."""
    return OpportunityVersion.objects.at_end_of(end).filter(scope.q(), outcome="open")


def counted_cents() -> Weighted:
    """The counted amount of a version. As long as no evidence is recorded nothing is assessed: it equals weighted."""
    return Weighted("amount", "win_rate")


def measures() -> dict[str, Aggregate | Coalesce]:
    """The aggregates behind `Sums`, for a queryset of open versions; without evidence all of it is unassessed."""
    return {
        "n": Count("*"),
        "sum_amount": _money_sum("amount"),
        "sum_weighted": _money_sum(Weighted("amount", "win_rate")),
        "sum_counted": _money_sum(counted_cents()),
        "n_unassessed": Count("*"),
        "sum_unassessed": _money_sum("amount"),
    }


def _money_sum(amount: Any) -> Coalesce:
    total: MoneyField[Any, Any] = MoneyField(total=True)
    return Coalesce(Sum(amount, output_field=total), Value(Decimal(0), output_field=total), output_field=total)


def sums_of(row: Mapping[str, Any]) -> Sums:
    """A row of `measures()`."""
    return Sums(
        count=row["n"],
        amount=row["sum_amount"] or ZERO,
        weighted=row["sum_weighted"] or ZERO,
        counted=row["sum_counted"] or ZERO,
        unassessed=Part(row["n_unassessed"], row["sum_unassessed"] or ZERO),
    )
