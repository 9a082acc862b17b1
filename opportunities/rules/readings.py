"""Win rates side by side, and the flags that follow from an opportunity's own row (METHOD.md §2, §7). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from opportunities.rules.evidence import Heights, StageFloors, evidenced

NOTHING = Decimal(0)
FLAGS = ("overdue_close", "no_amount", "no_next_step", "next_step_overdue", "inflated", "contradiction")


@dataclass(frozen=True, slots=True)
class Reading:
    """What an opportunity's evidence says of it. Rates in one unit; `evidenced` is None while it is unassessed."""

    is_open: bool
    declared: Any
    evidenced: Any
    heights: Heights

    @property
    def unassessed(self) -> bool:
        """Whether there is not a single record (FINE-PRINT 12)."""
        return self.evidenced is None

    @property
    def counted(self) -> Any:
        """The lower of the two; while unassessed, and once closed, the declared one (FINE-PRINT 12, 16)."""
        return counted(self.declared, self.evidenced) if self.is_open else self.declared

    @property
    def inflated(self) -> bool:
        """Open, assessed, and declared higher than the evidence supports."""
        return self.is_open and inflated(self.declared, self.evidenced)


def counted(declared: Any, evidenced: Any) -> Any:
    """The counted rate of an open one; `evidenced` is None while it is unassessed."""
    return declared if evidenced is None else min(declared, evidenced)


def inflated(declared: Any, evidenced: Any) -> bool:
    """Whether an open one is declared higher than the evidence supports."""
    return evidenced is not None and bool(declared > evidenced)


def read(*, is_open: bool, declared: Any, heights: Heights | None, floors: Iterable[StageFloors]) -> Reading:
    """The reading of an opportunity with these heights (None: unassessed) where the stages have these floors."""
    if heights is None:
        return Reading(is_open, declared, None, Heights())
    return Reading(is_open, declared, evidenced(heights.verified, floors, nothing=NOTHING), heights)


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody means to do: the fields of an opportunity that can be left dirty."""

    amount: Decimal | None
    expected_close_date: date | None
    next_step: str
    next_step_due: date | None


def flags_of(reading: Reading, plan: Plan, day: date) -> tuple[str, ...]:
    """The flags of METHOD.md §7 that the row itself shows on `day`, in their order; a closed one has none."""
    if not reading.is_open:
        return ()
    found = {**_of_plan(plan, day), "inflated": reading.inflated, "contradiction": bool(reading.heights.contradictions)}
    return tuple(name for name in FLAGS if found[name])


def _of_plan(plan: Plan, day: date) -> dict[str, bool]:
    """A date that is today is not overdue; without a next step its date says nothing (FINE-PRINT 33)."""
    has_step = bool(plan.next_step.strip())
    return {
        "overdue_close": _before(plan.expected_close_date, day),
        "no_amount": not plan.amount,
        "no_next_step": not has_step,
        "next_step_overdue": has_step and _before(plan.next_step_due, day),
    }


def _before(one: date | None, day: date) -> bool:
    return one is not None and one < day
