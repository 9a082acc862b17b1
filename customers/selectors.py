"""Reads of customers over many rows, each within what the reader may see."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db.models import Case, Count, Exists, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from accounts.calendar import t12m
from accounts.models import User
from accounts.selectors import today
from customers.filters import ordered
from customers.models import Contact, Customer, Order

ORDERINGS = {
    "name": "name",
    "tier": "tier",
    "industry": "industry",
    "region": "region",
    "owner": "owner__name",
    "open": "open_amount",
    "contacts": "contact_count",
}
MOST_OPPORTUNITIES = 60
MOST_ROWS = 20
MOST_CONTACTS = 60


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer of the list; counts and amounts are over what the reader may see."""

    pk: int
    name: str
    tier: str
    industry: str
    region: str
    owner: str
    archived: bool
    open_count: int
    open_amount: Decimal | None
    contact_count: int


FIELDS = ("pk", "name", "tier", "industry", "region", "owner__name", "archived_at")
FIGURES = ("open_count", "open_amount", "contact_count")


def opportunities_of(user: User) -> Any:
    """The opportunities that the reader may see; they stand above customers, so they are reached by name."""
    return apps.get_model("opportunities", "Opportunity").objects.visible_to(user)


def _figure(rows: Any, **aggregate: Any) -> Subquery:
    (name,) = aggregate
    return Subquery(rows.order_by().values("customer").annotate(**aggregate).values(name))


def with_figures(customers: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Each customer with its open opportunities (count, amount) and its contacts (count)."""
    open_ones = opportunities_of(user).filter(customer=OuterRef("pk"), outcome="open")
    contacts = Contact.objects.in_use().filter(customer=OuterRef("pk"))
    return customers.annotate(
        open_count=Coalesce(_figure(open_ones, n=Count("pk")), Value(0)),
        open_amount=_figure(open_ones, total=Sum("amount")),
        contact_count=Coalesce(_figure(contacts, n=Count("pk")), Value(0)),
    )


def customer_rows(customers: QuerySet[Any], *, user: User, sort: str) -> QuerySet[Any]:
    """The list's rows, sorted by one of ORDERINGS; `row_of` makes them CustomerRow, a page at a time."""
    rows = ordered(with_figures(customers, user), sort, ORDERINGS, "name")
    return rows.values_list(*FIELDS, *FIGURES)


def row_of(values: tuple[Any, ...]) -> CustomerRow:
    """One row of `customer_rows`."""
    pk, name, tier, industry, region, owner, archived_at, *figures = values
    return CustomerRow(pk, name, tier, industry, region, owner or "", archived_at is not None, *figures)


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """All that the page of one customer shows; lists are cut to a length, the counts are not."""

    contacts: list[Any]
    open: list[Any]
    closed: list[Any]
    closed_count: int
    orders: list[Any]
    subsidiaries: list[Any]


def for_page(user: User) -> QuerySet[Any]:
    """Visible customers with what their page says of them, so that it takes one query.

    `editable`, `parent_visible`, the figures of the list, `closed_count`, and of the twelve months to today
    `order_count` and `order_amount`.
    """
    closed = opportunities_of(user).filter(customer=OuterRef("pk")).exclude(outcome="open")
    months = t12m(today())
    orders = (
        Order.objects.visible_to(user)
        .in_use()
        .filter(customer=OuterRef("pk"), booked_on__range=(months.first, months.last))
    )
    found = with_figures(Customer.objects.visible_to(user), user).select_related("owner__team", "team", "parent")
    return found.annotate(
        editable=Exists(Customer.objects.editable_by(user).filter(pk=OuterRef("pk"))),
        parent_visible=Exists(Customer.objects.visible_to(user).filter(pk=OuterRef("parent_id"))),
        closed_count=Coalesce(_figure(closed, n=Count("pk")), Value(0)),
        order_count=Coalesce(_figure(orders, n=Count("pk")), Value(0)),
        order_amount=_figure(orders, total=Sum("amount")),
    )


def page_of(customer: Customer, user: User) -> CustomerPage:
    """The lists of one customer's page: four queries."""
    deals = opportunities_of(user).filter(customer=customer).select_related("stage", "owner")
    open_first = Case(When(outcome="open", then=0), default=1)
    deals = list(deals.order_by(open_first, "-entered_at", "-id")[:MOST_OPPORTUNITIES])
    return CustomerPage(
        contacts=list(customer.contacts.in_use().order_by("name", "id")[:MOST_CONTACTS]),
        open=[deal for deal in deals if deal.is_open],
        closed=[deal for deal in deals if not deal.is_open],
        closed_count=customer.closed_count,  # type: ignore[attr-defined]
        orders=list(customer.orders.visible_to(user).in_use().select_related("product", "owner")[:MOST_ROWS]),
        subsidiaries=list(customer.subsidiaries.visible_to(user).in_use().order_by("name", "id")[:MOST_ROWS]),
    )
