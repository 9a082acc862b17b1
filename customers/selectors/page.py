"""Reads of one customer for its page, and the figures it shares with the list, within what the reader may see."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Case, Count, Exists, F, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from accounts.calendar import Period, add_months, t12m
from accounts.models import User
from accounts.selectors import today
from customers.models import Assessment, Contact, Contract, Customer, Order, TargetCustomer
from customers.querysets import booked_in
from customers.rules.attention import DECISION_MAKER
from customers.selectors.attention import with_contacts
from customers.selectors.people import last_met

MOST_OPPORTUNITIES = 60
MOST_CONTACTS = 60
WEIGHTIEST = (  # of the contacts: who decides, then by influence
    Case(When(buying_role=DECISION_MAKER, then=0), default=1), F("influence").desc(nulls_last=True), "name", "id",
)  # fmt: skip


def opportunities_of(user: User) -> Any:
    """The opportunities that the reader may see; they stand above customers, so they are reached by name."""
    return apps.get_model("opportunities", "Opportunity").objects.visible_to(user)


def figure(rows: Any, **aggregate: Any) -> Subquery:
    """One aggregate over rows that are tied to the outer query by their customer."""
    (name,) = aggregate
    return Subquery(rows.order_by().values("customer").annotate(**aggregate).values(name))


def with_figures(customers: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Each customer with its open opportunities (count, amount) and its contacts (count)."""
    open_ones = opportunities_of(user).filter(customer=OuterRef("pk"), outcome="open")
    contacts = Contact.objects.in_use().filter(customer=OuterRef("pk"))
    return customers.annotate(
        open_count=Coalesce(figure(open_ones, n=Count("pk")), Value(0)),
        open_amount=figure(open_ones, total=Sum("amount")),
        contact_count=Coalesce(figure(contacts, n=Count("pk")), Value(0)),
    )


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """All that the page of one customer shows; lists are cut to a length, the counts are not."""

    contacts: list[Any]
    open: list[Any]
    closed: list[Any]
    closed_count: int
    targets: list[TargetCustomer]


def for_page(user: User) -> QuerySet[Any]:
    """Visible customers with what their page says of them, so that it takes one query.

    `editable`, the figures and contacts of the list, `closed_count`; orders of the twelve months to today,
    `order_count` and `order_amount`, and of the twelve before, `amount_before`; `days_late` of payment by the
    latest assessment, `renewal_on`, the next end of a contract that nothing follows, and `lapsed_on`, the last one
    that has passed.
    """
    closed = opportunities_of(user).filter(customer=OuterRef("pk")).exclude(outcome="open")
    day = today()
    orders = _orders(user, t12m(day))
    latest = Assessment.objects.filter(customer=OuterRef("pk")).order_by("-assessed_at", "-id")
    contracts = Contract.objects.in_use().filter(customer=OuterRef("pk"))
    ending = contracts.not_renewed().filter(ends_on__gte=day)
    found = with_contacts(with_figures(Customer.objects.visible_to(user), user), user)
    found = found.select_related("owner__team", "team", "parent")
    return found.annotate(
        editable=Exists(Customer.objects.editable_by(user).filter(pk=OuterRef("pk"))),
        parent_visible=Exists(Customer.objects.visible_to(user).filter(pk=OuterRef("parent_id"))),
        closed_count=Coalesce(figure(closed, n=Count("pk")), Value(0)),
        order_count=Coalesce(figure(orders, n=Count("pk")), Value(0)),
        order_amount=figure(orders, total=Sum("amount")),
        amount_before=figure(_orders(user, t12m(add_months(day, -12))), total=Sum("amount")),
        days_late=Subquery(latest.values("payment_days_late")[:1]),
        renewal_on=Subquery(ending.order_by("ends_on").values("ends_on")[:1]),
        lapsed_on=Subquery(contracts.lapsed(day).order_by("-ends_on").values("ends_on")[:1]),
    )


def _orders(user: User, months: Period) -> Any:
    return Order.objects.visible_to(user).filter(booked_in(months.first, months.last), customer=OuterRef("pk"))


def targets_of_customer(customer: Customer) -> list[TargetCustomer]:
    """For which ideal customers a customer that the reader may see is pursued. One query."""
    found = TargetCustomer.objects.filter(customer=customer, state=TargetCustomer.State.OPEN)
    return list(found.select_related("profile", "owner").order_by("next_step_due", "id"))


def page_of(customer: Customer, user: User) -> CustomerPage:
    """The lists of one customer's page: three queries."""
    deals = opportunities_of(user).filter(customer=customer).select_related("stage", "owner")
    open_first = Case(When(outcome="open", then=0), default=1)
    deals = list(deals.order_by(open_first, "-entered_at", "-id")[:MOST_OPPORTUNITIES])
    return CustomerPage(
        contacts=list(
            customer.contacts.in_use().annotate(last_met=last_met(user)).order_by(*WEIGHTIEST)[:MOST_CONTACTS]
        ),
        open=[deal for deal in deals if deal.is_open],
        closed=[deal for deal in deals if not deal.is_open],
        closed_count=customer.closed_count,  # type: ignore[attr-defined]
        targets=targets_of_customer(customer),
    )
