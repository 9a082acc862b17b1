"""The whole API attacked from its own schema, with a token of each role.

Schemathesis makes bodies, parameters and headers that the schema takes, and others that it refuses. Nothing may answer
5xx, break its schema, or hold a word or an amount of rows that the role may not see. `SOAK_CASES` (`make soak`) is the
number of cases an operation; the references and ids among them are those of real rows, hidden ones too.
"""

import copy
import os
from collections import Counter
from typing import Any

import pytest
import schemathesis
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.database import InMemoryExampleDatabase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.api import throttling
from accounts.tokens import create_token
from config.wsgi import application
from opportunities.models import Opportunity, Stage
from tests.test_access_matrix import HIDDEN, ROLES, rows, undone  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

CASES = int(os.environ.get("SOAK_CASES", "2"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = {"valid": GenerationMode.POSITIVE, "broken": GenerationMode.NEGATIVE}


def seeded(schema: dict[str, Any], found: dict[str, list[Any]]) -> dict[str, Any]:
    """The same schema, which offers values of real rows for the ids and references that go in."""
    schema = copy.deepcopy(schema)
    for path in schema["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                parameter["schema"] = offered(parameter["name"], parameter["schema"], found)
    for name, part in schema["components"]["schemas"].items():
        if name.endswith("Request"):
            for field, given_schema in part.get("properties", {}).items():
                part["properties"][field] = offered(field, given_schema, found)
    return schema


def offered(name: str, schema: dict[str, Any], found: dict[str, list[Any]]) -> dict[str, Any]:
    if schema.get("type") == "array":
        return {**schema, "items": offered(name.removesuffix("s"), schema["items"], found)}
    if name not in found or ("$ref" in schema and name != "stage"):
        return schema
    return {"anyOf": [{"enum": found[name]}, schema]}


def known(company: Any, rows: dict[str, Any]) -> dict[str, list[Any]]:  # noqa: F811
    """What real rows are named by: those of the east, and those of the west that the east must not meet."""
    ids = sorted({row.pk for row in rows.values()} | set(Opportunity.objects.values_list("pk", flat=True)))
    west = Opportunity.objects.exclude(pk=rows["opportunity"].pk).select_related("customer").first()
    assert west is not None
    people = [person.username for person in company.people().values()]
    return {
        "id": ids,
        "version": [1, 2],
        "customer": [rows["customer"].key, west.customer.key],
        "parent": [rows["customer"].key, west.customer.key],
        "key": [rows["opportunity"].key, west.key],
        "owner": people,
        "user": people,
        "username": people,
        "team": ["east", "west", "head"],
        "stage": list(Stage.objects.values_list("key", flat=True)),
        "target": ["discover", "lock"],
        "product": [rows["product"].key],
        "search": ["ERN", "8123456"],
        "q": ["ERN"],
    }


@pytest.mark.parametrize("role", [role for role in ROLES if role != "anonymous"])
def test_no_operation_breaks_or_tells_too_much(company, rows, role, settings_of_a_run, capsys):  # noqa: F811
    person = getattr(company, role)
    _token, secret = create_token(user=person, name="attack", scope="write")
    document = seeded(settings_of_a_run(person), known(company, rows))
    schema = schemathesis.openapi.from_dict(document)
    schema.app = application
    counts: Counter[Any] = Counter()
    faults = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode, generation in MODES.items():
            try:
                attack(operation, generation, secret, HIDDEN[role], counts)
            except (Exception, BaseExceptionGroup) as error:
                faults[f"{mode} {operation.label}"] = "\n".join(str(each)[:1500] for each in causes(error))
            counts[f"operations {mode}"] += 1
    with capsys.disabled():
        told = {code: count for code, count in sorted(counts.items(), key=str) if isinstance(code, int)}
        print(f"\n{role}: {counts['operations valid']} operations, {sum(told.values())} cases, {told}")
    assert not faults, "\n\n".join(f"{name}\n{text}" for name, text in faults.items())
    assert counts["operations valid"] > 50
    assert counts[200] > 0 and counts[404] > 0 and counts[400] > 0


def attack(operation: Any, mode: Any, secret: str, hidden: list[str], counts: Counter[Any]) -> None:
    """So many cases, each undone afterwards."""

    @seed(2026)
    @settings(
        max_examples=CASES, deadline=None, database=InMemoryExampleDatabase(), phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck), derandomize=False,
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        with undone():
            response = case.call(headers={"Authorization": f"Bearer {secret}"})
            counts[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)
            leaked = [word for word in hidden if word in response.text]
            assert not leaked, f"tells {leaked}: {response.text[:500]}"

    one()


def causes(error: BaseException) -> list[BaseException]:
    return [cause for each in error.exceptions for cause in causes(each)] if hasattr(error, "exceptions") else [error]


@pytest.fixture
def settings_of_a_run(api, monkeypatch):
    """The schema as the server gives it; nobody is asked to wait."""
    for throttle in (throttling.AddressThrottle, throttling.NameThrottle):
        monkeypatch.setattr(throttle, "allow_request", lambda *_given: True)
    monkeypatch.setattr(throttling.TokenThrottle, "allow_request", lambda *_given: True)
    # the requests share the connection of the test
    monkeypatch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda *_given: None)
    return lambda person: api(person).get("schema/").json()
