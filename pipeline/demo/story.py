"""The lives of the demo company's opportunities: one pass of chance from a fixed seed, walked day by day."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline.demo import names

SEED = 8848
ZONE = ZoneInfo("Asia/Shanghai")
DAYS = 730
OPPORTUNITIES = 300
OPEN = ["discover", "validate", "cocreate", "decide", "lock"]
ADVANCE = {"discover": 0.74, "validate": 0.72, "cocreate": 0.66, "decide": 0.82, "lock": 0.92}
MEDIAN_DAYS = {"discover": 30, "validate": 38, "cocreate": 48, "decide": 50, "lock": 42}
STUCK_SINCE = 240  # days: solutions drag on since then, which is the bulge that the funnel shows
REPS = [login for login, _name, role, _team in names.PEOPLE if role == "rep"]
SPEED = {"lin": 0.8, "zhou": 0.85, "xu": 1.0, "gao": 1.7, "he": 1.0, "liang": 1.25, "song": 0.95, "tang": 1.1}
DISCIPLINE = {"lin": 0.9, "zhou": 0.95, "xu": 0.8, "gao": 0.35, "he": 0.7, "liang": 0.5, "song": 0.85, "tang": 0.65}
OPTIMISM = {"liang": 1.35, "gao": 1.15}  # moves ahead of what the customer has said, then loses late


@dataclass
class Life:
    """One opportunity and its changes: (moment, actor, field, value, reason)."""

    key: str
    customer: int
    product: str
    owner: str
    title: str
    source: str
    created_at: datetime
    category: str = "pipeline"
    signed_on: date | None = None
    competitor: str = ""
    unproven_from: str = ""  # moved past the gate from this stage
    amount: int = 0  # whole 万
    close: date | None = None
    stage: str = "discover"
    events: list[tuple[datetime, str, str, str, str]] = field(default_factory=list)

    def change(self, at: datetime, name: str, value: str, reason: str = "") -> None:
        self.events.append((at, self.owner, name, value, reason))


class Chance:
    """Draws that read like the words of the story."""

    def __init__(self, today: date) -> None:
        self.random = random.Random(SEED)  # noqa: S311
        self.today = today
        self.last = today - timedelta(days=1)
        self.customers = {
            team: [i for i, row in enumerate(names.CUSTOMERS) if row[3] == team] for team in ("east", "south", "north")
        }
        self.team = {login: team for login, _name, _role, team in names.PEOPLE}

    def moment(self, day: date) -> datetime:
        """A moment in office hours, on the working day at or before this one."""
        while day.weekday() >= 5:
            day -= timedelta(days=1)
        minutes = self.random.randrange(0, 570)
        return datetime.combine(day, time(8, 40), ZONE) + timedelta(minutes=minutes, seconds=self.random.randrange(60))

    def length(self, median: float) -> int:
        return max(1, round(self.random.lognormvariate(0, 0.55) * median))

    def happens(self, share: float) -> bool:
        return self.random.random() < share


def lives(today: date) -> list[Life]:
    """About 300 opportunities of the two years before `today`, in the order of their creation."""
    chance = Chance(today)
    first = today - timedelta(days=DAYS)
    days = sorted(chance.random.randrange(DAYS - 2) for _ in range(OPPORTUNITIES))
    return [_live(chance, number, first + timedelta(days=day)) for number, day in enumerate(days, start=1)]


def _live(chance: Chance, number: int, day: date) -> Life:
    owner = chance.random.choice(REPS)
    places = chance.customers[chance.team[owner]]
    customer = chance.random.choices(places, weights=[names.CUSTOMERS[i][5] for i in places])[0]
    product = chance.random.choices(names.PRODUCTS, weights=[row[4] for row in names.PRODUCTS])[0][0]
    project = chance.random.choice(names.PROJECTS[product])
    gap = " " if project[0].isascii() else ""
    life = Life(
        key=f"D{number:04d}", customer=customer, product=product, owner=owner,
        title=f"{chance.random.choice(names.SITES)}{gap}{project}", source=chance.random.choice(names.SOURCES),
        created_at=chance.moment(day),
    )  # fmt: skip
    _begin(chance, life)
    _walk(chance, life)
    return life


def _begin(chance: Chance, life: Life) -> None:
    size = chance.random.lognormvariate(0, 0.8) * (90 if life.product in ("wms", "service", "conveyor") else 520)
    life.amount = max(20, round(size / 10) * 10)
    life.close = life.created_at.date() + timedelta(days=chance.random.randrange(140, 320))
    life.change(life.created_at, "stage", "discover")
    life.change(life.created_at, "owner", life.owner)
    if not chance.happens(0.04):
        life.change(life.created_at, "amount", str(life.amount * 10_000))
    life.change(life.created_at, "expected_close", life.close.isoformat())
    _plan_step(chance, life, life.created_at)


def _walk(chance: Chance, life: Life) -> None:
    day = life.created_at.date()
    while life.stage in OPEN:
        stay = _stay(chance, life)
        until = day + timedelta(days=stay)
        _keep_current(chance, life, day, min(until, chance.last))
        if until > chance.last:
            _prepare_monday(chance, life)
            return
        at = max(chance.moment(until), life.events[-1][0] + timedelta(minutes=7))
        _leave_stage(chance, life, at)
        day = max(until, life.events[-1][0].date())


def _stay(chance: Chance, life: Life) -> int:
    median = MEDIAN_DAYS[life.stage] * SPEED[life.owner]
    if life.stage == "cocreate" and (chance.today - life.created_at.date()).days < STUCK_SINCE:
        median *= 2.4
    return chance.length(median)


def _leave_stage(chance: Chance, life: Life, at: datetime) -> None:
    forward = ADVANCE[life.stage] * OPTIMISM.get(life.owner, 1.0) if life.stage in OPEN[:3] else ADVANCE[life.stage]
    if life.owner in OPTIMISM and life.stage in ("decide", "lock"):
        forward -= 0.25
    position = OPEN.index(life.stage)
    if position and chance.happens(0.06):
        _move(life, at, OPEN[position - 1], chance.random.choice(names.BACKWARD_REASONS))
    elif not chance.happens(forward):
        _lose(chance, life, at)
    elif life.stage == "lock":
        _win(chance, life, at)
    else:
        _move(life, at, OPEN[min(position + (2 if chance.happens(0.05) else 1), 4)])
        _reconsider_amount(chance, life, at)
    if life.stage in OPEN:
        _plan_step(chance, life, max(at, life.events[-1][0]))


def _move(life: Life, at: datetime, stage: str, reason: str = "") -> None:
    life.stage = stage
    life.change(at, "stage", stage, reason)
    if stage in ("decide", "lock"):
        life.category = "commit" if stage == "lock" else "best_case"


def _win(chance: Chance, life: Life, at: datetime) -> None:
    if chance.happens(0.3):
        life.amount = max(10, round(life.amount * chance.random.uniform(0.88, 1.02)))
        life.change(at, "amount", str(life.amount * 10_000))
    _move(life, at, "won")
    life.signed_on = at.date() - timedelta(days=chance.random.randrange(0, 4))


def _lose(chance: Chance, life: Life, at: datetime) -> None:
    early = life.stage in ("discover", "validate")
    outcome = chance.random.choices(["lost", "no_decision", "no_go"], weights=[2, 5, 3] if early else [6, 3, 1])[0]
    reasons = {"lost": names.LOST_REASONS, "no_decision": names.NO_DECISION_REASONS, "no_go": names.NO_GO_REASONS}
    before = life.stage
    _move(life, at, outcome, chance.random.choice(reasons[outcome]))
    back = at.date() + timedelta(days=chance.random.randrange(15, 70))
    if chance.happens(0.07) and back < chance.last:
        _move(life, chance.moment(back), before, "客户重启项目")
    elif outcome == "lost":
        life.competitor = chance.random.choice(names.COMPETITORS)


def _reconsider_amount(chance: Chance, life: Life, at: datetime) -> None:
    if chance.happens(0.35):
        life.amount = max(10, round(life.amount * chance.random.uniform(0.72, 1.25) / 10) * 10)
        life.change(at, "amount", str(life.amount * 10_000))


def _plan_step(chance: Chance, life: Life, at: datetime) -> None:
    if not chance.happens(DISCIPLINE[life.owner] + 0.1):
        if at != life.created_at and chance.happens(0.4):  # the old step is done, no new one is named
            life.change(at, "next_step", "")
            life.change(at, "next_step_due", "")
        return
    due = at.date() + timedelta(days=chance.random.randrange(3, 15))
    life.change(at, "next_step", chance.random.choice(names.NEXT_STEPS[life.stage]))
    life.change(at, "next_step_due", due.isoformat())


def _keep_current(chance: Chance, life: Life, first: date, last: date) -> None:
    """While it stays in a stage: next steps renewed as the owner's discipline goes, the expected close pushed."""
    for day in _visits(chance, first, last):
        at = max(chance.moment(day), life.events[-1][0] + timedelta(minutes=11))
        if at.date() > chance.last:
            return
        assert life.close is not None
        if life.close < day + timedelta(days=14) and chance.happens(DISCIPLINE[life.owner]):
            life.close = max(life.close, day) + timedelta(days=chance.random.randrange(21, 75))
            life.change(at, "expected_close", life.close.isoformat())
        if chance.happens(DISCIPLINE[life.owner]):
            _plan_step(chance, life, at)


def _prepare_monday(chance: Chance, life: Life) -> None:
    """Who keeps their deals current has looked at an open one in the last days."""
    at = chance.moment(chance.last - timedelta(days=chance.random.randrange(0, 7)))
    if at > life.events[-1][0] and chance.happens(DISCIPLINE[life.owner]):
        due = at.date() + timedelta(days=chance.random.randrange(2, 16))
        life.change(at, "next_step", chance.random.choice(names.NEXT_STEPS[life.stage]))
        life.change(at, "next_step_due", due.isoformat())


def _visits(chance: Chance, first: date, last: date) -> Iterator[date]:
    day = first + timedelta(days=chance.random.randrange(8, 16))
    while day < last:
        yield day
        day += timedelta(days=chance.random.randrange(8, 18))
