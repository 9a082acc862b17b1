"""From changes to versions and back: what an opportunity held when. Pure: keys in place of ids, no database.

Amounts are cents, win rates ten-thousandths, moments UTC. `walk` goes through `opportunities.rules`, as the actions do.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from opportunities import rules

HELD_NAMES = {
    "stage": "stage_id", "amount": "amount", "expected_close": "expected_close_date", "owner": "owner_id",
    "product": "product_id", "next_step": "next_step", "next_step_due": "next_step_due",
}  # fmt: skip


@dataclass(slots=True)
class Change:
    """What was set at one instant, by whom and why; `values` by the names of the file, None clears."""

    values: dict[str, Any] = field(default_factory=dict)
    actor: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """What held from a moment on."""

    at: datetime
    state: rules.State
    actor: str | None
    reason: str


@dataclass(slots=True)
class Timelines:
    """What counts from when: a stage's win rates and a person's teams, each as (moments, values), earliest first."""

    stages: dict[str, rules.StageInfo]
    rates: dict[str, tuple[list[datetime], list[int]]]
    teams: dict[str, tuple[list[datetime], list[str | None]]]

    def stage_at(self, key: str, at: datetime) -> rules.StageInfo:
        known = self.stages[key]
        rate = _at(self.rates[key], at)
        return known if rate == known.win_rate else rules.StageInfo(key, known.position, known.outcome, rate)  # type: ignore[arg-type]

    def team_at(self, user: str, at: datetime) -> str | None:
        return _at(self.teams[user], at)  # type: ignore[no-any-return]

    def moments(self, state: rules.State, after: datetime, before: datetime | None) -> list[datetime]:
        """When the team of the owner or the rate of the stage changes between two moments, both outside."""
        found: set[datetime] = set()
        for times, _values in (self.teams[state.owner_id], self.rates[state.stage_id]):  # type: ignore[index]
            if len(times) > 1:
                found.update(time for time in times[bisect_right(times, after) :] if before is None or time < before)
        return sorted(found)


def _at(line: tuple[list[datetime], list[Any]], at: datetime) -> Any:
    times, values = line
    return values[max(bisect_right(times, at) - 1, 0)] if len(times) > 1 else values[0]


def walk(
    changes: dict[datetime, Change], timelines: Timelines, local_date: Callable[[datetime], date]
) -> list[Version]:
    """The versions that follow from these changes; the first one carries at least stage and owner."""
    versions: list[Version] = []
    instants = sorted(changes)
    for number, at in enumerate(instants):
        _step(versions, at, changes[at], timelines, local_date)
        following = instants[number + 1] if number + 1 < len(instants) else None
        if versions[-1].state.outcome == "open":
            for moment in timelines.moments(versions[-1].state, at, following):
                _step(versions, moment, Change(), timelines, local_date)
    return versions


def _step(
    versions: list[Version], at: datetime, change: Change, timelines: Timelines, local_date: Callable[[datetime], date]
) -> None:
    before = versions[-1].state if versions else None
    held = _held(change.values, at, timelines)
    if before is None:
        first = {"next_step": "", **held}
        stage, (owner, team) = first.pop("stage"), first.pop("owner")
        after = rules.begin(stage=stage, owner_id=owner, team_id=team, at=at, on=local_date(at), **first)
    else:
        after = rules.apply(before, held, at=at, on=local_date(at) if "stage" in held else before.entered_on)
        after = _settled(before, after, at, timelines)
    if after != before:
        versions.append(Version(at, after, change.actor, change.reason))


def _held(values: dict[str, Any], at: datetime, timelines: Timelines) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for name, value in values.items():
        if name == "stage":
            held["stage"] = timelines.stage_at(value, at)
        elif name == "owner":
            held["owner"] = (value, timelines.team_at(value, at))
        else:
            held[HELD_NAMES[name]] = "" if name == "next_step" and value is None else value
    return held


def _settled(before: rules.State, after: rules.State, at: datetime, timelines: Timelines) -> rules.State:
    """An open opportunity has its owner's team and its stage's rate of that moment (FINE-PRINT 6, 7)."""
    settled: dict[str, Any] = {}
    if before.outcome == "open" or after.outcome == "open":
        settled["team_id"] = timelines.team_at(after.owner_id, at)  # type: ignore[arg-type]
    if after.outcome == "open":
        settled["win_rate"] = timelines.stage_at(after.stage_id, at).win_rate  # type: ignore[arg-type]
    return rules.apply(after, settled, at=at, on=after.entered_on)


def derive(versions: Iterable[Version]) -> dict[datetime, Change]:
    """The changes that led to these versions; one that only followed a setting has no values."""
    changes: dict[datetime, Change] = {}
    before: rules.State | None = None
    for version in versions:
        values = {}
        for name, held in HELD_NAMES.items():
            value = getattr(version.state, held)
            if before is None:
                if name in ("stage", "owner") or value not in (None, ""):
                    values[name] = value
            elif value != getattr(before, held):
                values[name] = None if value == "" else value
        changes[version.at] = Change(values, version.actor, version.reason)
        before = version.state
    return changes


def merged(ours: dict[datetime, Change], theirs: dict[datetime, Change]) -> dict[datetime, Change]:
    """Both histories in time; where both set the same field at the same instant, `theirs` is taken."""
    changes = {at: Change(dict(change.values), change.actor, change.reason) for at, change in ours.items()}
    for at, change in theirs.items():
        have = changes.setdefault(at, Change())
        have.values.update(change.values)
        have.actor = change.actor or have.actor
        have.reason = change.reason or have.reason
    return changes
