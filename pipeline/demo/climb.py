"""The climb of the demo company's opportunities: records of evidence, some of them hollow, and what managers did."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from customers.rules.attention import FACE_TO_FACE
from opportunities.rules.evidence import FACTORS
from pipeline.demo import story, words
from pipeline.demo.ground import Ground, Stay, cells, closed_on, is_open, manager_of, stays
from pipeline.demo.story import Life

NEEDED = {"discover": 0, "validate": 2, "cocreate": 3, "decide": 4, "lock": 5, "won": 6}  # what a stage is entered with
ROLES = {
    "demand": ("user", "coach"),
    "power": ("decision_maker", "coach"),
    "goal": ("decision_maker", "approver"),
    "value": ("approver", "user"),
    "coordination": ("coach", "gatekeeper"),
}
FRESH = timedelta(days=7)  # after a visit, in which what came of it is written down
NEW_DAYS = 24  # so young ones are not assessed yet
RECORD_COLUMNS = [
    "opportunity", "factor", "level", "recorded_at", "evidence", "grade", "contact", "recorded_by",
    "manager_confirmed", "manager_confirmed_at", "withdrawn_at", "said_on", "link", "activity", "confirmed_by",
    "withdrawn_by", "withdrawn_reason",
]  # fmt: skip
LOWERED_COLUMNS = ["opportunity", "factor", "level", "recorded_at", "at", "grade", "reason", "actor"]


class Kind(Enum):
    """How an opportunity's evidence stands to its stage."""

    PROVEN = "proven"
    HOLLOW = "hollow"  # the last rungs of some factors are our own word
    WAITING = "waiting"  # the last rungs wait for the manager's confirmation
    LOPSIDED = "lopsided"  # higher than the power behind it
    UNKNOWN = "unknown"  # not a single record


@dataclass
class Climb:
    """The records of one opportunity, in the order of RECORD_COLUMNS, and those whose grade was lowered."""

    life: Life
    kind: Kind
    begun: datetime
    records: list[dict[str, Any]] = field(default_factory=list)
    lowered: list[dict[str, Any]] = field(default_factory=list)
    heights: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FACTORS, 0))


def climbs(ground: Ground, lives: list[Life]) -> list[Climb]:
    """One for every life that the company still worked on when it began to record evidence."""
    begun = [life for life in lives if (closed_on(life) or ground.today) > ground.first]
    return [_climb(ground, life) for life in begun]


def _climb(ground: Ground, life: Life) -> Climb:
    climb = Climb(life, _kind(ground, life), _taken_stock(ground, life))
    if climb.kind is not Kind.UNKNOWN:
        for stay in stays(life, ground.last):
            _climb_in(ground, climb, stay)
        _judge(ground, climb)
    if climb.kind is Kind.HOLLOW and is_open(life):
        _move_anyway(ground, life)
    return climb


def _taken_stock(ground: Ground, life: Life) -> datetime:
    """When the evidence of an old one was first written down: in the first weeks, before it was closed."""
    ended = ground.last if is_open(life) else [at for at, _actor, name, *_rest in life.events if name == "stage"][-1]
    return ground.between(ground.begun, max(min(ground.begun + timedelta(days=40), ended), ground.begun))


def _kind(ground: Ground, life: Life) -> Kind:
    if not is_open(life):
        return Kind.PROVEN
    if (ground.today - life.created_at.date()).days < NEW_DAYS:
        return Kind.UNKNOWN
    draw = ground.random.random() / story.DISCIPLINE[life.owner]
    if life.stage in ("decide", "lock") and ground.happens(0.25):
        return Kind.WAITING
    if life.stage in ("cocreate", "decide") and ground.happens(0.12):
        return Kind.LOPSIDED
    if life.stage != "discover" and draw > (1.3 if life.stage == "validate" else 1.02):
        return Kind.HOLLOW
    return Kind.UNKNOWN if draw > 1.9 else Kind.PROVEN


def _climb_in(ground: Ground, climb: Climb, stay: Stay) -> None:
    """The rungs reached during a stay: up to what the next stage needs, a part of it while it lasts."""
    rungs = [(level, factor) for factor in FACTORS for level in range(1, 7) if level > climb.heights[factor]]
    wanted = [(level, factor) for level, factor in sorted(rungs) if level <= _top(ground, stay, factor)]
    begin, end = (max(at, climb.begun) for at in (stay.begin, stay.end))
    moments = sorted(ground.between(begin, end) for _rung in wanted)
    for (level, factor), at in zip(wanted, moments, strict=True):
        climb.heights[factor] = level
        climb.records.append(_record(ground, climb, factor, level, at))


def _top(ground: Ground, stay: Stay, factor: str) -> int:
    if stay.after in NEEDED:
        needed = NEEDED[stay.after]
        return max(needed, 5) if stay.after == "won" and factor != "coordination" else needed
    least = max(NEEDED[stay.stage], 1)
    return least + (1 if ground.happens(0.35) and least < 6 else 0)


def _record(ground: Ground, climb: Climb, factor: str, level: int, at: datetime) -> dict[str, Any]:
    life = climb.life
    grade = _grade(ground, climb, factor, level)
    proven = grade != "E0"
    return {
        "opportunity": life.key, "factor": factor, "level": level, "recorded_at": at, "grade": grade,
        "evidence": words.EVIDENCE[factor][level - 1] if proven else ground.one_of(words.OUR_WORD),
        "contact": ground.contact(life, *ROLES[factor]) if proven else "", "recorded_by": life.owner,
        "said_on": (at - timedelta(days=ground.random.randrange(3))).date() if proven else "",
        "link": f"https://docs.fengyue.example/{life.key}/{factor}-{level}" if grade in ("E2", "E3") else "",
    }  # fmt: skip


def _grade(ground: Ground, climb: Climb, factor: str, level: int) -> str:
    """What proves the level, unless this one's evidence is hollow there."""
    floor = NEEDED.get(climb.life.stage, 6)
    if is_open(climb.life):
        if climb.kind is Kind.HOLLOW and factor in ("power", "goal") and level >= max(floor - 1, 1):
            return "E0" if level <= 2 or ground.happens(0.5) else "E1"
        if climb.kind is Kind.LOPSIDED and factor == "power" and level >= 3:
            return "E1"
    if level <= 2:
        return "E1" if ground.happens(0.7) else "E2"
    if level <= 4:
        return "E2" if ground.happens(0.75) else "E3"
    return "E2" if climb.kind is Kind.WAITING or ground.happens(0.4) else "E3"


def rest_on_visits(found: Iterable[Climb], activities: Iterable[dict[str, Any]]) -> None:
    """A joint visit of the days before is the trace of a record with E2, in place of a link."""
    held = defaultdict(list)
    for row in activities:
        if row.get("done_at") and row["kind"] in FACE_TO_FACE:
            held[row["opportunity"]].append(row)
    for record in (each for climb in found for each in climb.records if each["grade"] == "E2"):
        for visit in held[record["opportunity"]]:
            if visit["done_at"] <= record["recorded_at"] < visit["done_at"] + FRESH:
                record |= {"activity": visit["key"], "link": "", "said_on": visit["done_at"].date()}
                if record["contact"] not in visit["contacts"]:
                    visit["contacts"].append(record["contact"])


def _judge(ground: Ground, climb: Climb) -> None:
    """Managers confirm E2 on the upper rungs within days; they lower a grade, somebody withdraws a record."""
    manager = manager_of(climb.life.owner)
    for record in climb.records:
        if record["level"] >= 5 and record["grade"] == "E2" and climb.kind is not Kind.WAITING:
            at = ground.soon(record["recorded_at"], 5)
            record |= {"manager_confirmed": "true", "manager_confirmed_at": at, "confirmed_by": manager}
    if climb.records and is_open(climb.life) and ground.happens(0.1):
        _lower(ground, climb, manager)
    if climb.records and ground.happens(0.06):
        _withdraw(ground, climb)


def _lower(ground: Ground, climb: Climb, manager: str) -> None:
    record = climb.records[-1]
    if record["grade"] != "E0":
        at = max(ground.soon(record["recorded_at"], 9), record["recorded_at"] + timedelta(minutes=5))
        lowered = {"at": at, "grade": "E0", "reason": ground.one_of(words.LOWERED), "actor": manager}
        climb.lowered.append({**record, **lowered})


def _withdraw(ground: Ground, climb: Climb) -> None:
    record = ground.one_of(climb.records)
    last = max(record["recorded_at"], record.get("manager_confirmed_at", record["recorded_at"]))
    at = max(ground.soon(last, 30), last + timedelta(minutes=5))
    reason = ground.one_of(words.WITHDRAWN)
    record |= {"withdrawn_at": at, "withdrawn_by": climb.life.owner, "withdrawn_reason": reason}


def _move_anyway(ground: Ground, life: Life) -> None:
    """The last move forward was made past the gate, with a reason."""
    places = [place for place, event in enumerate(life.events) if event[2] == "stage"]
    before, after = life.events[places[-2]][3], life.events[places[-1]][3]
    if before in story.OPEN and story.OPEN.index(before) < story.OPEN.index(after):
        at, actor, name, value, _reason = life.events[places[-1]]
        life.events[places[-1]] = (at, actor, name, value, ground.one_of(words.ANYWAY))
        life.unproven_from = before


def records_of(found: list[Climb]) -> Iterator[list[Any]]:
    """Rows of checkpoints.csv."""
    return (cells(RECORD_COLUMNS, record) for climb in found for record in climb.records)


def lowered_of(found: list[Climb]) -> Iterator[list[Any]]:
    """Rows of grade_changes.csv."""
    return (cells(LOWERED_COLUMNS, row) for climb in found for row in climb.lowered)
