"""Customers that one may assess, many at a time: what was last said of each, and what our facts suggest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from accounts.selectors import calendar
from customers.models import Assessment, Customer, CustomerTier, Order, TierRules
from customers.rules.attention import assessment_due
from customers.selectors.assessments import is_due, meetings_by_customer, order_sums, suggested


@dataclass(frozen=True, slots=True)
class GridRow:
    """A customer with its latest assessment, its day, and {criterion: suggested score}."""

    customer: Customer
    latest: Assessment | None
    assessed_on: date | None
    due: bool
    suggested: dict[str, int | None]


def assessable(
    user: User, day: date, rules: TierRules, *, mine: bool, due: bool, tiers: Sequence[str]
) -> QuerySet[Any]:
    """The customers in use that this person may assess, by name.

    `due`: those that are due. What the person has assessed today stays, also when it is due or of such a tier no
    more, so that a saved row leaves no gap in the pages.
    """
    found = Customer.objects.editable_by(user).in_use()
    if mine:
        found = found.filter(owner=user)
    today = Assessment.objects.filter(assessed_by=user, assessed_at__gte=calendar().start_of_day(day)).order_by()
    done = Q(pk__in=today.values("customer_id"))
    if tiers:
        held = CustomerTier.objects.filter(tier__in=tiers).order_by().values("customer_id")
        found = found.filter(Q(tier__in=tiers) | done & Q(pk__in=held))
    if due:
        found = found.filter(is_due(day, rules) | done)
    return found.order_by("name", "pk")


def grid_rows(customers: QuerySet[Any], user: User, day: date, rules: TierRules) -> list[GridRow]:
    """The rows of these customers, in their order. Four queries, over what the reader may see."""
    newest = Assessment.objects.filter(customer=OuterRef("pk")).order_by("-assessed_at", "-id")
    rows = list(customers.select_related("owner").annotate(latest_id=Subquery(newest.values("pk")[:1])))
    latest = Assessment.objects.select_related("assessed_by").in_bulk([row.latest_id for row in rows if row.latest_id])
    ids = [row.pk for row in rows]
    orders = Order.objects.visible_to(user).filter(customer__in=ids).order_by()
    sums = {each.pop("customer"): each for each in orders.values("customer").annotate(**order_sums(day))}
    met = meetings_by_customer(ids, user, day)
    found = []
    for row in rows:
        last = latest.get(row.latest_id)
        on = calendar().local_date(last.assessed_at) if last else None
        due = assessment_due(row.tier, on, day, rules.assess_every_days)
        said = suggested(sums.get(row.pk, {}), row.annual_spend, met.get(row.pk, 0))
        found.append(GridRow(row, last, on, due, said))
    return found
