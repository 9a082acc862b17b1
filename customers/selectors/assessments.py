"""Assessments of customers: which are due, what facts suggest, what has changed from one to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum

from accounts.calendar import Period, add_months, t12m
from accounts.models import User
from accounts.selectors import calendar
from customers.models import Assessment, Contact, Customer, Order, TierRules
from customers.querysets import booked_in
from customers.rules import suggestions as suggest
from customers.rules import tiers as rules
from customers.selectors.tiers import rules_at, rules_now

MOST = 50
GATES = ("negative_margin", "payment_days_late")  # fields of an assessment that hold a tier down
MOST_FACTS = 10
NOTHING = Decimal(0)


def with_assessed_at(customers: QuerySet[Any]) -> QuerySet[Any]:
    """Each with the moment of its latest assessment, `assessed_at`; None: not assessed."""
    latest = Assessment.objects.filter(customer=OuterRef("pk")).order_by("-assessed_at")
    return customers.annotate(assessed_at=Subquery(latest.values("assessed_at")[:1]))


def latest_points() -> Subquery:
    """The points of a customer's latest assessment, in SQL; None: not assessed."""
    latest = Assessment.objects.filter(customer=OuterRef("pk")).order_by("-assessed_at", "-id")
    return Subquery(latest.values("points")[:1])


def is_due(day: date, held: TierRules) -> Q:
    """Customers in use that are due: last assessed so many days ago, or a key account never assessed."""
    before = calendar().end_of_day(date.fromordinal(max(day.toordinal() - held.assess_every_days, 1)))
    ever = Assessment.objects.order_by()
    either = Q(tier__in=rules.KEY_ACCOUNTS) | Q(pk__in=ever.values("customer_id"))
    recent = ever.filter(assessed_at__gte=before)
    return Q(archived_at=None) & either & ~Q(pk__in=recent.values("customer_id"))


def assessment_due(customers: QuerySet[Any], today: date) -> QuerySet[Any]:
    """Of these customers those that are due, annotated with `assessed_at`."""
    held = rules_at(calendar().end_of_day(today))
    return with_assessed_at(customers.filter(is_due(today, held))).order_by("tier", "name", "id")


@dataclass(frozen=True, slots=True)
class Facts:
    """What we know of a customer: orders of twelve months and of the twelve before, meetings, and the latest rows of
    each with how many there are.
    """

    now: Decimal
    before: Decimal
    quarters: int
    spend: Decimal | None
    orders: list[Any]
    orders_count: int
    orders_before: list[Any]
    orders_before_count: int
    meetings: int
    activities: list[Any]

    def scores(self) -> dict[str, int | None]:
        """{criterion: suggested score}, None where the facts do not say."""
        return _scores(self.now, self.before, self.quarters, self.spend, self.meetings)


def _scores(
    now: Decimal, before: Decimal, quarters: int, spend: Decimal | None, meetings: int
) -> dict[str, int | None]:
    return {
        "sales": suggest.sales(quarters),
        "growth": suggest.growth(now, before),
        "potential": suggest.potential(now, spend),
        "goals": suggest.goals(meetings),
    }


def suggested(sums: Mapping[str, Any], spend: Decimal | None, meetings: int) -> dict[str, int | None]:
    """What the facts suggest, from `order_sums` of a customer, its yearly spend, the meetings with its deciders."""
    return _scores(sums.get("now") or NOTHING, sums.get("before") or NOTHING, _quarters(sums), spend, meetings)


def facts_of(customer: Customer, user: User, today: date) -> Facts:
    """Five queries, over what the reader may see."""
    orders = Order.objects.visible_to(user).filter(customer=customer)
    of_year, of_last = (booked_in(each.first, each.last) for each in order_years(today))
    counts = {"orders": Count("pk", filter=of_year), "orders_before": Count("pk", filter=of_last)}
    found = orders.aggregate(**order_sums(today), **counts)
    met = _meetings(customer.contacts, user, t12m(today))  # type: ignore[attr-defined]
    activities: Any = apps.get_model("opportunities", "Activity").objects
    done = activities.filter(pk__in=met.values("activity_id"))
    return Facts(
        now=found["now"] or NOTHING, before=found["before"] or NOTHING, quarters=_quarters(found),
        spend=customer.annual_spend,
        orders=list(orders.filter(of_year)[:MOST_FACTS]), orders_count=found["orders"],
        orders_before=list(orders.filter(of_last)[:MOST_FACTS]), orders_before_count=found["orders_before"],
        meetings=done.count(), activities=list(done.select_related("kind").order_by("-done_at")[:MOST_FACTS]),
    )  # fmt: skip


def order_years(today: date) -> tuple[Period, Period]:
    """The twelve months up to today, and the twelve before."""
    return t12m(today), t12m(add_months(today, -12))


def order_sums(today: date) -> dict[str, Any]:
    """Aggregates over orders: `now` of twelve months, `before` of the twelve before, `q0` … how many a quarter.

    Each as of its own last day, with orders that were archived later (FINE-PRINT 53).
    """
    now, before = order_years(today)
    sums = {"now": _sum(now), "before": _sum(before)}
    counts = {f"q{number}": Count("pk", filter=_in_quarter(today, number)) for number in range(suggest.QUARTERS)}
    return {**sums, **counts}


def _in_quarter(today: date, number: int) -> Q:
    """Orders of three months: those up to today, and so many times three months before."""
    first = add_months(today, -3 * (number + 1)) + timedelta(days=1)
    return booked_in(first, add_months(today, -3 * number))


def counts_in_quarters(today: date) -> Q:
    """The orders that make one of the quarters up to today one with orders, each as of its own end."""
    return reduce(or_, (_in_quarter(today, number) for number in range(suggest.QUARTERS)))


def _quarters(sums: Mapping[str, Any]) -> int:
    return sum(bool(sums.get(f"q{number}")) for number in range(suggest.QUARTERS))


def _sum(months: Period) -> Sum:
    return Sum("amount", filter=booked_in(months.first, months.last))


def meetings_by_customer(ids: Sequence[int], user: User, today: date) -> dict[int, int]:
    """{customer: activities done with a decision maker of it in twelve months}. One query."""
    met = _meetings(Contact.objects.filter(customer__in=ids), user, t12m(today)).order_by()
    return dict(met.values_list("contact__customer").annotate(n=Count("activity", distinct=True)))


def _meetings(contacts: Any, user: User, months: Any) -> Any:
    """Who met whom: done activities with the decision makers of `contacts`; they stand above customers."""
    first, end = calendar().moments(months)
    activities: Any = apps.get_model("opportunities", "Activity").objects
    deciders = contacts.filter(buying_role="decision_maker").order_by().values("pk")
    done = activities.visible_to(user).filter(done_at__gte=first, done_at__lt=end).order_by()
    return activities.model.contacts.through.objects.filter(contact_id__in=deciders, activity__in=done.values("pk"))


@dataclass(frozen=True, slots=True)
class Past:
    """One assessment with what its rules said and what differs from the one before."""

    row: Assessment
    judged: rules.Judgement
    changed: list[tuple[str, Any, Any]]  # a criterion or gate, before and after


def history(customer: Customer) -> list[Past]:
    """The assessments of a customer, the newest first. One query."""
    found = customer.assessments.select_related("rules", "assessed_by", "overridden_by")  # type: ignore[attr-defined]
    rows: list[Assessment] = list(found[: MOST + 1])
    before = [*rows[1:], None][: len(rows)]
    return [Past(row, judgement_of(row), _changed(row, old)) for row, old in zip(rows, before, strict=True)][:MOST]


def judgement_of(row: Assessment) -> rules.Judgement:
    """What the rules it was made with say of an assessment; `rules` must be loaded."""
    return rules.judge(
        row.scores, weights=row.rules.weights, thresholds=row.rules.thresholds, negative_margin=row.negative_margin,
        payment_days_late=row.payment_days_late,
    )  # fmt: skip


def _changed(row: Assessment, old: Assessment | None) -> list[tuple[str, Any, Any]]:
    if old is None:
        return []
    found = [(name, old.scores[name], row.scores[name]) for name in rules.CRITERIA]
    found += [(name, getattr(old, name), getattr(row, name)) for name in GATES]
    return [(name, before, after) for name, before, after in found if before != after]


def preview(
    scores: dict[str, int], *, negative_margin: bool, payment_days_late: int | None, held: TierRules | None = None
) -> rules.Judgement:
    """What the rules in force would say; `held`: these, where they are read already."""
    held = held or rules_now()
    return rules.judge(
        scores, weights=held.weights, thresholds=held.thresholds, negative_margin=negative_margin,
        payment_days_late=payment_days_late,
    )  # fmt: skip
