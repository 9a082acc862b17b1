"""The people of a customer: where they stand in each opportunity, and who of us knows them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.apps import apps
from django.db.models import Count, Max, OuterRef, Subquery

from accounts.models import User
from accounts.selectors import calendar
from customers.models import Customer
from customers.rules.attention import FACE_TO_FACE

MOST_CONTACTS = 60
MOST_STAKES = 400


@dataclass(frozen=True, slots=True)
class Knows:
    """One of us who has done something with a contact: how often, and last on which day."""

    name: str
    times: int
    last: date


@dataclass(slots=True)
class Person:
    """A contact (`last_met`) with their stakes (one an opportunity) and who of us knows them, the closest first."""

    contact: Any
    stakes: list[Any] = field(default_factory=list)
    known_by: list[Knows] = field(default_factory=list)

    @property
    def torn(self) -> bool:
        """Whether they support one opportunity and oppose another."""
        stances = [stake.stance for stake in self.stakes]
        return any(stance > 0 for stance in stances) and any(stance < 0 for stance in stances)


def people_map(customer: Customer, user: User) -> list[Person]:
    """The customer's contacts over what the reader may see of opportunities and activities. Three queries."""
    contacts = customer.contacts.in_use().annotate(last_met=last_met(user)).order_by("name", "id")[:MOST_CONTACTS]  # type: ignore[attr-defined]
    people = {contact.pk: Person(contact) for contact in contacts}
    for stake in _stakes(customer, user):
        if stake.contact_id in people:
            people[stake.contact_id].stakes.append(stake)
    for pk, known in _meetings(people, user):
        people[pk].known_by.append(known)
    return sorted(people.values(), key=lambda person: (-_weight(person), person.contact.name))


def _weight(person: Person) -> int:
    return max([person.contact.influence or 0, *(stake.influence for stake in person.stakes)])


def _stakes(customer: Customer, user: User) -> Any:
    stakes = apps.get_model("opportunities", "Stakeholder").objects
    seen = stakes.visible_to(user).in_use().filter(contact__customer=customer, opportunity__archived_at=None)
    return seen.select_related("opportunity__stage").order_by("-opportunity__entered_at", "-id")[:MOST_STAKES]


def _meetings(people: Iterable[int], user: User) -> list[tuple[int, Knows]]:
    activities = apps.get_model("opportunities", "Activity").objects
    seen = activities.visible_to(user).done().filter(cancelled_at=None, contacts__in=list(people))
    found = (
        seen.order_by()
        .values("contacts", "owner", "owner__name")
        .annotate(times=Count("pk", distinct=True), last=Max("done_at"))
        .order_by("-times", "-last")
    )
    return [
        (row["contacts"], Knows(row["owner__name"], row["times"], calendar().local_date(row["last"]))) for row in found
    ]


def last_met(user: User) -> Any:
    """Subquery for contacts: when one of us last met them in person, in what the reader may see."""
    activities = apps.get_model("opportunities", "Activity").objects
    met = activities.visible_to(user).done().filter(contacts=OuterRef("pk"), kind__base__in=FACE_TO_FACE).order_by()
    return Subquery(met.values("contacts").annotate(last=Max("done_at")).values("last"))
