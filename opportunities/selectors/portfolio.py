"""What somebody owns, customer by customer, and how it may be shared out among others."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from customers.models import Customer
from opportunities.models import Opportunity

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Share:
    """A customer with the open opportunities that the person has there: they stay together in a hand-over.

    `owned`: the customer itself is the person's too; else only its opportunities change hands.
    """

    customer_id: int
    key: str
    name: str
    owned: bool
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All shares, the biggest first; `fingerprint` is another one as soon as a row of it changes."""

    shares: list[Share]
    fingerprint: str

    @property
    def customers(self) -> int:
        return sum(share.owned for share in self.shares)

    @property
    def count(self) -> int:
        return sum(share.count for share in self.shares)

    @property
    def amount(self) -> Decimal:
        return sum((share.amount for share in self.shares), ZERO)


@dataclass(frozen=True, slots=True)
class Portion:
    """What one receiver gets."""

    receiver: User
    customers: int
    count: int
    amount: Decimal


def portfolio_of(person: User) -> Portfolio:
    """The customers in use and the open opportunities of this person: two queries."""
    owned = list(
        Customer.objects.filter(owner=person).in_use().order_by("pk").values_list("pk", "key", "name", "version")
    )
    deals = list(
        Opportunity.objects.filter(owner=person).open().order_by("pk")
        .values_list("pk", "version", "customer_id", "customer__key", "customer__name", "amount")
    )  # fmt: skip
    names = {pk: (key, name) for pk, key, name, _version in owned}
    mine, counts, amounts = set(names), dict.fromkeys(names, 0), dict.fromkeys(names, ZERO)
    for _pk, _version, customer, key, name, amount in deals:
        names[customer] = (key, name)
        counts[customer] = counts.get(customer, 0) + 1
        amounts[customer] = amounts.get(customer, ZERO) + (amount or ZERO)
    shares = [Share(pk, *names[pk], pk in mine, counts[pk], amounts[pk]) for pk in names]
    shares.sort(key=lambda share: (-share.amount, share.name, share.customer_id))
    text = repr(([(row[0], row[3]) for row in owned], [row[:3] for row in deals]))
    return Portfolio(shares, hashlib.sha256(text.encode()).hexdigest()[:16])


def spread_evenly(shares: Sequence[Share], receivers: Sequence[User]) -> dict[int, User]:
    """Who gets which customer: the biggest first, each to whoever has least so far, in amount, then in number."""
    given = {receiver.pk: (ZERO, 0) for receiver in receivers}
    found = {}
    for share in shares:
        receiver = min(receivers, key=lambda user: given[user.pk])
        amount, number = given[receiver.pk]
        given[receiver.pk] = (amount + share.amount, number + 1)
        found[share.customer_id] = receiver
    return found


def portions(shares: Sequence[Share], split: dict[int, User]) -> list[Portion]:
    """What each receiver gets, by name."""
    receivers = {user.pk: user for user in split.values()}
    found = []
    for receiver in sorted(receivers.values(), key=lambda user: (user.sort_key, user.pk)):
        theirs = [share for share in shares if split[share.customer_id].pk == receiver.pk]
        amount = sum((share.amount for share in theirs), ZERO)
        found.append(
            Portion(receiver, sum(share.owned for share in theirs), sum(share.count for share in theirs), amount)
        )
    return found
