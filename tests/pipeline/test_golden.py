"""Small companies with their whole history, and the answers expected of them: imported, and exported and imported."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import transaction

from accounts.models import User
from pipeline.interchange import export_workspace
from pipeline.rules import BARS, EDGES
from tests.pipeline import naive
from tests.pipeline.interchange.workspaces import MINI, load, shared

QUESTIONS = {"case-a": 28, "case-b": 29}  # that are answered so far
COMPUTED = ("funnel", "waterfall", "waterfall/items", "dashboard")
OURS = {"opportunities/{id}/", *(f"pipeline/{name}/" for name in COMPUTED)}


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(datetime(2026, 11, 2, 3, 0, tzinfo=naive.ZoneInfo("UTC")), tick=False):
        yield


def reader(signed_in):
    user = User.objects.filter(role__in=("executive", "admin")).order_by("role").last()
    client = signed_in(user)

    def ask(endpoint: str, params: dict[str, Any]) -> Any:
        if "{id}" in endpoint:
            (row,) = ask("opportunities/", params)["results"]
            endpoint, params = endpoint.replace("{id}", str(row["id"])), {}
        answer = client.get(f"/api/v1/{endpoint}", params)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


def differences(found: Any, expected: Any, path: str = "") -> list[str]:
    """Where an answer is not the expected one; it may have more members."""
    if isinstance(expected, dict):
        missing = [f"{path}.{name}: missing" for name in expected if name not in found]
        return missing + [d for n in expected if n in found for d in differences(found[n], expected[n], f"{path}.{n}")]
    if isinstance(expected, list):
        if path.endswith("bulges"):
            found, expected = sorted(found), sorted(expected)
        if len(found) != len(expected):
            return [f"{path}: {len(found)} entries, not {len(expected)}"]
        pairs = enumerate(zip(found, expected, strict=True))
        return [d for number, (one, other) in pairs for d in differences(one, other, f"{path}[{number}]")]
    return [] if _equal(found, expected) else [f"{path}: {found!r}, not {expected!r}"]


def _equal(found: Any, expected: Any) -> bool:
    if isinstance(expected, float) or (isinstance(expected, int) and isinstance(found, float)):
        return isinstance(found, int | float) and abs(found - expected) <= 1e-9 * max(1, abs(expected))
    return type(found) is type(expected) and found == expected


def check_questions(ask, questions: list[dict]) -> int:
    wrong = [
        f"{question['endpoint']} {question['params']} ({question['note']}): {difference}"
        for question in questions
        for difference in differences(ask(question["endpoint"], question["params"]), question["response"])
    ]
    assert wrong == []
    return len(questions)


def questions_of(folder: Path) -> list[dict]:
    everything = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return [each for each in everything if each["endpoint"] in OURS and "period" not in each["params"]]


@pytest.mark.parametrize("case", ["case-a", "case-b"])
def test_golden_case_and_again_after_export_and_import(case, db, signed_in, tmp_path):
    folder = shared(f"golden/{case}")
    questions, copy = questions_of(folder), tmp_path / "copy"
    with transaction.atomic():
        load(folder / "workspace")
        assert check_questions(reader(signed_in), questions) == QUESTIONS[case]
        load(folder / "workspace")
        check_questions(reader(signed_in), questions)
        export_workspace(copy)
        transaction.set_rollback(True)
    load(copy)
    check_questions(reader(signed_in), questions)


# --- The project's own small company --------------------------------------------------------------


def text(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-2):.2f}"


def naive_funnel(world: naive.World, scope: dict[str, str], day: date) -> dict:
    found = naive.funnel(world, scope, day)
    for sums in (*found["stages"], found["open"]):
        sums |= {name: text(sums[name]) for name in ("amount", "weighted")}
    for stage in found["stages"]:
        stage["conversion"] = None if stage["conversion"] is None else float(stage["conversion"])
    return {**found, "as_of": day.isoformat()}


def naive_waterfall(world: naive.World, scope: dict[str, str], first: date, last: date) -> dict:
    found = naive.waterfall(world, scope, first, last)
    bars = {bar: text(found[bar]) for bar in (*EDGES, *BARS)}
    return {"from": first.isoformat(), "to": last.isoformat(), **bars}


def scopes_of(world: naive.World) -> list[dict[str, str]]:
    owners = sorted({held.owner for life in world.lives for _at, held in life.changes})
    return [{}, *({"team": key} for key in world.parents), *({"owner": name} for name in owners)]


def days_of(world: naive.World) -> list[date]:
    """Every day on which something changed, the day before it, and one before everything."""
    changed = {at.astimezone(world.zone).date() for life in world.lives for at, _held in life.changes}
    return sorted(changed | {day - timedelta(days=1) for day in changed} | {min(changed) - timedelta(days=30)})


def check_against_naive_walk(ask, world: naive.World) -> None:
    days, wrong = days_of(world), []
    for number, scope in enumerate(scopes_of(world)):
        sample = days if not scope else days[number::9]
        for day in sample:
            answer = ask("pipeline/funnel/", {**scope, "as_of": day.isoformat()})
            wrong += differences(answer, naive_funnel(world, scope, day), f"funnel {scope} {day}")
        for first, last in [*zip(sample, sample[1:], strict=False), (days[0], days[-1])]:
            answer = ask("pipeline/waterfall/", {**scope, "from": first.isoformat(), "to": last.isoformat()})
            expected = naive_waterfall(world, scope, first, last)
            wrong += differences(answer, expected, f"waterfall {scope} {first} {last}")
    assert wrong == []


def test_golden_mini_and_again_after_export_and_import(db, signed_in, tmp_path):
    world, questions, copy = naive.read(MINI), questions_of(MINI.parent), tmp_path / "copy.zip"
    with transaction.atomic():
        load(MINI)
        assert check_questions(reader(signed_in), questions) > 5
        check_against_naive_walk(reader(signed_in), world)
        export_workspace(copy)
        transaction.set_rollback(True)
    load(copy)
    check_questions(reader(signed_in), questions)
    check_against_naive_walk(reader(signed_in), world)
