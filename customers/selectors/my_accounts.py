"""The customers of one person that wait for a contact or an assessment, for My day."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from accounts.models import User
from accounts.selectors import calendar
from customers.models import Customer, TierRules
from customers.rules.attention import assessment_due
from customers.rules.tiers import KEY_ACCOUNTS
from customers.selectors.assessments import with_assessed_at
from customers.selectors.attention import is_neglected, neglect_of, with_contacts
from customers.selectors.tiers import rules_now


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer of somebody: what is missed of a key account, whether it is due to be assessed."""

    pk: int
    name: str
    tier: str
    missed: tuple[str, ...]
    due: bool


def waiting_of(user: User, day: date) -> list[Waiting]:
    """The person's neglected key accounts, and their customers due to be assessed, the highest tier first. Two queries.

    It reads as many rows as the person has key accounts and assessed customers.
    """
    rules = rules_now()
    rows = with_assessed_at(with_contacts(Customer.objects.in_use().filter(owner=user), user))
    of_them = Q(tier__in=KEY_ACCOUNTS) | Q(assessed_at__isnull=False)
    found = (_waiting(row, day, rules) for row in rows.filter(of_them).order_by("-tier", "name", "pk"))
    return [each for each in found if each.missed or each.due]


def neglected_others(user: User, day: date) -> int:
    """How many of the person's customers that are no key accounts are neglected. Two queries."""
    own = Customer.objects.in_use().filter(owner=user).exclude(tier__in=KEY_ACCOUNTS)
    return own.filter(is_neglected(user, day, rules_now())).count()


def _waiting(row: Any, day: date, rules: TierRules) -> Waiting:
    assessed = calendar().local_date(row.assessed_at) if row.assessed_at else None
    return Waiting(
        pk=row.pk,
        name=row.name,
        tier=row.tier,
        missed=neglect_of(row, day, rules) if row.tier in KEY_ACCOUNTS else (),
        due=assessment_due(row.tier, assessed, day, rules.assess_every_days),
    )
