"""How the demo company treats its customers: assessments, tiers, contracts, NPS, account plans, target customers."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from pipeline.demo import names, words_of_accounts
from pipeline.demo.ground import Ground, cells, manager_of
from pipeline.demo.story import ZONE

ASSESSMENT_COLUMNS = [
    "customer", "assessed_at", "assessed_by", "scores", "notes", "negative_margin", "payment_days_late", "tier",
    "override_reason", "overridden_by", "overridden_at",
]  # fmt: skip
CONTRACT_COLUMNS = ["key", "customer", "amount", "starts_on", "ends_on", "renewed_by", "title"]
PLAN_COLUMNS = [
    "key", "customer", "year", "strategy_now", "strategy_later", "our_match", "goals_short", "goals_long", "risks",
    "our_leader", "their_leader", "share_now", "share_aimed", "confirmed_on",
]  # fmt: skip
LINE_COLUMNS = [
    "key", "plan", "strategy", "our_match", "revenue", "revenue_next", "revenue_third", "milestone", "milestone_due",
    "state",
]  # fmt: skip
ACTION_COLUMNS = ["key", "plan", "action", "owner", "contact", "due_on", "state", "their_state", "result"]
SCORES = {  # sales, margin, growth, potential, credit, goals, openness
    "5A": (5, 4, 5, 5, 4, 4, 5), "4A": (4, 4, 3, 4, 4, 4, 3), "3A": (3, 3, 3, 3, 4, 2, 3), "2A": (1, 3, 2, 4, 2, 3, 4),
    "1A": (1, 2, 1, 1, 3, 1, 1),
}  # fmt: skip
CRITERIA = ("sales", "margin", "growth", "potential", "credit", "goals", "openness")
LATE_PAYER, OVERRULED = 2, 6  # places in names.CUSTOMERS: pays too late for its points; a 3A, lifted by its manager
UNITS = ("南京", "襄阳", "天津", "总部")


def tables(
    today: date, owners: list[str], contacts: list[list[Any]], shares: dict[str, int]
) -> dict[str, tuple[list[str], Any]]:
    """Every file of what hangs on customers, as (columns, rows); `shares`: of their spend, in percent."""
    at = {salt: Ground(today, contacts, salt) for salt in range(8, 14)}
    return {
        "customer_tiers": (["customer", "at", "tier"], list(_tiers(today))),
        "customer_assessments": (ASSESSMENT_COLUMNS, list(_assessments(at[8], owners))),
        "contracts": (CONTRACT_COLUMNS, list(_contracts(at[9]))),
        "nps": (["key", "customer", "contact", "score", "answered_on", "comment"], list(_nps(at[10], contacts))),
        "suppliers": (["key", "customer", "name", "annual_amount"], list(_suppliers(at[11]))),
        "customer_units": (["key", "customer", "name"], list(_units())),
        "coverage": (["unit", "product", "state", "supplier"], list(_coverage(at[12]))),
        "account_plans": (PLAN_COLUMNS, list(_plans(at[13], owners, shares))),
        "account_plan_lines": (LINE_COLUMNS, list(_lines(at[13]))),
        "joint_actions": (ACTION_COLUMNS, list(_actions(at[13], owners))),
        "ideal_profiles": (["key", "name", "line"], words_of_accounts.PROFILES),
        "profile_criteria": (["profile", "position", "kind", "value", "weight"], words_of_accounts.CRITERIA),
        "target_customers": (
            ["profile", "customer", "owner", "next_step", "next_step_due", "state"], list(_targets(at[13], owners)),
        ),
    }  # fmt: skip


def _each(*tiers: str) -> Iterator[tuple[int, str, str, int]]:
    """(place, key, tier, yearly spend in 万) of the customers of these tiers, or of all."""
    for place, (_name, _industry, _region, _team, tier, spend) in enumerate(names.CUSTOMERS):
        if not tiers or tier in tiers:
            yield place, f"C{place:03d}", tier, spend


def first_tier(place: int, tier: str) -> str:
    """What a customer was taken for before it was assessed: some have risen since, some have fallen."""
    if not _is_assessed(place, tier):
        return tier
    order = ["1A", "2A", "3A", "4A", "5A"]
    step = {1: -1, 3: 1}.get(place % 7, 0)
    return order[min(max(order.index(tier) + step, 0), 4)]


def _assessed_on(today: date, place: int) -> datetime:
    days = 8 + (place * 37) % 120  # some are due again
    return datetime.combine(today - timedelta(days=days), time(16, 20), ZONE)


def _is_assessed(place: int, tier: str) -> bool:
    return tier != "1A" and place % 9 != 8


def _tiers(today: date) -> Iterator[list[Any]]:
    for place, key, tier, _spend in _each():
        if _is_assessed(place, tier):
            yield [key, _assessed_on(today, place).isoformat(), _computed(place, tier)]
            if place == OVERRULED:
                yield [key, (_assessed_on(today, place) + timedelta(hours=18)).isoformat(), tier]


def _computed(place: int, tier: str) -> str:
    return {LATE_PAYER: "2A", OVERRULED: "3A"}.get(place, tier)


def _assessments(ground: Ground, owners: list[str]) -> Iterator[list[Any]]:
    for place, key, tier, _spend in _each():
        if not _is_assessed(place, tier):
            continue
        at, scored = _assessed_on(ground.today, place), "3A" if place == OVERRULED else tier
        row = {
            "customer": key, "assessed_at": at, "assessed_by": owners[place], "negative_margin": "false",
            "scores": " ".join(f"{name}:{score}" for name, score in zip(CRITERIA, SCORES[scored], strict=True)),
            "notes": json.dumps(ground.one_of(words_of_accounts.NOTES), ensure_ascii=False),
            "payment_days_late": 97 if place == LATE_PAYER else ground.one_of([0, 0, 12, 20, 35]), "tier": tier,
        }  # fmt: skip
        row["tier"] = _computed(place, tier)
        if place == OVERRULED:
            overruled = {"overridden_by": manager_of(owners[place]), "overridden_at": at + timedelta(hours=18)}
            row |= {"tier": tier, "override_reason": words_of_accounts.OVERRIDE, **overruled}
        yield cells(ASSESSMENT_COLUMNS, row)


def _contracts(ground: Ground) -> Iterator[list[Any]]:
    for place, key, _tier, spend in _each("5A", "4A", "3A"):
        ends = ground.today + timedelta(days=(place * 53) % 330 - 25)
        starts = ends.replace(year=ends.year - 1) + timedelta(days=1)
        amount = f"{round(spend * ground.random.uniform(0.02, 0.06)) * 10_000}.00"
        title = ground.one_of(words_of_accounts.CONTRACTS)
        if place % 3 == 0:
            before = starts - timedelta(days=1)
            yield [f"K{place:03d}a", key, amount, before.replace(year=before.year - 1), before, f"K{place:03d}", title]
        yield [f"K{place:03d}", key, amount, starts, ends, "", title]


def _nps(ground: Ground, contacts: list[list[Any]]) -> Iterator[list[Any]]:
    for contact, customer, *_rest in contacts:
        if ground.happens(0.45):
            score = ground.random.choices([10, 9, 8, 7, 6, 4], weights=[4, 5, 5, 3, 2, 1])[0]
            day = ground.today - timedelta(days=ground.random.randrange(5, 420))
            comment = words_of_accounts.NPS["high" if score > 8 else "low" if score < 7 else "middle"]
            yield [f"N{contact}", customer, contact, score, day, comment if ground.happens(0.6) else ""]


def _suppliers(ground: Ground) -> Iterator[list[Any]]:
    for place, key, _tier, spend in _each("5A", "4A", "3A"):
        for number, (name, share) in enumerate(
            zip(ground.random.sample(names.COMPETITORS, 2), (0.33, 0.17), strict=True)
        ):
            yield [
                f"L{place:03d}{number}",
                key,
                name,
                f"{round(spend * share * ground.random.uniform(0.6, 1.1)) * 10_000}.00",
            ]


def _units() -> Iterator[list[Any]]:
    for place, key, tier, _spend in _each("5A", "4A"):
        for number, name in enumerate(UNITS[: 3 if tier == "5A" else 2]):
            yield [f"U{place:03d}{number}", key, name]


def _coverage(ground: Ground) -> Iterator[list[Any]]:
    for unit, *_rest in _units():
        for product in ("asrs", "agv", "wms", "service"):
            state = ground.one_of(["ours", "ours", "pursued", "others", ""])
            if state:
                yield [unit, product, state, ground.one_of(names.COMPETITORS) if state == "others" else ""]


def _with_plan() -> Iterator[tuple[int, str, str, int]]:
    return (each for each in _each("5A", "4A") if each[0] % 5 != 4)


def _plans(ground: Ground, owners: list[str], shares: dict[str, int]) -> Iterator[list[Any]]:
    for place, key, _tier, _spend in _with_plan():
        leader = next((contact for contact, role in ground.contacts[key] if role == "decision_maker"), "")
        guessed = ground.random.randrange(15, 35)
        now = shares.get(key, guessed)
        row = {
            "key": f"AP{place:03d}", "customer": key, "year": ground.today.year,
            **ground.one_of(words_of_accounts.PLANS),
            "our_leader": owners[place], "their_leader": leader, "share_now": now, "share_aimed": now + 12,
            "confirmed_on": ground.today - timedelta(days=ground.random.randrange(20, 200)),
        }  # fmt: skip
        yield cells(PLAN_COLUMNS, row)


def _lines(ground: Ground) -> Iterator[list[Any]]:
    for place, _key, _tier, spend in _with_plan():
        for number, (strategy, match, milestone) in enumerate(ground.random.sample(words_of_accounts.LINES, 3)):
            revenue = [round(spend * ground.random.uniform(0.03, 0.12)) * 10_000 for _year in range(3)]
            due = ground.today + timedelta(days=ground.random.randrange(-15, 90))
            state = ground.one_of(["on_track", "on_track", "at_risk", "waiting"])
            yield [f"AL{place:03d}{number}", f"AP{place:03d}", strategy, match, *revenue, milestone, due, state]


def _actions(ground: Ground, owners: list[str]) -> Iterator[list[Any]]:
    for place, key, _tier, _spend in _with_plan():
        for number, action in enumerate(ground.random.sample(words_of_accounts.ACTIONS, 3)):
            due = ground.today + timedelta(days=ground.random.randrange(-40, 60))
            done = due < ground.today and ground.happens(0.7)
            state = "done" if done else "open"
            result = words_of_accounts.RESULT if done else ""
            contact = ground.one_of(ground.contacts[key])[0]
            yield [
                f"AJ{place:03d}{number}",
                f"AP{place:03d}",
                action,
                owners[place],
                contact,
                due,
                state,
                state,
                result,
            ]


def _targets(ground: Ground, owners: list[str]) -> Iterator[list[Any]]:
    for place, key, _tier, _spend in _each("2A"):
        due = ground.today + timedelta(days=ground.random.randrange(-5, 30))
        profile = words_of_accounts.PROFILES[place % len(words_of_accounts.PROFILES)][0]
        yield [profile, key, owners[place], ground.one_of(words_of_accounts.FIRST_STEPS), due, "open"]
