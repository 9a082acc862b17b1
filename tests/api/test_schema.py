"""Every operation says what it takes and what it may answer; a new resource is held to the same."""

import json

import pytest
from django.core.management import call_command
from jsonschema import Draft202012Validator

from config.web.schema import example_of

pytestmark = pytest.mark.anywhere


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    """The schema as `manage.py spectacular` writes it, valid and without a warning."""
    path = tmp_path_factory.mktemp("schema") / "schema.json"
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", "--file", str(path))
    return json.loads(path.read_text())


def operations(schema):
    return [
        (method, path, operation)
        for path, found in schema["paths"].items()
        for method, operation in found.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]


def header_names(operation):
    return {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}


def test_it_is_openapi_31(schema):
    assert schema["openapi"].startswith("3.1")
    assert '"nullable":' not in json.dumps(schema)  # a word of 3.0, which says nothing any more
    for part in schema["components"]["schemas"].values():
        Draft202012Validator.check_schema(part)


def test_every_operation_says_what_it_may_answer(schema):
    lacking = []
    for method, path, operation in operations(schema):
        wanted = {"401", "403", "429"}
        wanted |= {"404"} if "{" in path else set()
        wanted |= {"400", "413", "415", "503"} if method != "get" else set()
        wanted |= {"422"} if "Idempotency-Key" in header_names(operation) else set()
        wanted |= {"409"} if "If-Match" in header_names(operation) else set()
        lacking += [f"{method} {path}: {code}" for code in wanted - set(operation["responses"])]
    assert lacking == []


def test_every_operation_is_described_and_its_parameters_are(schema):
    lacking = [f"{method} {path}" for method, path, operation in operations(schema) if not operation.get("description")]
    lacking += [
        f"{method} {path} ?{parameter['name']}"
        for method, path, operation in operations(schema)
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and not parameter.get("description")
    ]
    assert lacking == []


def test_what_comes_too_often_says_when_to_come_again(schema):
    answer = schema["components"]["responses"]["TooOften"]
    assert answer["headers"]["Retry-After"]["schema"]["type"] == "integer"
    assert schema["paths"]["/api/v1/me/"]["get"]["responses"]["429"] == {"$ref": "#/components/responses/TooOften"}


CREATES = ["opportunities/", "customers/", "contacts/", "products/", "opportunities/{id}/move/", "opportunities/bulk/"]


def test_creating_and_moving_take_an_idempotency_key(schema):
    for path in CREATES:
        assert "Idempotency-Key" in header_names(schema["paths"][f"/api/v1/{path}"]["post"]), path
    assert "Idempotency-Key" not in header_names(schema["paths"]["/api/v1/auth/token/"]["post"])


def test_changing_a_row_takes_the_version_seen(schema):
    for path in ("opportunities/{id}/", "customers/{id}/", "contacts/{id}/", "products/{id}/"):
        found = schema["paths"][f"/api/v1/{path}"]
        assert "If-Match" in header_names(found["patch"]), path
        assert "If-Match" in header_names(found["delete"]), path
        assert "ETag" in found["get"]["responses"]["200"]["headers"], path
        body = found["patch"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert "version" in schema["components"]["schemas"][body]["properties"], path
    conflict = schema["paths"]["/api/v1/customers/{id}/"]["patch"]["responses"]["409"]["content"]["application/json"]
    assert conflict["schema"]["properties"]["current"] == {"$ref": "#/components/schemas/Customer"}


def test_every_body_has_an_example_that_its_schema_takes(schema):
    wrong = []
    for method, path, operation in operations(schema):
        for said, body in [("request", operation.get("requestBody", {})), *operation["responses"].items()]:
            for media in body.get("content", {}).values():
                examples = [each["value"] for each in media["examples"].values()]
                check = Draft202012Validator({**media["schema"], "components": schema["components"]})
                wrong += [f"{method} {path} {said}: no example"] * (not examples)
                wrong += [f"{method} {path} {said}: {e.message}" for each in examples for e in check.iter_errors(each)]
    assert wrong == []


def test_it_is_in_english_whoever_asks(company, api):
    company.rep.language = "zh-hans"
    company.rep.save()
    found = api(company.rep).get("schema/").json()
    text = json.dumps(found["components"]["schemas"]["Opportunity"]) + json.dumps(found["paths"])
    assert "\\u5ba2" not in text  # 客
    assert "Expected close" in text or "Close from" in text


def test_an_example_is_made_of_the_fields():
    inner = {"type": "object", "properties": {"owner": {"type": "string", "examples": ["lin.wei"]}}}
    outer = {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Inner"}},
            "stage": {"oneOf": [{"enum": ["won", "lost"]}, {"type": "null"}]},
            "amount": {"type": ["string", "null"], "format": "decimal"},
            "next_step": {"type": "string"},
            "count": {"type": "integer", "minimum": 5},
        },
    }
    assert example_of(outer, {"Inner": inner}) == {
        "rows": [{"owner": "lin.wei"}],
        "stage": "won",
        "amount": "640000.00",
        "next_step": "Next step",
        "count": 5,
    }
