"""Assessments of customers: which are due, what facts suggest, what has changed from one to the next."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum

from accounts.calendar import add_months, span, t12m
from accounts.models import User
from accounts.selectors import calendar
from customers.models import Assessment, Customer, Order, TierRules
from customers.rules import suggestions as suggest
from customers.rules import tiers as rules
from customers.selectors.tiers import rules_at, rules_now

MOST = 50
MOST_FACTS = 10


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
    """What we know of a customer: orders of twelve months and of the twelve before, meetings, and the rows behind."""

    now: Decimal
    before: Decimal
    quarters: int
    spend: Decimal | None
    orders: list[Any]
    meetings: int
    activities: list[Any]

    def scores(self) -> dict[str, int | None]:
        """{criterion: suggested score}, None where the facts do not say."""
        return {
            "sales": suggest.sales(self.quarters),
            "growth": suggest.growth(self.now, self.before),
            "potential": suggest.potential(self.now, self.spend),
            "goals": suggest.goals(self.meetings),
        }


def facts_of(customer: Customer, user: User, today: date) -> Facts:
    """Four queries, over what the reader may see."""
    months = t12m(today)
    before = span(add_months(today, -24), add_months(today, -12))
    orders = Order.objects.visible_to(user).in_use().filter(customer=customer)
    sums: dict[str, Any] = {"now": _sum(months.first, today), "before": _sum(before.first, before.last)}
    for number in range(suggest.QUARTERS):
        last, first = add_months(today, -3 * number), add_months(today, -3 * (number + 1))
        sums[f"q{number}"] = Count("pk", filter=Q(booked_on__gt=first, booked_on__lte=last))
    found = orders.aggregate(**sums)
    met = _meetings(customer, user, months)
    return Facts(
        now=found["now"] or Decimal(0), before=found["before"] or Decimal(0),
        quarters=sum(bool(found[f"q{number}"]) for number in range(suggest.QUARTERS)), spend=customer.annual_spend,
        orders=list(orders.filter(booked_on__gt=before.first, booked_on__lte=today)[:MOST_FACTS]),
        meetings=met.count(), activities=list(met.select_related("kind").order_by("-done_at")[:MOST_FACTS]),
    )  # fmt: skip


def _sum(first: date, last: date) -> Sum:
    return Sum("amount", filter=Q(booked_on__gte=first, booked_on__lte=last))


def _meetings(customer: Customer, user: User, months: Any) -> Any:
    """Done activities with a decision maker; they stand above customers, so they are reached by name."""
    first, end = calendar().moments(months)
    activities: Any = apps.get_model("opportunities", "Activity").objects
    deciders = customer.contacts.filter(buying_role="decision_maker").order_by().values("pk")
    met = activities.model.contacts.through.objects.filter(contact_id__in=deciders).values("activity_id")
    return activities.visible_to(user).filter(pk__in=met, done_at__gte=first, done_at__lt=end)


@dataclass(frozen=True, slots=True)
class Past:
    """One assessment with what its rules said and what differs from the one before."""

    row: Assessment
    judged: rules.Judgement
    changed: list[tuple[str, int, int]]


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


def _changed(row: Assessment, old: Assessment | None) -> list[tuple[str, int, int]]:
    if old is None:
        return []
    return [
        (name, old.scores[name], row.scores[name]) for name in rules.CRITERIA if old.scores[name] != row.scores[name]
    ]


def preview(scores: dict[str, int], *, negative_margin: bool, payment_days_late: int | None) -> rules.Judgement:
    """What the rules in force would say."""
    held = rules_now()
    return rules.judge(
        scores, weights=held.weights, thresholds=held.thresholds, negative_margin=negative_margin,
        payment_days_late=payment_days_late,
    )  # fmt: skip
