"""Reads of account plans: expected against actual revenue, what is due, who lacks one (METHOD.md §4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from accounts import visibility
from accounts.calendar import week
from accounts.models import AuditEntry, User
from accounts.selectors import calendar
from config.web.composed import prepared
from customers.models import AccountPlan, Customer, JointAction, Order, PlanLine, TargetCustomer
from customers.querysets import booked_in
from customers.rules.share import share_of
from customers.rules.tiers import KEY_ACCOUNTS
from customers.selectors.facts import renewals_due
from customers.selectors.share import computed_share, orders_of_year
from customers.selectors.tiers import rules_now

REVENUES = ("revenue", "revenue_next", "revenue_third")
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class YearOfPlan:
    """A fiscal year of the plan: what its lines expect, what orders have brought (None: it has not begun)."""

    year: int
    expected: Decimal
    actual: Decimal | None

    @property
    def reached(self) -> float | None:
        """Actual ÷ expected."""
        return float(self.actual / self.expected) if self.actual is not None and self.expected else None


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """The plan of the running year as the customer's page shows it; `plan` is None without one."""

    plan: AccountPlan | None
    year: int
    lines: list[PlanLine]
    years: list[YearOfPlan]
    required: bool
    may_edit: bool

    @property
    def last_year(self) -> int:
        return self.year + len(REVENUES) - 1


@dataclass(frozen=True, slots=True)
class Carried:
    """How many open joint actions and milestones of a plan went over to that of the next year."""

    joint_actions: int
    milestones: int


@dataclass(frozen=True, slots=True)
class PlanPage:
    """All that the page of a plan shows; what was removed may be put back.

    `share` is today's wallet share; the plan's own `share_now` tells only while that is None.
    """

    plan: AccountPlan
    lines: list[PlanLine]
    joint_actions: list[JointAction]
    removed_lines: list[PlanLine]
    removed_actions: list[JointAction]
    years: list[YearOfPlan]
    share: Decimal | None
    overdue: int
    carried: Carried
    left_open: int  # joint actions in the plan of the year before

    @property
    def last_year(self) -> int:
        return self.plan.year + len(REVENUES) - 1


def is_required(customer: Customer) -> bool:
    """Whether the customer's tier asks for a plan, by the tier rules that hold now. One query."""
    return customer.tier in rules_now().plan_required


def plan_summary(customer: Customer, user: User, today: date) -> PlanSummary:
    """What the panel of a customer's page says of this fiscal year's plan; at most five queries."""
    year = calendar().fiscal_year_of(today)
    plan = AccountPlan.objects.in_use().filter(customer=customer, year=year).select_related("our_leader").first()
    lines = list(PlanLine.objects.in_use().filter(plan=plan)) if plan else []
    return PlanSummary(
        plan=plan,
        year=year,
        lines=lines,
        years=years_of(customer, year, lines, today) if plan else [],
        required=is_required(customer),
        may_edit=customer.archived_at is None and Customer.objects.editable_by(user).filter(pk=customer.pk).exists(),
    )


def years_of(customer: Customer, year: int, lines: Iterable[PlanLine], today: date) -> list[YearOfPlan]:
    """The three years of a plan, what was booked as of the end of each or of today. One query."""
    lines = list(lines)
    days = calendar()
    spans = {f"year_{n}": days.parse_period(str(year + n)) for n in range(len(REVENUES))}
    sums = {
        name: Sum("amount", filter=booked_in(span.first, min(span.last, today), days)) for name, span in spans.items()
    }
    booked = Order.objects.filter(customer=customer).order_by().aggregate(**sums)
    return [
        YearOfPlan(
            year=year + n,
            expected=sum((getattr(line, name) or ZERO for line in lines), ZERO),
            actual=None if spans[f"year_{n}"].first > today else booked[f"year_{n}"] or ZERO,
        )
        for n, name in enumerate(REVENUES)
    ]


def plan_page(plan: AccountPlan, today: date) -> PlanPage:
    """The whole plan: six queries."""
    lines, removed_lines = plan.lines.parted()  # type: ignore[attr-defined]
    found: Any = plan.joint_actions.select_related("owner", "contact")  # type: ignore[attr-defined]
    actions, removed_actions = found.order_by(F("due_on").asc(nulls_last=True), "pk").parted()
    return PlanPage(
        plan=plan,
        lines=lines,
        joint_actions=actions,
        removed_lines=removed_lines,
        removed_actions=removed_actions,
        years=years_of(plan.customer, plan.year, lines, today),
        share=computed_share(plan.customer, today),
        overdue=sum(1 for each in actions if is_overdue(each, today)),
        carried=_carried(plan),
        left_open=_open_actions().filter(**_plan_of_year(plan.customer_id, plan.year - 1)).count(),
    )


def _open_actions() -> QuerySet[Any]:
    either = Q(state=JointAction.State.OPEN) | Q(their_state=JointAction.State.OPEN)
    return JointAction.objects.in_use().filter(either, plan__archived_at=None)


def _plan_of_year(customer: Any, year: int) -> dict[str, Any]:
    return {"plan__customer": customer, "plan__year": year}


def _carried(plan: AccountPlan) -> Carried:
    """As the trail tells; more than once where the plan of the next year was archived and begun again."""
    entries = AuditEntry.objects.filter(model="accountplan", object_id=plan.pk, action="carry_over").order_by()
    told = list(entries.values_list("changes", flat=True))
    return Carried(*(sum(each[name][0] for each in told) for name in ("open_joint_actions", "open_milestones")))


def is_overdue(row: JointAction, today: date) -> bool:
    """Whether somebody still has it to do after its day."""
    open_still = JointAction.State.OPEN in (row.state, row.their_state)
    return open_still and row.due_on is not None and row.due_on < today


# --- What is due --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanDue:
    """A joint action or target of somebody, a milestone or a contract (`renewal`) of a customer of theirs.

    `row` is its id; `year` leads to the page of the plan, 0 where there is none.
    """

    kind: str
    row: int
    what: str
    due: date
    year: int
    customer_id: int
    customer: str
    tier: str


def due_of(user: User, day: date, *, key_only: bool = False) -> list[PlanDue]:
    """The person's joint actions that are overdue or due this week, milestones that have passed, contracts that end
    soon, next steps with target customers that are overdue or due today. One query.
    """
    found = _all_dues(visibility.sight(user), day, key_only, **visibility.beholder(user))
    return sorted((PlanDue(*values) for values in found), key=lambda each: each.due)


@prepared
def _all_dues(sight: Any, day: date, key_only: bool, *, user: int, path: str) -> QuerySet[Any]:
    person = visibility.somebody(sight, user, path)
    mine = JointAction.objects.visible_to(person).filter(owner=user, state=JointAction.State.OPEN)
    passed = PlanLine.objects.visible_to(person).filter(plan__customer__owner=user, milestone_due__lt=day)
    actions = _dues(mine.filter(due_on__lte=week(day).last), "joint_action", "action", "due_on", key_only)
    milestones = _dues(passed.exclude(state=PlanLine.State.DONE), "milestone", "milestone", "milestone_due", key_only)
    others = (milestones, _renewals(person, day, key_only), _targets(person, day, key_only))
    found: QuerySet[Any] = actions.union(*others, all=True)
    return found


def _dues(rows: Any, kind: str, what: str, due: str, key_only: bool) -> Any:
    live = rows.in_use().filter(plan__archived_at=None, plan__customer__archived_at=None).order_by()
    if key_only:
        live = live.filter(plan__customer__tier__in=KEY_ACCOUNTS)
    named = live.annotate(kind=Value(kind, output_field=CharField()))
    return named.values_list(
        "kind", "pk", what, due, "plan__year", "plan__customer_id", "plan__customer__name", "plan__customer__tier"
    )


def _renewals(user: User, day: date, key_only: bool) -> Any:
    rows = renewals_due(user, day).filter(customer__owner=user)
    return _without_plan(rows, "renewal", "title", "ends_on", key_only)


def _targets(user: User, day: date, key_only: bool) -> Any:
    rows = TargetCustomer.objects.editable_by(user).filter(customer__archived_at=None)
    due = rows.filter(owner=user, state=TargetCustomer.State.OPEN, next_step_due__lte=day).exclude(next_step="")
    return _without_plan(due, "target", "next_step", "next_step_due", key_only)


def _without_plan(rows: Any, kind: str, what: str, due: str, key_only: bool) -> Any:
    if key_only:
        rows = rows.filter(customer__tier__in=KEY_ACCOUNTS)
    named = rows.order_by().annotate(kind=Value(kind, output_field=CharField()), year=Value(0))
    return named.values_list("kind", "pk", what, due, "year", "customer_id", "customer__name", "customer__tier")


# --- The list -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A customer of the list of plans in one year; `plan` is None where a plan is missing.

    `share` is today's wallet share; `share_typed`, in percent, tells only while that is None.
    """

    customer: int
    name: str
    tier: str
    owner: str
    plan: int | None
    share: Decimal | None
    share_typed: int | None
    share_aimed: int | None
    expected: Decimal
    actual: Decimal
    overdue: int


FIELDS = (
    "pk", "name", "tier", "owner__name", "plan_id", "bought", "annual_spend", "share_typed", "share_aimed", "expected",
    "actual", "overdue",
)  # fmt: skip


def plan_rows(customers: QuerySet[Any], *, year: int, today: date) -> QuerySet[Any]:
    """Of these customers in use those with a plan of the year, or whose tier asks for one: missing ones first."""
    plans = AccountPlan.objects.in_use().filter(customer=OuterRef("pk"), year=year)
    lines = PlanLine.objects.in_use().filter(plan__customer=OuterRef("pk"), plan__year=year, plan__archived_at=None)
    span = calendar().parse_period(str(year))
    orders = Order.objects.filter(booked_in(span.first, min(span.last, today)), customer=OuterRef("pk"))
    found = customers.filter(archived_at=None).annotate(
        has_plan=Exists(plans),
        plan_id=Subquery(plans.values("pk")[:1]),
        bought=_figure(orders_of_year(today).filter(customer=OuterRef("pk")), "customer", Sum("amount")),
        share_typed=Subquery(plans.values("share_now")[:1]),
        share_aimed=Subquery(plans.values("share_aimed")[:1]),
        expected=_figure(lines, "plan__customer", Sum("revenue")),
        actual=_figure(orders, "customer", Sum("amount")),
        overdue=Coalesce(_figure(_overdue_actions(year, today), "plan__customer", Count("pk")), Value(0)),
    )
    needed = found.filter(Q(has_plan=True) | Q(tier__in=rules_now().plan_required))
    order = Case(When(has_plan=False, then=Value(0)), default=Value(1))
    return needed.order_by(order, "-tier", "name", "pk").values_list(*FIELDS)


def _figure(rows: Any, by: str, aggregate: Any) -> Subquery:
    return Subquery(rows.order_by().values(by).annotate(figure=aggregate).values("figure"))


def _overdue_actions(year: int, today: date) -> Any:
    return _open_actions().filter(due_on__lt=today, **_plan_of_year(OuterRef("pk"), year))


def row_of(values: tuple[Any, ...]) -> PlanRow:
    """One row of `plan_rows`."""
    pk, name, tier, owner, plan, bought, spend, typed, aimed, expected, actual, overdue = values
    share = share_of(bought, spend)
    return PlanRow(pk, name, tier, owner or "", plan, share, typed, aimed, expected or ZERO, actual or ZERO, overdue)
