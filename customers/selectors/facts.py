"""Orders, contracts and NPS answers over many rows, each within what the reader may see."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from accounts.calendar import t12m
from accounts.models import User
from customers.models import Contract, NpsResponse

RENEWAL_DAYS = 90


def renewals_due(user: User, today: date, days: int = RENEWAL_DAYS) -> QuerySet[Any]:
    """Contracts that end within so many days, today included, and that nothing renews yet; the next end first."""
    rows = Contract.objects.visible_to(user).in_use().not_renewed()
    ending = rows.filter(ends_on__range=(today, today + timedelta(days=days)), customer__archived_at=None)
    return ending.select_related("customer__owner").order_by("ends_on", "id")


@dataclass(frozen=True, slots=True)
class Nps:
    """Promoters (9, 10) less detractors (0-6) among the latest answers of twelve months; `value` is -100 to 100."""

    promoters: int
    detractors: int
    people: int

    @property
    def value(self) -> float | None:
        return 100 * (self.promoters - self.detractors) / self.people if self.people else None


def nps(rows: QuerySet[Any], day: date) -> Nps:
    """Of these answers, as of a day (FINE-PRINT 42): the latest of each contact in the twelve months to it counts,
    answers of a customer without a contact are one person's, of several on one day the lowest. One query."""
    months = t12m(day)
    latest = Window(RowNumber(), partition_by=["customer_id", "contact_id"], order_by=["-answered_on", "score"])  # type: ignore[list-item]
    answered = rows.in_use().filter(answered_on__range=(months.first, months.last))  # type: ignore[attr-defined]
    last = answered.order_by().annotate(place=latest).filter(place=1).values("pk")
    found = NpsResponse.objects.filter(pk__in=last).aggregate(
        promoters=Count("pk", filter=Q(score__gte=9)),
        detractors=Count("pk", filter=Q(score__lte=6)),
        people=Count("pk"),
    )
    return Nps(**found)


def total(rows: QuerySet[Any], field: str = "amount") -> tuple[int, Any]:
    """How many rows, and the sum of an amount over all of them. One query."""
    found = rows.order_by().aggregate(n=Count("pk"), total=Sum(field))
    return found["n"], found["total"] or Decimal(0)
