"""What our own facts say about a criterion of the scorecard, 0-5. Pure: a suggestion beside the human score."""

from decimal import Decimal

QUARTERS = 8  # the two years that are looked at
BY_QUARTERS = (0, 1, 1, 2, 2, 3, 3, 4, 5)  # score by how many of them had orders
GROWTH = ((Decimal("-0.2"), 0), (Decimal(0), 1), (Decimal("0.05"), 2), (Decimal("0.1"), 3), (Decimal("0.2"), 4))
SHARE = ((Decimal("0.2"), 5), (Decimal("0.4"), 4), (Decimal("0.6"), 3), (Decimal("0.8"), 2), (Decimal(1), 1))
MEETINGS = ((1, 0), (2, 1), (3, 2), (5, 3), (9, 4))


def sales(quarters: int) -> int:
    """Sustained sales, by how many of the last eight quarters had orders."""
    return BY_QUARTERS[min(quarters, QUARTERS)]


def growth(now: Decimal, before: Decimal) -> int | None:
    """By the last twelve months against the twelve before; None without orders in these."""
    return _step((now - before) / before, GROWTH) if before else None


def potential(bought: Decimal, spend: Decimal | None) -> int | None:
    """The more of their spend goes to others, the higher; None when the spend is not known."""
    return _step(bought / spend, SHARE, beyond=0) if spend else None


def goals(meetings: int) -> int:
    """Access to their goals, by activities with a decision maker in twelve months."""
    return _step(meetings, MEETINGS)


def _step(value: Decimal | int, steps: tuple[tuple[Decimal | int, int], ...], beyond: int = 5) -> int:
    """The score of the first step that lies above the value."""
    return next((score for limit, score in steps if value < limit), beyond)
