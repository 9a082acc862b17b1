"""The companies of a group, as a tree with a roll-up, over what the reader may see."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Sum, Value
from django.db.models.functions import Coalesce

from accounts.calendar import t12m
from accounts.models import User
from accounts.selectors import today
from customers.models import Customer, Order
from customers.selectors.page import figure, opportunities_of

MOST = 200  # companies of one group
DEPTH = 3  # levels below the one on top


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
        return min(2 * self.level, 5)


@dataclass(frozen=True, slots=True)
class Group:
    """The tree, top first, and its sums."""

    companies: list[Company]
    revenue: Decimal
    open_amount: Decimal
    open_count: int


def group_of(customer: Customer, user: User) -> Group:
    """The company on top of the visible ones above the customer, and those below: as many queries as levels.

    A company that is hidden or archived ends the branch: what hangs below it is not told as part of the group.
    """
    levels = [[_top(customer, user) or _seen(user, archived=True).get(pk=customer.pk)]]
    while levels[-1] and len(levels) <= DEPTH:
        parents = [row.pk for row in levels[-1]]
        levels.append(list(_seen(user).filter(parent__in=parents).order_by("name", "id")[:MOST]))
    companies = _tree(levels, customer.pk)
    return Group(
        companies,
        sum((each.revenue for each in companies), Decimal(0)),
        sum((each.open_amount for each in companies), Decimal(0)),
        sum(each.open_count for each in companies),
    )


def _top(customer: Customer, user: User) -> Any:
    """The highest visible company above, so near that the customer and its subsidiaries are in the tree; None: none."""
    top, parent = None, customer.parent_id
    for _step in range(DEPTH - 1):
        found = _seen(user).filter(pk=parent).first() if parent else None
        if found is None:
            break
        top, parent = found, found.parent_id
    return top


def _seen(user: User, archived: bool = False) -> Any:
    months = t12m(today())
    orders = Order.objects.visible_to(user).in_use()
    orders = orders.filter(customer=OuterRef("pk"), booked_on__range=(months.first, months.last))
    open_ones = opportunities_of(user).filter(customer=OuterRef("pk"), outcome="open", archived_at=None)
    found = Customer.objects.visible_to(user)
    found = found if archived else found.in_use()
    return found.annotate(
        revenue=figure(orders, total=Sum("amount")),
        open_amount=figure(open_ones, total=Sum("amount")),
        open_count=Coalesce(figure(open_ones, n=Count("pk")), Value(0)),
    )


def _tree(levels: list[list[Any]], here: int) -> list[Company]:
    below: dict[int, list[Any]] = {}
    for row in (row for level in levels[1:] for row in level):
        below.setdefault(row.parent_id, []).append(row)

    def walk(row: Any, level: int) -> list[Company]:
        own = Company(
            row, level, row.revenue or Decimal(0), row.open_amount or Decimal(0), row.open_count, row.pk == here
        )
        children = below.get(row.pk, []) if level + 1 < len(levels) else []
        return [own, *(each for child in children for each in walk(child, level + 1))]

    return walk(levels[0][0], 0)
