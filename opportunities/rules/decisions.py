"""When Go / No-Go is asked again (METHOD.md §6)."""

from datetime import date

PUSHES = 2


def asked_again(
    *,
    days: int,
    expected: int,
    decided_after: int | None,
    pushes: int,
    look_again_on: date | None,
    day: date,
) -> tuple[str, ...]:
    """Why the question is open: `too_long` in the stage, `pushed` too often, `due`; none while the answer holds.

    `days` are spent in the stage, `decided_after` is how many of them had passed at the last decision (negative: it was
    made in a stage before; None: there is none). `pushes` of the expected close are counted since that decision.
    """
    answered = decided_after is not None and _too_long(decided_after, expected)
    found = {
        "too_long": _too_long(days, expected) and not answered,
        "pushed": pushes >= PUSHES,
        "due": look_again_on is not None and day >= look_again_on,
    }
    return tuple(why for why, holds in found.items() if holds)


def _too_long(days: int, expected: int) -> bool:
    """More than one and a half times the expected days, without a rounding."""
    return 2 * days > 3 * expected
