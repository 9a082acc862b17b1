"""How an opportunity's state follows from its changes, and what a move demands (METHOD.md §2, FINE-PRINT 5, 18, 19).

Pure: no ORM, no request, no clock. The actions and the workspace import both walk through `apply`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

WON = 32767  # `furthest` of one that was ever won: past every open stage
UNDO_ACCEPTED = timedelta(seconds=15)
UNDO_SHOWN = timedelta(seconds=10)
SMALLEST_WON_AMOUNT = Decimal("0.01")
LONGEST_REASON = 500
WITHOUT_PAST = ("customer", "title", "source", "forecast_category", "signed_on", "competitor")  # in no version
SAY_WHY = _("Say why: this move needs a reason.")
BY_MISTAKE, RESTORED = gettext_noop("entered by mistake"), gettext_noop("restored")


@dataclass(frozen=True, slots=True)
class StageInfo:
    """What the rules need to know of a stage; `win_rate` in whatever unit the caller keeps."""

    id: int
    position: int
    outcome: str
    win_rate: Any

    @property
    def is_open(self) -> bool:
        return self.outcome == "open"


@dataclass(frozen=True, slots=True)
class State:
    """What an opportunity holds at a moment; names as in the table of versions."""

    stage_id: int
    outcome: str
    win_rate: Any
    amount: Any
    expected_close_date: date | None
    owner_id: int
    team_id: int | None
    product_id: int | None
    next_step: str
    next_step_due: date | None
    entered_at: datetime
    entered_on: date
    furthest: int


HELD = tuple(field.name for field in fields(State))
PLAIN = ("amount", "expected_close_date", "product_id", "next_step", "next_step_due", "team_id", "win_rate")


def reached(furthest: int, stage: StageInfo) -> int:
    """The furthest position after entering `stage`."""
    if stage.outcome == "won":
        return WON
    return max(furthest, stage.position) if stage.is_open else furthest


def begin(*, stage: StageInfo, owner_id: int, team_id: int | None, at: datetime, on: date, **plain: Any) -> State:
    """The state of a new opportunity; `on` is the local date of `at`."""
    return State(
        stage_id=stage.id,
        outcome=stage.outcome,
        win_rate=stage.win_rate,
        owner_id=owner_id,
        team_id=team_id,
        entered_at=at,
        entered_on=on,
        furthest=reached(0, stage),
        amount=plain.get("amount"),
        expected_close_date=plain.get("expected_close_date"),
        product_id=plain.get("product_id"),
        next_step=plain.get("next_step", ""),
        next_step_due=plain.get("next_step_due"),
    )


def apply(state: State, changes: Mapping[str, Any], *, at: datetime, on: date) -> State:
    """The state after one change; equal to `state` when nothing really changes.

    `changes` may hold `stage` (StageInfo), `owner` ((owner_id, team_id)) and any of PLAIN.
    """
    after = replace(state, **{name: changes[name] for name in PLAIN if name in changes})
    if "owner" in changes and changes["owner"][0] != state.owner_id:
        owner_id, team_id = changes["owner"]
        after = replace(after, owner_id=owner_id, team_id=team_id)
    stage: StageInfo | None = changes.get("stage")
    if stage is not None and stage.id != state.stage_id:
        after = replace(
            after,
            stage_id=stage.id,
            outcome=stage.outcome,
            win_rate=stage.win_rate,
            entered_at=at,
            entered_on=on,
            furthest=reached(state.furthest, stage),
        )
    return after


def changed_fields(before: State, after: State) -> list[str]:
    """Names of the fields that a person changed, as the outside knows them (`stage`, `owner`, `amount`, …)."""
    derived = {"outcome", "win_rate", "team_id", "entered_at", "entered_on", "furthest"}
    return [
        name.removesuffix("_id")
        for name in HELD
        if name not in derived and getattr(before, name) != getattr(after, name)
    ]


def kind_of_move(source: StageInfo, target: StageInfo) -> str:
    """`same`, `reopening`, `closing`, `forward` or `backward`."""
    if source.id == target.id:
        return "same"
    if not source.is_open:
        return "reopening"
    if not target.is_open:
        return "closing"
    return "forward" if target.position > source.position else "backward"


def reason_in_words(reason: str) -> str:
    """A reason as its reader sees it: the product's own are stored in English, a person's stays as it was typed."""
    return str(_(reason)) if reason in (BY_MISTAKE, RESTORED) else reason


def needs_reason(source: StageInfo, target: StageInfo) -> bool:
    """Closing without a signature, going back and reopening are explained."""
    kind = kind_of_move(source, target)
    return kind in ("reopening", "backward") or (kind == "closing" and target.outcome != "won")


def move_problems(
    source: StageInfo, target: StageInfo, *, reason: str, amount: Decimal | None, signed_on: date | None, today: date
) -> dict[str, Any]:
    """{field: message} of what a move still needs; empty when it may go on."""
    problems: dict[str, Any] = {}
    if needs_reason(source, target) and not reason.strip():
        problems["reason"] = SAY_WHY
    if len(reason) > LONGEST_REASON:
        problems["reason"] = _("A reason has at most 500 characters.")
    if target.outcome == "won":
        if amount is None or amount < SMALLEST_WON_AMOUNT:
            problems["amount"] = _("A won opportunity needs an amount of at least 0.01.")
        if signed_on is None:
            problems["signed_on"] = _("Give the day on which the contract was signed.")
        elif signed_on > today:
            problems["signed_on"] = _("The signing date must not lie in the future.")
    return problems


def days_in_stage(entered_on: date, day: date) -> int:
    """Whole local days since the stage entry (FINE-PRINT 18)."""
    return (day - entered_on).days


def median(values: Iterable[tuple[int, int]]) -> float | None:
    """The median of `(value, how often)` pairs; the mean of the middle two of an even count, None of none."""
    counted = sorted((value, times) for value, times in values if times)
    total = sum(times for _value, times in counted)
    if not total:
        return None
    return (_at_rank(counted, (total - 1) // 2) + _at_rank(counted, total // 2)) / 2


def _at_rank(counted: list[tuple[int, int]], rank: int) -> int:
    for value, times in counted:
        if rank < times:
            return value
        rank -= times
    raise IndexError(rank)
