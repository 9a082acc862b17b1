"""The whole API attacked from its own schema, with a token of each role.

Schemathesis makes bodies, parameters and headers that the schema takes, and others that it refuses. Nothing may answer
5xx, break its schema, or hold a word or an amount of rows that the role may not see. `SOAK_CASES` (`make soak`) is the
number of cases an operation; the references and ids among them are those of real rows, hidden ones too. Without it
each database meets every other role, so that both together have met all of them.
"""

import os
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
import schemathesis
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies
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
from accounts.models import AccessToken, Team, User
from accounts.tokens import create_token
from config.wsgi import application
from customers.models import (
    Contact,
    Customer,
    IdealProfile,
    JointAction,
    Order,
    PlanLine,
    Product,
    TargetCustomer,
)
from opportunities.models import Opportunity, Stage
from tests.matrix.doors import HIDDEN, ROLES
from tests.test_access_matrix import undone

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SOAK = "SOAK_CASES" in os.environ
CASES = int(os.environ.get("SOAK_CASES", "1"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OFTEN = 0.8
KEYED = {
    "customer": Customer,
    "contact": Contact,
    "product": Product,
    "profile": IdealProfile,
    "stage": Stage,
    "team": Team,
}
MODES = {"valid": GenerationMode.POSITIVE, "broken": GenerationMode.NEGATIVE}


@dataclass(frozen=True)
class Known:
    """What real rows are named by, those of the west among them, which the east must not meet."""

    ids: dict[str, list[int]]
    values: dict[str, list[Any]]
    document: dict[str, Any]


def known(company: Any, rows: dict[str, Any], document: dict[str, Any]) -> Known:
    ids = {
        kind: list(model.objects.values_list("pk", flat=True))
        for kind, model in (
            ("customers", Customer), ("contacts", Contact), ("opportunities", Opportunity), ("orders", Order),
            ("products", Product), ("stages", Stage), ("users", User), ("teams", Team), ("tokens", AccessToken),
            ("profiles", IdealProfile), ("target-customers", TargetCustomer),
            ("plan-lines", PlanLine), ("joint-actions", JointAction),
        )
    }  # fmt: skip
    keys = {kind: list(model.objects.values_list("key", flat=True)) for kind, model in KEYED.items()}
    people = [person.username for person in company.people().values()]
    values = {
        **keys, **dict.fromkeys(("owner", "user", "username"), people), "version": [1, 1, 2],
        "parent": keys["customer"],
        "target": keys["stage"], "ids": [ids["opportunities"]], "search": ["ERN", "8123456"], "q": ["ERN"],
        "key": [*keys["customer"], *keys["contact"]], "title": ["Deal"], "name": ["Works"], "amount": ["5.00", None],
        "reason": ["A reason"], "signed_on": ["2026-11-01"], "expected_close_date": ["2027-02-01"], "days": [7],
        "from": ["2026-01-01"], "archived": ["true"], "page": [1], "page_size": [500],
    }  # fmt: skip
    return Known(ids, values, document)


def aimed(case: Any, dice: Random, found: Known) -> Any:
    """The case, mostly about real rows: schemathesis alone would hardly ever name one."""
    operation = case.operation
    kind = operation.path.split("/")[3]
    for name in list(case.path_parameters or {}):
        values = found.ids.get(kind) if name == "id" else found.values.get(name)
        if values and dice.random() < OFTEN:
            case.path_parameters[name] = dice.choice(values)
    hit(case.query, dice, found)
    if isinstance(case.body, dict):
        asked = fields_of(operation, found.document)
        if dice.random() < OFTEN:  # what is unknown is refused before anything else is looked at
            case.body = {name: value for name, value in case.body.items() if name in asked}
        case.body |= {name: None for name in asked & set(found.values) if dice.random() < OFTEN / 2}
        hit(case.body, dice, found)
    return case


def hit(given: Any, dice: Random, found: Known) -> None:
    for name in list(given or {}):
        if name in found.values and dice.random() < OFTEN:
            given[name] = dice.choice(found.values[name])


def fields_of(operation: Any, document: dict[str, Any]) -> set[str]:
    """The fields of its body, as the document names them."""
    body = document["paths"][operation.path][operation.method].get("requestBody", {})
    schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    named = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    return set(named.get("properties", {}))


def roles() -> list[str]:
    with_token = [role for role in ROLES if role != "anonymous"]
    return with_token if SOAK else with_token[connection.vendor == "postgresql" :: 2]


@pytest.mark.parametrize("role", roles())
def test_no_operation_breaks_or_tells_too_much(company, rows, role, settings_of_a_run, capsys):  # noqa: F811
    person = getattr(company, role)
    _token, secret = create_token(user=person, name="attack", scope="write")
    document = settings_of_a_run(person)
    found = known(company, rows, document)
    schema = schemathesis.openapi.from_dict(deepcopy(document))
    schema.app = application
    counts: Counter[Any] = Counter()
    faults = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode, generation in MODES.items():
            try:
                attack(operation, generation, secret, HIDDEN[role], counts, found)
            except (Exception, BaseExceptionGroup) as error:
                faults[f"{mode} {operation.label}"] = "\n".join(str(each)[:1500] for each in causes(error))
            counts[f"operations {mode}"] += 1
    with capsys.disabled():
        told = {code: count for code, count in sorted(counts.items(), key=str) if isinstance(code, int)}
        print(f"\n{role}: {counts['operations valid']} operations, {sum(told.values())} cases, {told}")
    assert not faults, "\n\n".join(f"{name}\n{text}" for name, text in faults.items())
    assert counts["operations valid"] > 50
    assert counts[200] > 0 and counts[404] > 0 and counts[400] > 0


def attack(operation: Any, mode: Any, secret: str, hidden: list[str], counts: Counter[Any], found: Known) -> None:
    """So many cases, each undone afterwards."""

    @seed(2026)
    @settings(
        max_examples=CASES, deadline=None, database=InMemoryExampleDatabase(), phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck), derandomize=False,
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), dice=strategies.randoms(use_true_random=False))
    def one(case: Any, dice: Random) -> None:
        case = aimed(case, dice, found)
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
