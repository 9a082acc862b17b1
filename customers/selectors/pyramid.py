"""The pyramid of customers: how many there are of each tier, what they bring and could, this year and the one before.

Everything is over a set of customers that the reader may see; those bring their orders along, whoever sold them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber

from accounts.calendar import Period, add_months, t12m
from accounts.selectors import calendar
from customers.models import CustomerTier, Order, TierRules
from customers.querysets import counts_on
from customers.rules.tiers import KEY_ACCOUNTS, TIERS
from customers.selectors.assessments import is_due

ZERO = Decimal(0)
NO_TIER = ""
LARGEST = 10  # the customers whose share is told (METHOD.md §8)
NAMED = 3  # of those that moved
DIRECTIONS = ("up", "down")


@dataclass(slots=True)
class Year:
    """One tier in one year: customers, their orders, and their yearly spend from anybody as far as it is known."""

    customers: int = 0
    revenue: Decimal = ZERO
    potential: Decimal = ZERO
    known: int = 0  # the customers whose spend is known
    ours: Decimal = ZERO  # their part of the revenue

    @property
    def missing(self) -> Decimal:
        """The part of the known spend that others have."""
        return max(self.potential - self.ours, ZERO)

    def add(self, other: "Year") -> None:
        self.customers += other.customers
        self.revenue += other.revenue
        self.potential += other.potential
        self.known += other.known
        self.ours += other.ours


@dataclass(slots=True)
class Level:
    """A tier (empty: without one) today and as it stood a year ago; shares are of all customers and all revenue."""

    tier: str
    now: Year = field(default_factory=Year)
    before: Year = field(default_factory=Year)
    share: Decimal | None = None
    share_before: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Pyramid:
    """The levels, the highest first, their sums, and the share of the largest customers; None: no revenue."""

    day: date
    day_before: date
    levels: list[Level]
    total: Level
    largest: Decimal | None
    due: int

    @property
    def key_customers(self) -> Decimal | None:
        """The share of 4A and 5A in the number of customers."""
        return _share(Decimal(sum(level.now.customers for level in self._key())), Decimal(self.total.now.customers))

    @property
    def key_revenue(self) -> Decimal | None:
        """The share of 4A and 5A in the revenue."""
        return _share(sum((level.now.revenue for level in self._key()), ZERO), self.total.now.revenue)

    def _key(self) -> Iterable[Level]:
        return (level for level in self.levels if level.tier in KEY_ACCOUNTS)


def tier_at(end: datetime, customer: str = "pk", tier: str = "tier") -> Case:
    """The tier that a customer had when a day ended, in SQL: the last entry before it, else the first (FINE-PRINT 6).

    Only of those with an entry since it is looked up; the others have theirs still.
    """
    history = CustomerTier.objects.filter(customer=OuterRef(customer)).order_by("-valid_from")
    last = Subquery(history.filter(valid_from__lt=end).values("tier")[:1])
    first = Subquery(history.order_by("valid_from").values("tier")[:1])
    since = CustomerTier.objects.filter(valid_from__gte=end).order_by().values("customer_id")
    return Case(When(**{f"{customer}__in": since}, then=Coalesce(last, first)), default=F(tier))


def pyramid(customers: QuerySet[Any], day: date, rules: TierRules) -> Pyramid:
    """Three queries, over those of these customers that are in use. A year ago: those that were customers by then,
    archived since or not (FINE-PRINT 53); what was merged is in its survivor.
    """
    before = add_months(day, -12)
    held = {tier: Level(tier) for tier in (*TIERS, NO_TIER)}
    either = customers.filter(counts_on(before), merged_into=None).order_by()
    due = _count_customers(either, held, day, before, rules)
    _add_orders(either, held, day, before)
    total = Level(NO_TIER)
    for level in held.values():
        total.now.add(level.now)
        total.before.add(level.before)
    for level in held.values():
        level.share = _share(level.now.revenue, total.now.revenue)
        level.share_before = _share(level.before.revenue, total.before.revenue)
    largest = _share(_of_largest(either.filter(archived_at=None), day), total.now.revenue)
    return Pyramid(day, before, list(held.values()), total, largest, due)


def _count_customers(either: Any, held: dict[str, Level], day: date, before: date, rules: TierRules) -> int:
    known, here = Q(annual_spend__gt=0), Q(archived_at=None)
    there = Q(created_on=None) | Q(created_on__lte=before)
    rows = either.annotate(then=tier_at(calendar().end_of_day(before))).values_list("tier", "then")
    found = rows.annotate(
        n=Count("pk", filter=here), spend=Sum("annual_spend", filter=here), spending=Count("pk", filter=here & known),
        n_before=Count("pk", filter=there), spend_before=Sum("annual_spend", filter=there),
        spending_before=Count("pk", filter=there & known), due=Count("pk", filter=is_due(day, rules)),
    )  # fmt: skip
    due = 0
    for tier, then, n, spend, spending, n_before, spend_before, spending_before, its_due in found:
        held[tier].now.add(Year(customers=n, potential=spend or ZERO, known=spending))
        held[then].before.add(Year(customers=n_before, potential=spend_before or ZERO, known=spending_before))
        due += its_due
    return due


def _add_orders(either: Any, held: dict[str, Level], day: date, before: date) -> None:
    now, ago = t12m(day), t12m(before)
    this = counts_on(day) & Q(booked_on__gte=now.first, customer__archived_at=None)
    last = counts_on(before) & Q(booked_on__lte=ago.last)
    known, there = Q(customer__annual_spend__gt=0), _there_by(before)
    orders = _orders_of(either, Period("", ago.first, now.last))
    rows = orders.annotate(then=tier_at(calendar().end_of_day(before), "customer_id", "customer__tier"))
    found = rows.values_list("customer__tier", "then").annotate(
        now=Sum("amount", filter=this), ours=Sum("amount", filter=this & known),
        before=Sum("amount", filter=last), ours_before=Sum("amount", filter=last & there & known),
    )  # fmt: skip
    for tier, then, revenue, ours, revenue_before, ours_before in found:
        held[tier].now.add(Year(revenue=revenue or ZERO, ours=ours or ZERO))
        held[then].before.add(Year(revenue=revenue_before or ZERO, ours=ours_before or ZERO))


def _there_by(day: date) -> Q:
    return Q(customer__created_on=None) | Q(customer__created_on__lte=day)


def _orders_of(customers: Any, months: Period) -> Any:
    found = Order.objects.filter(booked_on__range=(months.first, months.last)).order_by()
    return found.filter(customer__in=customers.values("pk"))


def _of_largest(live: Any, day: date) -> Decimal:
    orders = _orders_of(live, t12m(day)).filter(counts_on(day))
    sums = orders.values_list("customer").annotate(total=Sum("amount")).order_by("-total")
    return sum((total for _customer, total in sums[:LARGEST]), ZERO)


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole else None


# --- Movement between tiers -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moved:
    """A customer whose tier is another one than when the period began."""

    pk: int
    name: str
    was: str
    became: str


@dataclass(frozen=True, slots=True)
class Movement:
    """How many went up or down in a period, and the first of them, those now highest first."""

    direction: str
    count: int
    first: list[Moved]


def moved(customers: QuerySet[Any], period: Period, direction: str) -> QuerySet[Any]:
    """Those of the customers that stand in a higher (`up`) or lower (`down`) tier at the end than at the beginning.

    One that had no tier at either was not moved: it was rated, or taken out.
    """
    found = _with_both(customers, period)
    return found.filter(became__gt=F("was")) if direction == "up" else found.filter(became__lt=F("was"))


def _with_both(customers: QuerySet[Any], period: Period) -> QuerySet[Any]:
    """Those with an entry in the period and a tier at both ends, as `was` and `became`."""
    begin, end = calendar().moments(period)
    entries = CustomerTier.objects.filter(valid_from__gte=begin, valid_from__lt=end).order_by()
    found = customers.filter(pk__in=entries.values("customer_id"))
    found = found.annotate(was=tier_at(begin), became=tier_at(end))
    return found.exclude(was=NO_TIER).exclude(became=NO_TIER)


def movements(customers: QuerySet[Any], period: Period) -> dict[str, Movement]:
    """{up, down: who moved in the period}. One query."""
    live = _with_both(customers.in_use(), period).exclude(was=F("became"))  # type: ignore[attr-defined]
    way = Case(When(became__gt=F("was"), then=Value("up")), default=Value("down"))
    ordered = live.annotate(way=way).annotate(
        place=Window(RowNumber(), partition_by=[F("way")], order_by=[F("became").desc(), "name", "pk"]),
        count=Window(Count("pk"), partition_by=[F("way")]),
    )
    rows = ordered.filter(place__lte=NAMED).order_by("place")
    found = list(rows.values_list("way", "count", "pk", "name", "was", "became"))
    return {name: _movement(name, [values for values in found if values[0] == name]) for name in DIRECTIONS}


def _movement(direction: str, found: list[tuple[Any, ...]]) -> Movement:
    return Movement(direction, found[0][1] if found else 0, [Moved(*values[2:]) for values in found])


def movement_periods(day: date) -> dict[str, Period]:
    """The periods in which movement is shown: this fiscal quarter and the last twelve months."""
    return {"quarter": calendar().quarter(day), "t12m": t12m(day)}
