"""When a customer is neglected or to be assessed, what a rep's customers ask of a month (METHOD.md §4). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil

from customers.rules.tiers import KEY_ACCOUNTS

FACE_TO_FACE = ("visit", "meeting", "demo", "negotiation", "survey")  # kinds in which the customer takes part in person
DECISION_MAKER = "decision_maker"
MONTH = 30  # the days over which capacity is reckoned


@dataclass(frozen=True, slots=True)
class Contacted:
    """A customer of a tier since a day: when something was last done with it, when its decision maker was last met."""

    tier: str
    since: date
    touched: date | None = None
    met: date | None = None


def neglect(customer: Contacted, day: date, *, cadence: Mapping[str, int], decision_maker_days: int) -> tuple[str, ...]:
    """What is missed: `cadence`, and of key accounts `decision_maker`. A new customer has as many days as any other."""
    days = cadence[customer.tier] if customer.tier else 0
    found = ["cadence"] if days and _days_since(customer.touched, customer.since, day) > days else []
    if customer.tier in KEY_ACCOUNTS and _days_since(customer.met, customer.since, day) > decision_maker_days:
        found.append("decision_maker")
    return tuple(found)


def _days_since(done: date | None, since: date, day: date) -> int:
    return (day - max(done or since, since)).days


def assessment_due(tier: str, assessed: date | None, day: date, every: int) -> bool:
    """Whether a customer is to be assessed: again after so many days, a key account never assessed at once."""
    return tier in KEY_ACCOUNTS if assessed is None else (day - assessed).days >= every


@dataclass(frozen=True, slots=True)
class Held:
    """The accounts of one tier that a rep has, against those that one can do justice to (0: no limit)."""

    tier: str
    accounts: int
    limit: int

    @property
    def over(self) -> bool:
        return bool(self.limit) and self.accounts > self.limit


def held(accounts: Mapping[str, int], limits: Mapping[str, int]) -> tuple[Held, ...]:
    """A rep's accounts of each tier that the rules know, the highest first."""
    return tuple(Held(tier, accounts.get(tier, 0), limits[tier]) for tier in sorted(limits, reverse=True))


def contacts_needed(accounts: Mapping[str, int], cadence: Mapping[str, int]) -> int:
    """How many contacts a month the cadence of these accounts asks for: Σ accounts × 30 ÷ days, rounded up once."""
    exact = sum((Fraction(n * MONTH, cadence[tier]) for tier, n in accounts.items() if cadence.get(tier)), Fraction(0))
    return ceil(exact)
