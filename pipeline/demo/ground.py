"""What the parts of the demo company's evidence share: one chance of their own, the people, the stages of a life."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from pipeline.demo import names, story
from pipeline.demo.story import ZONE, Life

EVIDENCE_DAYS = 400  # the company began to record evidence so long ago
MANAGER = {"east": "shen", "south": "chen", "north": "chen"}
TEAM = {login: team for login, _name, _role, team in names.PEOPLE}


@dataclass(frozen=True, slots=True)
class Stay:
    """A life's time in a stage; `after` is the stage that came then, empty while it lasts."""

    stage: str
    begin: datetime
    end: datetime
    after: str


class Ground:
    """Draws, and who is who."""

    def __init__(self, today: date, contacts: list[list[Any]], salt: int) -> None:
        self.random = random.Random(story.SEED + salt)  # noqa: S311
        self.today, self.first = today, today - timedelta(days=EVIDENCE_DAYS)
        self.begun = datetime.combine(self.first, time(9), ZONE)
        self.last = datetime.combine(today - timedelta(days=1), time(18, 30), ZONE)
        self.contacts: dict[str, list[tuple[str, str]]] = {}
        for key, customer, *_rest, role, _influence, _stance in contacts:
            self.contacts.setdefault(customer, []).append((key, role))

    def happens(self, share: float) -> bool:
        return self.random.random() < share

    def one_of(self, words: Any) -> Any:
        return self.random.choice(words)

    def contact(self, life: Life, *roles: str) -> str:
        """Somebody of the customer, in one of these roles if there is one."""
        known = self.contacts[f"C{life.customer:03d}"]
        return str(self.one_of([key for key, role in known if role in roles] or [key for key, _role in known]))

    def between(self, begin: datetime, end: datetime) -> datetime:
        """A moment in office hours, never outside the two."""
        day = begin + (end - begin) * self.random.random()
        while day.weekday() >= 5:
            day -= timedelta(days=1)
        at = datetime.combine(day.date(), time(8, 40), ZONE) + timedelta(seconds=self.random.randrange(570 * 60))
        return min(max(at, begin + timedelta(minutes=3)), max(end - timedelta(minutes=3), begin))

    def soon(self, at: datetime, days: int) -> datetime:
        """Some office hour within so many days after a moment, yesterday at the latest."""
        return self.between(at, min(at + timedelta(days=days), max(self.last, at)))


def owner_of(life: Life) -> str:
    """Who has it now."""
    return next(value for _at, _actor, name, value, _reason in reversed(life.events) if name == "owner")


def manager_of(login: str) -> str:
    return MANAGER[TEAM[login]]


def is_open(life: Life) -> bool:
    return life.stage in story.OPEN


def closed_on(life: Life) -> date | None:
    """The day of the present closing, None while it is open."""
    if is_open(life):
        return None
    return [at for at, _actor, name, *_rest in life.events if name == "stage"][-1].date()


def stays(life: Life, last: datetime) -> Iterator[Stay]:
    """Its open stages one after another, the present one until `last`."""
    moves = [(at, value) for at, _actor, name, value, _reason in life.events if name == "stage"]
    for number, (at, stage) in enumerate(moves):
        end, after = moves[number + 1] if number + 1 < len(moves) else (max(last, at), "")
        if stage in story.OPEN:
            yield Stay(stage, at, end, after)


def cells(columns: list[str], row: dict[str, Any]) -> list[Any]:
    """A row in the order of its columns, moments and days as text, what it lacks empty."""
    values = (row.get(name, "") for name in columns)
    return [value.isoformat() if hasattr(value, "isoformat") else value for value in values]
