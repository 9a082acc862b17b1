"""The demo company as a workspace in the interchange format."""

import csv
import random
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from opportunities.models import Stage
from pipeline.demo import accounts, climb, names, plans, sheets, story
from pipeline.demo.ground import Ground, cells
from pipeline.demo.story import ZONE, Life

DAYS_OF_ORDERS = 1000
Table = tuple[list[str], Iterable[Any]]
STAGE_COLUMNS = ["key", "name_zh", "name_en", "position", "win_rate", "outcome", "floor", "expected_days"]
CUSTOMER_COLUMNS = [
    "key", "name", "industry", "region", "owner", "created_on", "annual_spend", "tier", "team", "parent",
]  # fmt: skip
CONTACT_COLUMNS = [
    "key", "customer", "name", "title", "department", "email", "phone", "buying_role", "influence", "stance",
]  # fmt: skip
OPPORTUNITY_COLUMNS = [
    "key", "customer", "title", "product", "source", "created_at", "created_by", "forecast_category", "signed_on",
    "competitor", "unproven_from",
]  # fmt: skip
PEOPLE = {  # columns that name people; `key` of users and `value` of owners too
    "user", "owner", "actor", "created_by", "recorded_by", "confirmed_by", "withdrawn_by", "veto_plan_owner",
    "decided_by", "updated_by", "coached_by", "assessed_by", "overridden_by", "our_leader",
}  # fmt: skip


def write_workspace(folder: Path, today: date, logins: dict[str, str] | None = None) -> None:
    """Write the CSV files of the demo company, as it stands on the morning of `today`, into `folder`.

    `logins` is {login in the story: login here} for those who are called otherwise.
    """
    for name, (header, rows) in {**_company(today), **_business(today)}.items():
        columns = PEOPLE | {"users": {"key"}, "opportunity_events": {"value"}}.get(name, set())
        named = {place for place, column in enumerate(header) if column in columns}
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(header)
            for row in rows:
                writer.writerow([_called(cell, logins) if at in named else cell for at, cell in enumerate(row)])


def _called(login: Any, logins: dict[str, str] | None) -> Any:
    return (logins or {}).get(login, login)


def _company(today: date) -> dict[str, Table]:
    """The company itself: its people, one of whom has changed teams, its stages as shipped, its products."""
    moved = datetime.combine(today - timedelta(days=150), time(9), ZONE)
    people = [[k, n, f"{k}@ascent.example", r, "south" if k == "song" else t] for k, n, r, t in names.PEOPLE]
    products = [[k, n, line, str(core).lower(), "true"] for k, n, line, core, _weight in names.PRODUCTS]
    return {
        "organisation": (
            ["name", "industry", "currency", "timezone", "fiscal_year_start_month"],
            [[names.ORGANISATION, "manufacturing", "CNY", "Asia/Shanghai", 1]],
        ),
        "teams": (["key", "name", "parent"], names.TEAMS),
        "users": (["key", "name", "email", "role", "team"], people),
        "user_teams": (["user", "at", "team"], [["song", moved.isoformat(), "north"]]),
        "stages": (STAGE_COLUMNS, Stage.objects.in_use().values_list(*STAGE_COLUMNS)),
        "products": (["key", "name", "line", "is_core", "active"], products),
    }


def _business(today: date) -> dict[str, Table]:
    """What it does with whom: customers, contacts, two years of opportunities, orders."""
    chance = random.Random(story.SEED + 1)  # noqa: S311
    lives = story.lives(today)
    owners = _customer_owners(chance)
    handovers = _hand_over(chance, lives, today)
    orders = _orders(chance, lives, owners, today)
    contacts = _contacts(chance)
    bought = _bought(orders, today)
    customers = _customers(owners, today, bought)
    proof = _evidence(today, lives, contacts)  # before the opportunities' rows: some are moved past the gate
    events = [[life.key, at.isoformat(), *rest] for life in lives for at, *rest in life.events]
    return {
        "customers": (CUSTOMER_COLUMNS, customers),
        "contacts": (CONTACT_COLUMNS, contacts),
        "opportunities": (OPPORTUNITY_COLUMNS, [_opportunity(life) for life in lives]),
        "opportunity_events": (["opportunity", "at", "actor", "field", "value", "reason"], events),
        "collaborators": (["opportunity", "user"], _collaborators(chance, lives, handovers)),
        "orders": (["key", "customer", "product", "owner", "amount", "booked_on"], orders),
        **proof,
        **accounts.tables(today, owners, contacts, _shares(customers, bought)),
    }


def _evidence(today: date, lives: list[Life], contacts: list[list[Any]]) -> dict[str, Table]:
    """What was proven, done and planned: each part draws its own chance, so that none shifts another."""
    climbed = climb.climbs(Ground(today, contacts, 2), lives)
    done = sheets.activities(Ground(today, contacts, 3), [each.life for each in climbed])
    climb.rest_on_visits(climbed, done)
    with_whom = [[row["key"], contact] for row in done for contact in row["contacts"]]
    people, plan, decided, played = (Ground(today, contacts, salt) for salt in (4, 5, 6, 7))
    return {
        "checkpoints": (climb.RECORD_COLUMNS, climb.records_of(climbed)),
        "grade_changes": (climb.LOWERED_COLUMNS, climb.lowered_of(climbed)),
        "activities": (sheets.ACTIVITY_COLUMNS, [cells(sheets.ACTIVITY_COLUMNS, row) for row in done]),
        "activity_contacts": (["activity", "contact"], with_whom),
        "stakeholders": (plans.PERSON_COLUMNS, plans.people(people, climbed)),
        "joint_plan": (plans.TASK_COLUMNS, plans.tasks(plan, climbed)),
        "decisions": (plans.DECISION_COLUMNS, plans.decisions(decided, climbed)),
        "strategy": (plans.SHEET_COLUMNS, plans.sheets(played, climbed)),
        "competitors": (plans.COMPETITOR_COLUMNS, plans.competitors(played, climbed)),
    }


def _customer_owners(chance: random.Random) -> list[str]:
    reps = {team: [k for k, _n, role, t in names.PEOPLE if role == "rep" and t == team] for team in
            ("east", "south", "north")}  # fmt: skip
    return [chance.choice(reps[row[3]]) for row in names.CUSTOMERS]


def _customers(owners: list[str], today: date, bought: Counter[str]) -> list[list[Any]]:
    since = today - timedelta(days=1500)
    return [
        [f"C{i:03d}", name, industry, region, owners[i], (since + timedelta(days=23 * i)).isoformat(),
         max(spend * 10_000, bought[f"C{i:03d}"] * 4 // 3), accounts.first_tier(i, tier), team, _parent(name)]
        for i, (name, industry, region, team, tier, spend) in enumerate(names.CUSTOMERS)
    ]  # fmt: skip


def _shares(customers: list[list[Any]], bought: Counter[str]) -> dict[str, int]:
    """Of each customer that bought the share of its yearly spend, in percent."""
    spend = CUSTOMER_COLUMNS.index("annual_spend")
    return {row[0]: round(100 * bought[row[0]] / row[spend]) for row in customers if bought[row[0]]}


def _parent(name: str) -> str:
    """The key of the customer to which one belongs; empty where it stands alone."""
    known = [row[0] for row in names.CUSTOMERS]
    return f"C{known.index(names.PARENTS[name]):03d}" if name in names.PARENTS else ""


def _bought(orders: list[list[Any]], today: date) -> Counter[str]:
    """What each customer ordered within a year: it spends more than that, also with others."""
    bought: Counter[str] = Counter()
    for _key, customer, _product, _owner, amount, booked_on in orders:
        if date.fromisoformat(booked_on) > today - timedelta(days=366):
            bought[customer] += int(float(amount))
    return bought


def _contacts(chance: random.Random) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for i, (_name, _industry, _region, _team, tier, _spend) in enumerate(names.CUSTOMERS):
        known = {"5A": 6, "4A": 5, "3A": 4, "2A": 2, "1A": 1}[tier]
        for role, title, department, influence in chance.sample(names.CONTACT_ROLES, known):
            name = chance.choice(names.SURNAMES) + chance.choice(names.GIVEN)
            key = f"P{i:03d}{role[:2]}{len(rows)}"
            phone = f"138{chance.randrange(10**8):08d}"
            stance = chance.choice([-1, 0, 0, 1, 1, 2])
            email = f"{key.lower()}@c{i:03d}.customer.example"
            rows.append([key, f"C{i:03d}", name, title, department, email, phone, role, influence, stance])
    return rows


def _opportunity(life: Life) -> list[Any]:
    closed = life.stage not in story.OPEN
    return [
        life.key, f"C{life.customer:03d}", life.title, life.product, life.source, life.created_at.isoformat(),
        life.events[0][1], life.category, life.signed_on or "" if closed else "", life.competitor if closed else "",
        life.unproven_from,
    ]  # fmt: skip


def _hand_over(chance: random.Random, lives: list[Life], today: date) -> dict[str, str]:
    """Some opportunities change hands inside their team: {key: former owner}."""
    team = {login: t for login, _name, _role, t in names.PEOPLE}
    manager = {"east": "shen", "south": "chen", "north": "chen"}
    moved: dict[str, str] = {}
    for life in chance.sample(lives, 18):
        mates = [rep for rep in story.REPS if team[rep] == team[life.owner] and rep != life.owner]
        day = life.events[-1][0] + timedelta(hours=20)
        if not mates or day.date() >= today:
            continue
        moved[life.key] = life.owner
        life.events.append((day, manager[team[life.owner]], "owner", chance.choice(mates), ""))
    return moved


def _collaborators(chance: random.Random, lives: list[Life], handovers: dict[str, str]) -> list[list[str]]:
    still_open = [life for life in lives if life.stage in story.OPEN and life.key not in handovers]
    pairs = []
    for life in chance.sample(still_open, min(25, len(still_open))):
        pairs.append([life.key, chance.choice([rep for rep in story.REPS if rep != life.owner])])
    return pairs


def _orders(chance: random.Random, lives: list[Life], owners: list[str], today: date) -> list[list[Any]]:
    rows = [
        [f"W{life.key}", f"C{life.customer:03d}", life.product, life.owner, f"{life.amount * 10_000}.00",
         life.signed_on.isoformat()]
        for life in lives if life.stage == "won" and life.signed_on
    ]  # fmt: skip
    for i, row in enumerate(names.CUSTOMERS):
        rhythm = {"5A": 45, "4A": 60, "3A": 90, "2A": 150, "1A": 300}[row[4]]
        day = today - timedelta(days=DAYS_OF_ORDERS - chance.randrange(rhythm))
        while day < today:
            amount = round(row[5] * chance.uniform(0.005, 0.03)) * 10_000
            product = chance.choice(["service", "wms", "conveyor"])
            rows.append([f"R{i:03d}-{day:%y%m%d}", f"C{i:03d}", product, owners[i], f"{amount}.00", day.isoformat()])
            day += timedelta(days=chance.randrange(rhythm // 2, rhythm + rhythm // 2))
    return rows
