"""Which customers lack something: contacts, the account plan; each over what the reader may see.

The conditions are sets of customers, never a subquery for each row, so that they hold at 200,000 customers.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import Max, OuterRef, Q, Subquery

from accounts.models import User
from accounts.selectors import calendar
from customers.models import AccountPlan, TierRules
from customers.rules.attention import DECISION_MAKER, FACE_TO_FACE, Contacted, neglect
from customers.rules.tiers import KEY_ACCOUNTS

# --- Contacts with a customer ---------------------------------------------------------------------


def done_with_customers(user: User) -> Any:
    """What was done with customers, as far as the reader may see it; it stands above, so it is reached by name."""
    activities: Any = apps.get_model("opportunities", "Activity").objects
    return activities.visible_to(user).done().filter(customer__isnull=False).order_by()


def with_decision_makers(done: Any) -> Any:
    """Of these activities those in which a decision maker was met in person."""
    return done.filter(kind__base__in=FACE_TO_FACE, contacts__buying_role=DECISION_MAKER)


def last_done(activities: Any) -> Subquery:
    """When the last of these activities with a customer was done."""
    of_it = activities.filter(customer=OuterRef("pk"))
    return Subquery(of_it.values("customer").annotate(at=Max("done_at")).values("at"))


def with_contacts(customers: Any, user: User) -> Any:
    """Each with `touched_at`, when something was last done with it, and `met_at`, its decision maker met in person."""
    done = done_with_customers(user)
    return customers.annotate(touched_at=last_done(done), met_at=last_done(with_decision_makers(done)))


def neglect_of(row: Any, day: date, rules: TierRules) -> tuple[str, ...]:
    """What is missed of a customer from `with_contacts`: `cadence`, `decision_maker`."""
    to_day = calendar().local_date
    contacted = Contacted(
        tier=row.tier,
        since=row.created_on or to_day(row.created_at),
        touched=to_day(row.touched_at) if row.touched_at else None,
        met=to_day(row.met_at) if row.met_at else None,
    )
    return neglect(contacted, day, cadence=rules.cadence_days, decision_maker_days=rules.decision_maker_days)


# --- Conditions on customers ----------------------------------------------------------------------


def is_neglected(user: User, day: date, rules: TierRules) -> Q:
    """Customers of which something is missed: the twin in SQL of `rules.attention.neglect`."""
    done = done_with_customers(user)
    missed = _missed(Q(tier__in=KEY_ACCOUNTS), with_decision_makers(done), day, rules.decision_maker_days)
    for days in sorted({days for days in rules.cadence_days.values() if days}):
        tiers = [tier for tier, its in rules.cadence_days.items() if its == days]
        missed |= _missed(Q(tier__in=tiers), done, day, days)
    return missed


def _missed(of_tiers: Q, activities: Any, day: date, days: int) -> Q:
    """Of these tiers, there for more than so many days, and nothing was done in them."""
    first, begin = _first_of(day, days)
    since = Q(created_on__lt=first) | Q(created_on=None, created_at__lt=begin)
    return of_tiers & since & ~Q(pk__in=activities.filter(done_at__gte=begin).values("customer_id"))


def _first_of(day: date, days: int) -> tuple[date, datetime]:
    """The earliest day that is not more than so many days ago, and the moment it begins."""
    first = day - timedelta(days=min(days, day.toordinal() - 1))
    return first, calendar().start_of_day(first)


def lacks_plan(day: date, rules: TierRules) -> Q:
    """Customers whose tier asks for an account plan and that have none for the fiscal year."""
    plans = AccountPlan.objects.in_use().filter(year=calendar().fiscal_year_of(day)).order_by()
    return Q(tier__in=rules.plan_required) & ~Q(pk__in=plans.values("customer_id"))
