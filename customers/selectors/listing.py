"""The list of customers: sorted by any column over all of them, the figures of a page's rows alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, FloatField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, Coalesce, NullIf

from accounts.calendar import add_months
from accounts.models import User
from accounts.selectors import calendar
from config.web.money import MoneyField
from customers.filters import ordered
from customers.models import Contact, Customer, TierRules
from customers.rules.share import SHARE_THRESHOLD, change, share_of
from customers.rules.tiers import FULL, KEY_ACCOUNTS
from customers.selectors.assessments import latest_points
from customers.selectors.attention import (
    done_with_customers,
    last_done,
    neglect_of,
    with_contacts,
    with_decision_makers,
)
from customers.selectors.page import figure, opportunities_of, with_figures
from customers.selectors.share import orders_of_year

ORDERINGS = {
    "name": "name",
    "tier": "tier",
    "industry": "industry",
    "region": "region",
    "owner": "owner__sort_key",
    "score": "points",
    "revenue": "revenue",
    "growth": "growth",
    "share": "share",
    "open": "open_amount",
    "contacts": "contact_count",
    "met": "met_at",
}
DEFAULT = "-tier"  # the weightiest first: by tier, within one by score
ZERO = Decimal(0)
FEW = 3  # contacts that a key account has at least (METHOD.md §4)
LOW = SHARE_THRESHOLD * 2 / 3  # below which the share is not only under the threshold


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer of the list; deals and visits are over what the reader may see, orders are those of all sellers."""

    pk: int
    name: str
    tier: str
    owner: str
    archived: bool
    score: float | None
    revenue: Decimal
    share: Decimal | None
    growth: Decimal | None
    open_count: int
    open_amount: Decimal | None
    contact_count: int
    met: date | None
    neglect: tuple[str, ...]

    @property
    def few_contacts(self) -> bool:
        """Whether a key account hangs on too few people."""
        return self.tier in KEY_ACCOUNTS and self.contact_count < FEW

    @property
    def growth_size(self) -> Decimal | None:
        """The growth without its sign, which an arrow shows."""
        return None if self.growth is None else abs(self.growth)

    @property
    def share_tone(self) -> str:
        """How the share looks: bad, warn, or nothing from the threshold on."""
        if self.share is None or self.share >= SHARE_THRESHOLD:
            return ""
        return "warn" if self.share >= LOW else "bad"


def sort_asked(sort: str) -> str:
    """What the list is sorted by: one of ORDERINGS, `-` in front of it for downwards; by weight unless one is asked."""
    return sort if sort.removeprefix("-") in ORDERINGS else DEFAULT


def sorted_ids(customers: QuerySet[Any], *, user: User, sort: str, day: date) -> QuerySet[Any]:
    """The ids of these customers in the order of one of ORDERINGS: only what sorts them is computed for all."""
    return _sorted(customers, user, sort, day).values("pk")


def rows_of(ids: Any, *, user: User, sort: str, day: date, rules: TierRules) -> list[CustomerRow]:
    """The rows of a page of `sorted_ids`, in the same order. One query."""
    found = with_contacts(with_figures(Customer.objects.filter(pk__in=ids), user), user).select_related("owner")
    figures = {name: COMPUTED[name](user, day) for name in ("points", "revenue")}
    found = found.annotate(**figures, revenue_before=_revenue(add_months(day, -12)))
    return [_row(row, day, rules) for row in _sorted(found, user, sort, day)]


def _row(row: Any, day: date, rules: TierRules) -> CustomerRow:
    return CustomerRow(
        pk=row.pk,
        name=row.name,
        tier=row.tier,
        owner=str(row.owner or ""),
        archived=row.archived_at is not None,
        score=None if row.points is None else row.points / FULL,
        revenue=row.revenue,
        share=share_of(row.revenue, row.annual_spend),
        growth=change(row.revenue, row.revenue_before),
        open_count=row.open_count,
        open_amount=row.open_amount,
        contact_count=row.contact_count,
        met=calendar().local_date(row.met_at) if row.met_at else None,
        neglect=neglect_of(row, day, rules),
    )


# --- What a column is sorted by -------------------------------------------------------------------


def _sorted(customers: QuerySet[Any], user: User, sort: str, day: date) -> QuerySet[Any]:
    column = ORDERINGS[sort.removeprefix("-")]
    computed = "points" if column == "tier" else column
    if computed in COMPUTED and computed not in customers.query.annotations:
        customers = customers.annotate(**{computed: COMPUTED[computed](user, day)})
    if column == "tier":
        return customers.order_by(sort, F("points").desc(nulls_last=True), "name", "id")
    return ordered(customers, sort, ORDERINGS, DEFAULT)


def _revenue(day: date) -> Subquery:
    return figure(orders_of_year(day).filter(customer=OuterRef("pk")), total=Sum("amount"))


def _number(amount: Any) -> Any:
    return Cast(amount, FloatField())


def _growth(day: date) -> Any:
    now = Coalesce(_number(_revenue(day)), 0.0)
    return now / NullIf(_number(_revenue(add_months(day, -12))), 0.0)


def _share(day: date) -> Any:
    return Coalesce(_number(_revenue(day)), 0.0) / NullIf(_number(F("annual_spend")), 0.0)


def _open_amount(user: User) -> Subquery:
    open_ones = opportunities_of(user).filter(customer=OuterRef("pk"), outcome="open")
    return figure(open_ones, total=Sum("amount"))


def _contact_count() -> Any:
    live = Contact.objects.in_use().filter(customer=OuterRef("pk"))
    return Coalesce(figure(live, n=Count("pk")), 0)


COMPUTED: dict[str, Callable[[User, date], Any]] = {
    "points": lambda user, day: latest_points(),
    "revenue": lambda user, day: Coalesce(_revenue(day), ZERO, output_field=MoneyField()),
    "growth": lambda user, day: _growth(day),
    "share": lambda user, day: _share(day),
    "open_amount": lambda user, day: _open_amount(user),
    "contact_count": lambda user, day: _contact_count(),
    "met_at": lambda user, day: last_done(with_decision_makers(done_with_customers(user))),
}
