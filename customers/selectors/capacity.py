"""What the cadence of a rep's accounts asks of a month, against what is planned and was done (METHOD.md §4)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.db.models import CharField, Count, F, Q, QuerySet, Value

from accounts import visibility
from accounts.calendar import Period, span
from accounts.models import User
from accounts.selectors import calendar
from customers.models import Customer, TierRules
from customers.rules.attention import MONTH, Held, contacts_needed, held

PLANNED, DONE = "planned", "done"


@dataclass(frozen=True, slots=True)
class Load:
    """One person: accounts of each tier, contacts needed in 30 days, planned for the next and done in the last."""

    person: User
    accounts: tuple[Held, ...]
    needed: int
    planned: int
    done: int

    @property
    def short(self) -> int:
        """How many of those needed are not planned."""
        return max(self.needed - self.planned, 0)


def people_with_accounts(user: User, day: date) -> QuerySet[User]:
    """The people who sell and whose load this person may see: themselves, those in their charge, or everybody."""
    found: QuerySet[User] = visibility.people_in_scope(user).active_on(day)  # type: ignore[attr-defined]
    return found.filter(role__in=(User.Role.REP, User.Role.MANAGER)).select_related("team").order_by("sort_key", "pk")


def loads(people: Sequence[User], user: User, day: date, rules: TierRules) -> list[Load]:
    """The load of each of these people. Two queries, over what the reader may see."""
    accounts: dict[int, dict[str, int]] = defaultdict(dict)
    owned = Customer.objects.visible_to(user).in_use().filter(owner__in=people).order_by()
    for owner, tier, n in owned.values_list("owner", "tier").annotate(n=Count("pk")):
        accounts[owner][tier] = n
    contacts = _contacts(people, user, day, rules)
    return [
        Load(
            person=person,
            accounts=held(accounts[person.pk], rules.accounts_per_rep),
            needed=contacts_needed(accounts[person.pk], rules.cadence_days),
            planned=contacts[PLANNED].get(person.pk, 0),
            done=contacts[DONE].get(person.pk, 0),
        )
        for person in people
    ]


def serves_cadence(rules: TierRules) -> Q:
    """Activities of a person with a customer of their own whose tier is to be in touch with us every so many days."""
    tiers = [tier for tier, days in rules.cadence_days.items() if days]
    return Q(customer__owner=F("owner"), customer__tier__in=tiers, customer__archived_at=None)


def month_ahead(day: date) -> Period:
    """The 30 days from this one for which contacts are planned."""
    return span(day, day + timedelta(days=MONTH - 1))


def month_behind(day: date) -> Period:
    """The 30 days up to this one in which contacts were done."""
    return span(day - timedelta(days=MONTH - 1), day)


def _contacts(people: Sequence[User], user: User, day: date, rules: TierRules) -> dict[str, dict[int, int]]:
    """{planned for the 30 days from today, done in the 30 up to today: {person: activities that serve a cadence}}."""
    activities: Any = apps.get_model("opportunities", "Activity").objects.visible_to(user)
    of_them = activities.filter(serves_cadence(rules), owner__in=people)
    begin, end = calendar().moments(month_ahead(day))
    planned = of_them.planned().filter(planned_at__gte=begin, planned_at__lt=end)
    begin, end = calendar().moments(month_behind(day))
    done = of_them.done().filter(done_at__gte=begin, done_at__lt=end)
    found: dict[str, dict[int, int]] = {PLANNED: {}, DONE: {}}
    for way, owner, n in _counted(planned, PLANNED).union(_counted(done, DONE), all=True):
        found[way][owner] = n
    return found


def _counted(activities: Any, way: str) -> Any:
    named = activities.order_by().annotate(way=Value(way, output_field=CharField()))
    return named.values_list("way", "owner").annotate(n=Count("pk"))


def total(found: Sequence[Load]) -> tuple[int, int, int]:
    """Needed, planned and done of all of them together."""
    return sum(each.needed for each in found), sum(each.planned for each in found), sum(each.done for each in found)
