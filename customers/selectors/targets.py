"""The target list: whom somebody has set out to win, with the next step, within what the reader may see."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from customers.filters import containing, ordered
from customers.models import Customer, TargetCustomer
from customers.selectors.page import figure, opportunities_of

ORDERINGS = {
    "due": "next_step_due",
    "customer": "customer__name",
    "profile": "profile__name",
    "owner": "owner__sort_key",
    "since": "created_at",
}
State = TargetCustomer.State


@dataclass(frozen=True, slots=True)
class TargetCounts:
    """Of the targets that are pursued: all, those with a step overdue, those without a next step; and the rest."""

    open: int
    overdue: int
    without: int
    settled: int


def targets_of(user: User) -> Any:
    """The targets that the reader may see, of customers in use."""
    found = TargetCustomer.objects.visible_to(user).filter(customer__archived_at=None)
    return found.select_related("customer", "profile", "owner")


def narrowed_to(found: Any, *, owner: User | None = None, text: str = "") -> Any:
    """Of these targets those of one person, and those of a customer or profile that is called so."""
    if owner is not None:
        found = found.filter(owner=owner)
    return containing(found, text, "customer__name", "profile__name", "next_step") if text else found


OVERDUE, WITHOUT = "overdue", "without"


def _shown(show: str, day: date) -> Q:
    pursued = Q(state=State.OPEN)
    return {
        OVERDUE: pursued & Q(next_step_due__lt=day),
        WITHOUT: pursued & (Q(next_step="") | Q(next_step_due=None)),
        "settled": ~pursued,
    }.get(show, pursued)


def shown(found: Any, show: str, day: date) -> Any:
    """Of these targets the pursued ones, or `overdue`, `without` a next step or its day, `settled`."""
    return found.filter(_shown(show, day))


def counts_of(found: Any, day: date) -> TargetCounts:
    """One query."""
    names = ("open", OVERDUE, WITHOUT, "settled")
    counts = {name: Count("pk", filter=_shown(name, day)) for name in names}
    return TargetCounts(**found.order_by().aggregate(**counts))


def rows_of(found: Any, user: User, sort: str) -> Any:
    """Targets sorted by one of ORDERINGS, each with `editable` and `deals`, how many open deals the reader sees."""
    deals = opportunities_of(user).filter(customer=OuterRef("customer_id"), outcome="open")
    found = found.annotate(
        editable=Exists(Customer.objects.editable_by(user).filter(pk=OuterRef("customer_id"))),
        deals=Coalesce(figure(deals, n=Count("pk")), Value(0)),
    )
    return ordered(found, sort, ORDERINGS, "due")
