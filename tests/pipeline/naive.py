"""The readings once more, as a plain walk in Python over each opportunity's changes: no SQL, no product code.

A `Life` is one opportunity: its changes in order, each a moment (aware) and what it holds from then on. Amounts are
whole cents; `None` where it has none.
"""

import csv
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

OUTCOMES = ("won", "lost", "no_decision", "no_go")
BARS = ("new", "reopened", "transferred_in", "increased", "decreased", *OUTCOMES, "transferred_out")


@dataclass
class Held:
    stage: str
    amount: int | None
    owner: str
    team: str | None
    entered: datetime
    rate: int  # win rate in ten-thousandths


@dataclass
class Life:
    key: str
    changes: list[tuple[datetime, Held]] = field(default_factory=list)


@dataclass
class World:
    zone: ZoneInfo
    stages: dict[str, tuple[int, str]]  # key: position, outcome
    parents: dict[str, str | None]  # teams
    lives: list[Life]

    def midnight_after(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=self.zone)

    def outcome(self, held: Held) -> str:
        return self.stages[held.stage][1]

    def is_open(self, held: Held) -> bool:
        return self.outcome(held) == "open"

    def ladder(self) -> list[str]:
        steps = [(position, key) for key, (position, outcome) in self.stages.items() if outcome == "open"]
        return [key for _position, key in sorted(steps)]

    def within(self, scope: dict[str, str], held: Held) -> bool:
        if "owner" in scope:
            return held.owner == scope["owner"]
        if "team" not in scope:
            return True
        team = held.team
        while team is not None and team != scope["team"]:
            team = self.parents[team]
        return team is not None


def held_at(world: World, life: Life, day: date) -> Held | None:
    """What it held when the day ended."""
    before = [held for at, held in life.changes if at < world.midnight_after(day)]
    return before[-1] if before else None


def weighted(world: World, held: Held) -> int:
    product = (held.amount or 0) * held.rate
    return product // 10_000 + (1 if product % 10_000 >= 5_000 else 0)


def furthest(world: World, life: Life, day: date) -> float:
    """Index in the ladder of the furthest open stage by the day, infinity once won, -1 when nothing was reached."""
    ladder, best = world.ladder(), -1.0
    for at, held in life.changes:
        if at < world.midnight_after(day):
            if world.outcome(held) == "won":
                best = float("inf")
            elif world.is_open(held):
                best = max(best, ladder.index(held.stage))
    return best


def funnel(world: World, scope: dict[str, str], day: date) -> dict:
    ladder = world.ladder()
    standing = [
        (life, held) for life in world.lives if (held := held_at(world, life, day)) and world.within(scope, held)
    ]
    cohort = []
    for life, _held in standing:
        created = life.changes[0][0].astimezone(world.zone).date()
        if day - timedelta(days=364) <= created <= day:
            cohort.append(furthest(world, life, day))
    reached = [sum(far >= i for far in cohort) for i in range(len(ladder))] + [sum(f == float("inf") for f in cohort)]
    stages = []
    for i, key in enumerate(ladder):
        here = [held for _life, held in standing if held.stage == key]
        days = [(day - held.entered.astimezone(world.zone).date()).days for held in here]
        stages.append(
            {
                "stage": key,
                "count": len(here),
                "amount": sum(held.amount or 0 for held in here),
                "weighted": sum(weighted(world, held) for held in here),
                "median_days_in_stage": median(days) if days else None,
                "reached": reached[i],
                "conversion": Fraction(reached[i + 1], reached[i]) if reached[i] else None,
            }
        )
    whole = {name: sum(stage[name] for stage in stages) for name in ("count", "amount", "weighted")}
    return {"as_of": day, "stages": stages, "open": whole, "bulges": _bulges(stages, whole["amount"])}


def _bulges(stages: list[dict], whole: int) -> list[str]:
    found = []
    for i, stage in enumerate(stages):
        crowded = i > 0 and stage["count"] >= 5 and Fraction(stage["count"]) > Fraction(5, 4) * stages[i - 1]["count"]
        heavy = whole > 0 and Fraction(stage["amount"], whole) > Fraction(2, 5)
        if crowded or heavy:
            found.append(stage["stage"])
    return found


def waterfall(world: World, scope: dict[str, str], first: date, last: date) -> dict:
    """Every bar, and under `items` {bar: Counter of key: part}."""
    items: dict[str, Counter] = {bar: Counter() for bar in BARS}
    since, until = world.midnight_after(first), world.midnight_after(last)
    for life in world.lives:
        before = None
        for at, after in life.changes:
            if since <= at < until:
                for bar, part in _steps(world, scope, before, after):
                    items[bar][life.key] += part
            before = after
    bars = {bar: sum(parts.values()) for bar, parts in items.items()}
    begin, end = (funnel(world, scope, day)["open"]["amount"] for day in (first, last))
    return {"from": first, "to": last, "begin": begin, **bars, "end": end, "items": items}


def _steps(world: World, scope: dict[str, str], before: Held | None, after: Held):
    """What one change adds to bars, in the order of FINE-PRINT 22."""
    if before is None or not world.is_open(before):
        comes_in = before is None or after.stage != before.stage
        if comes_in and world.within(scope, after):
            yield ("new" if before is None else "reopened"), after.amount or 0
            yield from _closing(world, after)
        return
    yield from _handing_over(before.amount or 0, world.within(scope, before), world.within(scope, after))
    if world.within(scope, after):
        difference = (after.amount or 0) - (before.amount or 0)
        if difference:
            yield ("increased" if difference > 0 else "decreased"), abs(difference)
        yield from _closing(world, after)


def _handing_over(old: int, was_mine: bool, mine: bool):
    if was_mine != mine:
        yield ("transferred_in" if mine else "transferred_out"), old


def _closing(world: World, after: Held):
    if not world.is_open(after):
        yield world.outcome(after), after.amount or 0


def booked(world: World, scope: dict[str, str], first: date, last: date, day: date) -> Counter:
    """{key: amount} of the wins of the period that stand at the end of the day."""
    wins: Counter = Counter()
    for life in world.lives:
        held = held_at(world, life, day)
        if held is None or world.outcome(held) != "won":
            continue
        if first <= held.entered.astimezone(world.zone).date() <= last:
            closing = next(after for at, after in life.changes if at == held.entered)
            if world.within(scope, closing):
                wins[life.key] += closing.amount or 0
    return wins


# --- A workspace of CSV files ---------------------------------------------------------------------


Line = list[tuple[datetime, object]]
BEGINNING = datetime.min.replace(tzinfo=ZoneInfo("UTC"))


def read(folder: Path) -> World:
    """The world of a workspace; teams of people and win rates of stages change at their moments, for open ones."""
    zone = ZoneInfo(_rows(folder, "organisation")[0]["timezone"])
    stages = {row["key"]: (int(row["position"]), row["outcome"]) for row in _rows(folder, "stages")}
    parents = {row["key"]: row.get("parent") or None for row in _rows(folder, "teams")}
    teams = _lines(zone, _rows(folder, "users"), _rows(folder, "user_teams"), "user", lambda row: row["team"] or None)
    rates = _lines(zone, _rows(folder, "stages"), _rows(folder, "stage_settings"), "stage", lambda row: _rate(row))
    events: dict[str, dict[datetime, dict[str, str]]] = {}
    for row in _rows(folder, "opportunity_events"):
        change = events.setdefault(row["opportunity"], {}).setdefault(_moment(zone, row["at"]), {})
        change[row["field"]] = row["value"]
    world = World(zone, stages, parents, [])
    world.lives = [_life(world, key, changes, teams, rates) for key, changes in events.items()]
    return world


def _rate(row: dict[str, str]) -> int:
    return int(Fraction(row["win_rate"]) * 10_000)


def _moment(zone: ZoneInfo, written: str) -> datetime:
    at = datetime.fromisoformat(written)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(ZoneInfo("UTC"))


def _lines(zone: ZoneInfo, first: list[dict], later: list[dict], name: str, value) -> dict[str, Line]:
    lines: dict[str, Line] = {row["key"]: [(BEGINNING, value(row))] for row in first}
    for row in later:
        lines[row[name]].append((_moment(zone, row["at"]), value(row)))
    return {key: sorted(line, key=lambda each: each[0]) for key, line in lines.items()}


def _at(line: Line, moment: datetime):
    return [value for at, value in line if at <= moment][-1]


def _life(world: World, key: str, changes: dict[datetime, dict[str, str]], teams, rates) -> Life:
    settings = {at for line in (*teams.values(), *rates.values()) for at, _value in line if at > min(changes)}
    life, held = Life(key), Held("", None, "", None, BEGINNING, 0)
    for at in sorted({*changes, *settings}):
        after = _changed(held, changes.get(at, {}), at)
        joined = after.owner != held.owner or (after.stage != held.stage and not _closed(world, after))
        if joined or not _closed(world, after):
            after.team = _at(teams[after.owner], at)
        if after.stage != held.stage or not _closed(world, after):
            after.rate = _at(rates[after.stage], at)
        if after != held:
            life.changes.append((at, after))
        held = after
    return life


def _closed(world: World, held: Held) -> bool:
    return not world.is_open(held)


def _changed(held: Held, change: dict[str, str], at: datetime) -> Held:
    stage, owner, amount = change.get("stage", held.stage), change.get("owner", held.owner), held.amount
    if "amount" in change:
        amount = int(Fraction(change["amount"]) * 100) if change["amount"] else None
    return Held(stage, amount, owner, held.team, at if stage != held.stage else held.entered, held.rate)


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    path = folder / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
