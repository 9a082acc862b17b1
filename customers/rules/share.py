"""How much of what a customer spends comes to us. Pure: no ORM, no request, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

SHARE_THRESHOLD = Decimal("0.30")  # from which a customer counts as won over


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the yearly spend: `kind` is us, supplier or rest; `ratio` of the spend, a supplier's may exceed 1."""

    kind: str
    name: str
    amount: Decimal
    ratio: Decimal
    row: int | None = None  # of the supplier


def share_of(amount: Decimal | None, spend: Decimal | None) -> Decimal | None:
    """The wallet share: min(1, orders ÷ spend) (METHOD.md §8), the one function for every page.

    None while the spend is not known (empty or 0). No orders are a share of 0.
    """
    return min(Decimal(1), (amount or Decimal(0)) / spend) if spend else None


def change(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """By which ratio something has grown; None where there was nothing before."""
    return ((now or Decimal(0)) - before) / before if before else None


def slices(spend: Decimal | None, ours: Decimal, suppliers: Sequence[tuple[int, str, Decimal]]) -> list[Slice]:
    """Us, each supplier, and what is left of the spend where something is; nothing while the spend is not known."""
    share = share_of(ours, spend)
    if share is None or spend is None:
        return []
    rest = spend - ours - sum((amount for _row, _name, amount in suppliers), Decimal(0))
    found = [Slice("us", "", ours, share)]
    found += [Slice("supplier", name, amount, amount / spend, row) for row, name, amount in suppliers]
    if rest > 0:
        found.append(Slice("rest", "", rest, rest / spend))
    return found
