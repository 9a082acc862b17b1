"""How the demo company means to win: people with their stances, decisions, strategy sheets, joint plans."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from opportunities.models import SuccessFactor
from pipeline.demo import names, words
from pipeline.demo.climb import Climb, Kind
from pipeline.demo.ground import Ground, cells, is_open, manager_of, owner_of, stays
from pipeline.demo.story import Life

PERSON_COLUMNS = [
    "key", "opportunity", "contact", "role_title", "buying_role", "influence", "stance", "decision_style", "goal",
    "goal_value", "goal_on", "gains", "threats", "may_veto", "veto_state", "veto_plan", "veto_plan_owner",
]  # fmt: skip
DECISION_COLUMNS = [
    "key", "opportunity", "decision", "is_real", "can_win", "worth_it", "cost_of_losing", "reason", "look_again_if",
    "look_again_on", "decided_by", "decided_at",
]  # fmt: skip
SHEET_COLUMNS = [
    "opportunity", "sales_theme", "buying_factors", "price", "price_note", "success_factors", "missing_information",
    "resources", "updated_at", "updated_by",
]  # fmt: skip
COMPETITOR_COLUMNS = ["key", "opportunity", "name", "strength", "counter"]
TASK_COLUMNS = ["key", "opportunity", "side", "title", "owner", "contact", "due_on", "done_on"]
INFLUENCE = {role: influence for role, _title, _department, influence in names.CONTACT_ROLES}
TITLE = {role: title for role, title, _department, _influence in names.CONTACT_ROLES}
STYLES = ["analytical", "driving", "amiable", "expressive"]


def people(ground: Ground, climbs: list[Climb]) -> Iterator[list[Any]]:
    """Rows of stakeholders.csv: from Validate on, whoever the customer has; the decision maker is known to be there."""
    for climb in climbs:
        life = climb.life
        if not is_open(life) or life.stage == "discover":
            continue
        known = ground.contacts[f"C{life.customer:03d}"]
        for number, (contact, role) in enumerate(known, start=1):
            yield _person(ground, climb, f"S{life.key}-{number}", contact, role)
        if "decision_maker" not in {role for _contact, role in known}:
            gap = {"role_title": TITLE["decision_maker"], "buying_role": "decision_maker", "influence": 5, "stance": 0}
            yield cells(PERSON_COLUMNS, {"key": f"S{life.key}-0", "opportunity": life.key, **gap})


def _person(ground: Ground, climb: Climb, key: str, contact: str, role: str) -> list[Any]:
    goal, measure, gains, threats = words.GOALS[role]
    lean = [1, 1, 2, 2, 0] if climb.kind is Kind.PROVEN else [-1, 0, 0, 1, 2]
    row = {
        "key": key, "opportunity": climb.life.key, "contact": contact, "buying_role": role,
        "influence": INFLUENCE[role], "stance": ground.one_of(lean), "decision_style": ground.one_of(STYLES),
        "goal": goal, "goal_value": measure, "gains": gains, "threats": threats,
        "goal_on": ground.today + timedelta(days=ground.random.randrange(90, 400)),
    }  # fmt: skip
    if role in ("technical_veto", "approver"):
        row |= _veto(ground, climb)
    return cells(PERSON_COLUMNS, row)


def _veto(ground: Ground, climb: Climb) -> dict[str, Any]:
    late, proven = climb.life.stage in ("decide", "lock"), climb.kind is Kind.PROVEN
    states = ["consented", "consented", "talked_to", "opposed"] if late else ["identified", "talked_to", "opposed"]
    state = ground.one_of(states)
    row: dict[str, Any] = {"may_veto": "true", "veto_state": state}
    if state == "opposed":
        row["stance"] = -1 if ground.happens(0.6) else -2
        if proven or ground.happens(0.4):
            row |= {"veto_plan": ground.one_of(words.VETO_PLANS), "veto_plan_owner": owner_of(climb.life)}
    return row


def decisions(ground: Ground, climbs: list[Climb]) -> Iterator[list[Any]]:
    """Rows of decisions.csv: Go before Co-create is left, No-Go before it is given up; some are still owed."""
    for climb in climbs:
        for number, stay in enumerate(stays(climb.life, ground.last), start=1):
            if stay.end <= ground.begun:
                continue
            forward = stay.stage == "cocreate" and stay.after in ("decide", "lock", "won")
            thought_over = stay.stage == "cocreate" and not stay.after and ground.happens(0.3)
            if (forward and climb.kind is not Kind.HOLLOW) or thought_over or stay.after == "no_go":
                row = _decision(ground, climb.life, "no_go" if stay.after == "no_go" else "go")
                at = ground.between(max(stay.begin, ground.begun), stay.end)
                yield cells(DECISION_COLUMNS, {"key": f"G{climb.life.key}-{number}", **row, "decided_at": at})


def _decision(ground: Ground, life: Life, decision: str) -> dict[str, Any]:
    row = {"opportunity": life.key, "decision": decision, "decided_by": manager_of(life.owner)}
    if decision == "no_go":
        return {**row, "is_real": words.GO["is_real"], "reason": ground.one_of(names.NO_GO_REASONS)}
    again = ground.today + timedelta(days=ground.random.randrange(20, 90)) if is_open(life) else ""
    return {
        **row, **words.GO, "reason": ground.one_of(words.GO_REASONS), "look_again_if": ground.one_of(words.LOOK_AGAIN),
        "look_again_on": again,
    }  # fmt: skip


def sheets(ground: Ground, climbs: list[Climb]) -> Iterator[list[Any]]:
    """Rows of strategy.csv: most open ones from Co-create on."""
    for climb in _advanced(climbs):
        if not ground.happens(0.8):
            continue
        life, price = climb.life, round(climb.life.amount * 10_000 * ground.random.uniform(0.95, 1.08), -3)
        yield cells(SHEET_COLUMNS, {
            "opportunity": life.key, "sales_theme": ground.one_of(words.THEMES),
            "buying_factors": ground.one_of(words.BUYING_FACTORS), "price": f"{price:.0f}",
            "price_note": ground.one_of(words.PRICE_NOTES), "success_factors": _success_factors(ground, climb),
            "missing_information": ground.one_of(words.MISSING), "resources": ground.one_of(words.RESOURCES),
            "updated_at": ground.between(life.created_at, ground.last), "updated_by": owner_of(life),
        })  # fmt: skip


def _success_factors(ground: Ground, climb: Climb) -> str:
    lean = ["green", "green", "amber"] if climb.kind is Kind.PROVEN else ["green", "amber", "amber", "red"]
    rated = {}
    for name in SuccessFactor.values:
        if ground.happens(0.85):
            rating = ground.one_of(lean)
            rated[name] = {"rating": rating, "fact": ground.one_of(words.FACTS[rating])}
    return json.dumps(rated, ensure_ascii=False)


def competitors(ground: Ground, climbs: list[Climb]) -> Iterator[list[Any]]:
    """Rows of competitors.csv."""
    for climb in _advanced(climbs):
        chosen = ground.random.sample(names.COMPETITORS, ground.random.choice([0, 1, 1, 2]))
        for number, name in enumerate(chosen, start=1):
            facts = (ground.one_of(words.STRENGTHS), ground.one_of(words.COUNTERS))
            yield [f"R{climb.life.key}-{number}", climb.life.key, name, *facts]


def tasks(ground: Ground, climbs: list[Climb]) -> Iterator[list[Any]]:
    """Rows of joint_plan.csv: where a joint plan was drafted with the customer."""
    for climb in _advanced(climbs):
        if climb.heights["coordination"] < 3:
            continue
        begin = ground.today - timedelta(days=ground.random.randrange(30, 60))
        for number, (side, title) in enumerate(words.TASKS, start=1):
            due = begin + timedelta(days=number * 9)
            owner = {"owner": owner_of(climb.life)} if side == "ours" else {"contact": ground.contact(climb.life)}
            done = due + timedelta(days=ground.one_of([-2, -1, 0, 0, 0, 3]))
            yield cells(TASK_COLUMNS, {
                "key": f"J{climb.life.key}-{number}", "opportunity": climb.life.key, "side": side, "title": title,
                **owner, "due_on": due, "done_on": done if done < ground.today and ground.happens(0.85) else "",
            })  # fmt: skip


def _advanced(climbs: list[Climb]) -> list[Climb]:
    return [climb for climb in climbs if is_open(climb.life) and climb.life.stage in ("cocreate", "decide", "lock")]
