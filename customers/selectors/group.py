"""The companies of a group, as a tree with a roll-up, over what the reader may see."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Q, Sum, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from accounts.calendar import Period, t12m
from accounts.models import User
from accounts.selectors import today
from customers.models import Customer, Order
from customers.selectors.page import figure, opportunities_of

MOST = 200  # companies shown of one group; the sums are over all of them
WHOLE = """
WITH RECURSIVE above(id, parent_id) AS (
    SELECT id, parent_id FROM customers_customer WHERE id = %s
    UNION SELECT each.id, each.parent_id FROM customers_customer each JOIN above ON each.id = above.parent_id
), whole(id) AS (
    SELECT id FROM above
    UNION SELECT each.id FROM customers_customer each JOIN whole ON each.parent_id = whole.id
) SELECT id FROM whole"""  # ids of all companies above a customer and all below those, hidden ones too


@dataclass(frozen=True, slots=True)
class Company:
    """A company of the tree, `level` steps below the one on top, with its own figures."""

    customer: Any
    level: int
    revenue: Decimal
    open_amount: Decimal
    open_count: int
    here: bool

    @property
    def indent(self) -> int:
        """Steps to the right."""
        return min(self.level + 1, 5) if self.level else 0


@dataclass(frozen=True, slots=True)
class Group:
    """The tree, top first, as far as it is shown; how many companies it has and the sums of all of them.

    Orders are those of `months`.
    """

    months: Period
    companies: list[Company]
    count: int
    revenue: Decimal
    open_amount: Decimal
    open_count: int


def group_of(customer: Customer, user: User) -> Group:
    """The whole group that the reader may see from whichever of its companies one looks at it. One query.

    A company that is hidden or archived ends the branch: what hangs beyond it is not told as part of the group.
    """
    months = t12m(today())
    rows = {row.pk: row for row in _seen(customer, user, months)}
    line = _up(rows, customer.pk)
    companies = _tree(rows, line[-1], customer.pk)
    return Group(
        months,
        [each for place, each in enumerate(companies) if place < MOST or each.customer.pk in line],
        len(companies),
        sum((each.revenue for each in companies), Decimal(0)),
        sum((each.open_amount for each in companies), Decimal(0)),
        sum(each.open_count for each in companies),
    )


def _seen(customer: Customer, user: User, months: Period) -> Any:
    orders = Order.objects.visible_to(user).in_use()
    orders = orders.filter(customer=OuterRef("pk"), booked_on__range=(months.first, months.last))
    open_ones = opportunities_of(user).filter(customer=OuterRef("pk"), outcome="open", archived_at=None)
    told = Q(archived_at=None) | Q(pk=customer.pk)
    found = Customer.objects.visible_to(user).filter(told, pk__in=RawSQL(WHOLE, [customer.pk]))  # noqa: S611 - a constant
    return found.order_by("name", "id").annotate(
        revenue=figure(orders, total=Sum("amount")),
        open_amount=figure(open_ones, total=Sum("amount")),
        open_count=Coalesce(figure(open_ones, n=Count("pk")), Value(0)),
    )


def _up(rows: dict[int, Any], pk: int) -> list[int]:
    """The company and those above it, up to the one on top."""
    line = [pk]
    while (parent := rows[line[-1]].parent_id) in rows and parent not in line:
        line.append(parent)
    return line


def _tree(rows: dict[int, Any], top: int, here: int) -> list[Company]:
    """From the top down, each before those below it."""
    below: dict[int, list[Any]] = {}
    for row in rows.values():
        if row.archived_at is None:
            below.setdefault(row.parent_id, []).append(row)
    found, waiting = [], [(rows[top], 0)]
    while waiting:
        row, level = waiting.pop()
        revenue, amount = row.revenue or Decimal(0), row.open_amount or Decimal(0)
        found.append(Company(row, level, revenue, amount, row.open_count, row.pk == here))
        waiting += [(each, level + 1) for each in reversed(below.pop(row.pk, []))]
    return found
