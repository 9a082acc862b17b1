"""The behaviour sheets of the demo company: what its reps planned with customers, and what came of it."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from pipeline.demo import story, words
from pipeline.demo.ground import Ground, is_open, manager_of, owner_of, stays
from pipeline.demo.story import ZONE, Life

ACTIVITY_COLUMNS = [
    "key", "kind", "customer", "opportunity", "owner", "planned_at", "done_at", "objective", "outcome", "cancelled_at",
    "cancelled_reason", "customer_needs", "line_of_talk", "advantage", "said", "promised", "promised_by", "skill",
    "coaching", "coached_by", "coached_at", "created_by",
]  # fmt: skip
KINDS = {"visit": 9, "call": 8, "meeting": 4, "demo": 2, "survey": 2, "proposal": 2}
LATE_KINDS = {"negotiation": 6, "meeting": 5, "call": 5, "visit": 4}
RHYTHM = 17  # days between two activities of an opportunity
AHEAD = 12  # days
CRAMMING = "gao"  # visits customers when the month ends


def activities(ground: Ground, lives: list[Life]) -> list[dict[str, Any]]:
    """Done, planned and cancelled ones, in the order of time."""
    rows = [row for life in lives for row in (*_done(ground, life), *_planned(ground, life))]
    rows.sort(key=lambda row: (row["planned_at"] or row["done_at"], row["opportunity"]))
    return [{"key": f"V{number:05d}", **row} for number, row in enumerate(rows, start=1)]


def _done(ground: Ground, life: Life) -> Iterator[dict[str, Any]]:
    for stay in stays(life, ground.last):
        day = max(stay.begin, ground.begun)
        while day < stay.end:
            at = _held_on(ground, life, day, stay.end)
            yield _debriefed(ground, life, stay.stage, at)
            day += timedelta(days=ground.random.randrange(RHYTHM // 2, RHYTHM * 2))


def _held_on(ground: Ground, life: Life, day: datetime, end: datetime) -> datetime:
    last = (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    if life.owner == CRAMMING and last < end:
        day = last - timedelta(days=ground.random.randrange(5))
    return ground.between(day, min(day + timedelta(days=2), end))


def _about(ground: Ground, life: Life, stage: str) -> dict[str, Any]:
    """What is planned: kind, objective, line of talk."""
    kinds = LATE_KINDS if stage in ("decide", "lock") else KINDS
    [kind] = ground.random.choices(list(kinds), weights=list(kinds.values()))
    owner = owner_of(life)
    return {
        "kind": kind, "customer": f"C{life.customer:03d}", "opportunity": life.key, "owner": owner,
        "created_by": owner, "customer_needs": ground.one_of(words.NEEDS), "line_of_talk": ground.one_of(words.TALK),
        "advantage": ground.one_of(words.ADVANTAGE), "contacts": _with_whom(ground, life),
    }  # fmt: skip


def _with_whom(ground: Ground, life: Life) -> list[str]:
    known = [key for key, _role in ground.contacts[f"C{life.customer:03d}"]]
    return sorted(ground.random.sample(known, min(len(known), ground.random.choice([1, 1, 2]))))


def _debriefed(ground: Ground, life: Life, stage: str, at: datetime) -> dict[str, Any]:
    row = _about(ground, life, stage)
    objective, outcome, said, promised = ground.one_of(words.ACTIVITY[row["kind"]])
    careful = ground.happens(story.DISCIPLINE[life.owner])
    row |= {"planned_at": at if careful else None, "done_at": at, "objective": objective, "outcome": outcome}
    if careful:
        row |= {"said": said, "skill": ground.one_of(words.SKILLS) if ground.happens(0.3) else ""}
    if careful and ground.happens(0.6):
        row |= {"promised": promised, "promised_by": at.date() + timedelta(days=ground.random.randrange(3, 20))}
    if ground.happens(0.12):
        note = {"coaching": ground.one_of(words.COACHING), "coached_by": manager_of(row["owner"])}
        row |= {**note, "coached_at": ground.soon(at, 4)}
    return row


def _planned(ground: Ground, life: Life) -> Iterator[dict[str, Any]]:
    """Of open ones: what comes this week and next; what was not done; what was cancelled."""
    if not is_open(life):
        return
    for share in (0.7, 0.3):
        if ground.happens(share):
            yield _ahead(ground, life, _working_day(ground.today + timedelta(days=ground.random.randrange(AHEAD))))
    if ground.happens(0.25 - story.DISCIPLINE[life.owner] / 5):
        yield _ahead(ground, life, _working_day(ground.today - timedelta(days=ground.random.randrange(1, 8))))
    if ground.happens(0.08):
        row = _ahead(ground, life, ground.today - timedelta(days=ground.random.randrange(2, 30)))
        at = row["planned_at"] - timedelta(hours=20)
        yield {**row, "cancelled_at": at, "cancelled_reason": ground.one_of(words.CANCELLED)}


def _working_day(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)


def _ahead(ground: Ground, life: Life, day: date) -> dict[str, Any]:
    row = _about(ground, life, life.stage)
    at = datetime.combine(day, time(ground.one_of([9, 10, 14, 15]), ground.one_of([0, 30])), ZONE)
    return {**row, "planned_at": at, "objective": ground.one_of(words.ACTIVITY[row["kind"]])[0]}
