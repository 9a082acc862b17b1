"""What the OpenAPI schema says of every operation, so that a resource says only what is its own.

A new resource that follows `config.web.api.Resource` gets all of this without a word: the answers 400, 401, 403, 404,
409, 413, 415, 422, 429 and 503 where they may come; `Idempotency-Key` and `If-Match` where they are taken; `ETag` where
the row has a version; `version` in the body of a PATCH; and an example of every body, put together from the fields.

- Fields whose name and type do not speak for themselves: `example = {"name": value}` on the serializer, or `examples`
  in an `extend_schema_field`. A whole example of its own: `extend_schema(examples=…)`.
- An answer with a meaning of its own: `extend_schema(responses={…})`; what it does not name is added.
- The words are English, whoever asks.
"""

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import permissions, serializers

LARGEST_ID = 10**18 - 1
LARGEST_VERSION = 2**31 - 1
KEY_LENGTH = 255

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Any text of your own. For 24 hours the same request under the same key is carried out once, and "
    "answered each time as it was the first time (with `Idempotent-Replayed: true`). Another request under the key: "
    "422. A second one while the first is under way waits for it. A refused request (4xx, 5xx) leaves the key free. "
    "A form with files is the same request when its fields, the names of its files and what they hold are the same.",
)  # fmt: skip
IF_MATCH = OpenApiParameter(
    "If-Match", {"type": "string", "pattern": '^(W/)?"?[0-9]{1,9}"?$'}, OpenApiParameter.HEADER,
    description="The `ETag` of the row as you saw it, in place of `version` in the body.",
)  # fmt: skip
VERSION = {
    "type": "integer", "minimum": 1, "maximum": LARGEST_VERSION, "examples": [3],
    "description": "The version that you saw; `If-Match` does as well.",
}  # fmt: skip


# --- Bodies of errors -------------------------------------------------------------------------

_TEXT = {"type": "string"}
_DETAIL = {
    "type": "object", "properties": {"detail": _TEXT, "code": _TEXT}, "required": ["detail"],
    "description": "What is wrong, in the caller's language.",
}  # fmt: skip
_FIELD_MAP = {
    "type": "object",
    "description": "{field: [messages]} in the caller's language; what belongs to no field stands under "
    "`non_field_errors`, what is no JSON under `detail`; `code` is for programs.",
    "properties": {"detail": _TEXT, "code": _TEXT},
    "additionalProperties": {"anyOf": [{"type": "array", "items": {"type": ["string", "object"]}}, {"type": "object"}]},
}
_RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}, "required": True}


def _json(schema: str, description: str, example: Any, **more: Any) -> dict[str, Any]:
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "examples": {"Example": {"value": example}}}
    return {"description": description, "content": {"application/json": content}, **more}


RESPONSES: dict[str, tuple[str, dict[str, Any]]] = {
    "400": ("Invalid", _json("FieldErrors", "Invalid; nothing was written.", {"amount": ["Enter an amount."]})),
    "401": (
        "Unauthorised",
        _json(
            "Detail", "No token, or one that is not valid (any more).", {"detail": "This token is not valid."},
            headers={"WWW-Authenticate": {"schema": _TEXT}},
        ),
    ),
    "403": ("Forbidden", _json("Detail", "Visible, but not allowed.", {"detail": "This token may only read."})),
    "404": ("NotFound", _json("Detail", "Not there, or not the caller's to see.", {"detail": "Not found."})),
    "413": ("TooLarge", _json("Detail", "The body is too large.", {"detail": "This is too large."})),
    "415": ("WrongType", _json("Detail", "The body has another type.", {"detail": 'Unsupported media type "a/b".'})),
    "422": (
        "KeyUsed",
        _json(
            "Detail", "This Idempotency-Key was used for another request.",
            {"detail": "This Idempotency-Key was used for another request."},
        ),
    ),
    "503": (
        "Busy",
        _json(
            "Detail", "An import holds the database; nothing was written.",
            {"detail": "An import is running. Nothing was saved; please try again in a moment."},
            headers={"Retry-After": _RETRY_AFTER},
        ),
    ),
    "429": (
        "TooOften",
        _json(
            "Detail", "Too often.", {"detail": "Request was throttled. Expected available in 12 seconds."},
            headers={"Retry-After": _RETRY_AFTER},
        ),
    ),
}  # fmt: skip
COMPONENTS = {
    "schemas": {"Detail": _DETAIL, "FieldErrors": _FIELD_MAP},
    "responses": dict(RESPONSES.values()),
}


def with_shared_answers(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Add the answers that operations refer to."""
    for kind, found in COMPONENTS.items():
        result["components"].setdefault(kind, {}).update(found)
    return result


def _reference(code: str) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{RESPONSES[code][0]}"}


def _conflict(row: dict[str, Any]) -> dict[str, Any]:
    """409: the row as it is for the caller, what the caller sent, the fields in conflict."""
    properties = {
        "current": row,
        "yours": {"type": "object", "description": "What you sent of the fields in conflict."},
        "conflicts": {"type": "array", "items": _TEXT, "description": "Fields that somebody changed since."},
        "detail": _TEXT,
    }
    schema = {"type": "object", "properties": properties, "required": ["current", "yours", "conflicts"]}
    said = "Somebody changed a field that this sets since the version that you saw; nothing was written."
    return {"description": said, "content": {"application/json": {"schema": schema}}}


# --- Operations -------------------------------------------------------------------------------


class Schema(AutoSchema):
    """drf-spectacular's, with what all operations share: see the top of this file."""

    def get_override_parameters(self) -> list[Any]:
        taken = [IDEMPOTENCY_KEY] if self._takes_key() else []
        return [*super().get_override_parameters(), *taken, *([IF_MATCH] if self._takes_version() else [])]

    def _takes_key(self) -> bool:
        return self.method == "POST" and getattr(self.view, "answered_once", False)

    def _takes_version(self) -> bool:
        """Whether the caller says which version they saw."""
        if not hasattr(self.view, "conflict_body"):
            return False
        if self.method in ("PATCH", "DELETE"):
            return self._has_version() and getattr(self.view, "action", "") in ("partial_update", "destroy")
        return self.method == "POST" and "version" in getattr(self.get_request_serializer(), "_declared_fields", {})

    def _has_version(self) -> bool:
        return "version" in getattr(self._get_serializer(), "fields", {})

    def _get_parameters(self) -> list[Any]:
        """A filter without a label is told by its name."""
        found = super()._get_parameters()
        for parameter in found:
            if parameter["in"] == "query":
                parameter.setdefault("description", parameter["name"].replace("_", " ").capitalize())
        return found

    def _resolve_path_parameters(self, variables: Any) -> Any:
        """An `id` in the address is a number, of as many digits as the address takes."""
        found = super()._resolve_path_parameters(variables)
        for parameter in found:
            if parameter["name"] == "id":
                parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID, "examples": [7]}
        return found

    # Answers

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        if direction != "response":
            return bodies
        row = self._row(bodies)
        if row and self._has_version():
            self._add_etag(bodies)
        if row and hasattr(self.view, "conflict_body") and (self.method == "PATCH" or self._of_one_row()):
            bodies.setdefault("204", {"description": "Done, and the row has left the caller's sight."})
        if self._takes_version():
            bodies.setdefault("409", _conflict(self._component()))
        return {**{code: _reference(code) for code in self._errors() if code not in bodies}, **bodies}

    def _row(self, bodies: dict[str, Any]) -> bool:
        """Whether the answer is one row of this resource."""
        schemas = [
            body.get("content", {}).get("application/json", {}).get("schema")
            for code, body in bodies.items()
            if code in ("200", "201")
        ]
        return hasattr(self.view, "conflict_body") and bool(schemas) and schemas[0] == self._component()

    def _component(self) -> dict[str, Any]:
        return self.resolve_serializer(self._get_serializer(), "response").ref

    def _of_one_row(self) -> bool:
        return self.method == "POST" and "{" in self.path

    def _add_etag(self, bodies: dict[str, Any]) -> None:
        tag = {"schema": _TEXT, "description": "The row's version, for `If-Match`."}
        for code in ("200", "201"):
            if code in bodies:
                bodies[code].setdefault("headers", {})["ETag"] = tag

    def _errors(self) -> list[str]:
        """The errors that may come, whoever asks for whatever."""
        parameters = {parameter["name"]: parameter["in"] for parameter in self._get_parameters()}
        reads, asked = self.method in permissions.SAFE_METHODS, "query" in parameters.values()
        found = ["401", "403", "429"]
        if asked or not reads:
            found.append("400")
        if "path" in parameters.values() or (reads and asked):
            found.append("404")
        if not reads:
            found += ["413", "415", "503"]
        if self._takes_key():
            found.append("422")
        return sorted(found)

    # Bodies

    def _postprocess_serializer_schema(self, schema: Any, serializer: Any, direction: Any) -> Any:
        found = super()._postprocess_serializer_schema(schema, serializer, direction)
        properties = found.get("properties", {})
        if direction == "request" and getattr(serializer, "partial", False):
            for name in getattr(getattr(serializer, "Meta", None), "create_only", ()):
                properties.pop(name, None)
            if "version" in serializer.fields:
                properties["version"] = {**VERSION, "minimum": getattr(self.view, "first_version", 1)}
        if direction == "response" and isinstance(serializer, serializers.ModelSerializer) and properties:
            found["required"] = sorted(properties)  # a row is answered whole
        for name, value in getattr(serializer, "example", {}).items():
            if name in properties:
                properties[name] = {**properties[name], "examples": [value]}
        return found


class Generator(SchemaGenerator):
    """The schema in English, whoever asks."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        with translation.override("en"):
            return super().get_schema(request, public)


# --- Examples ---------------------------------------------------------------------------------

BY_FORMAT = {
    "date": "2026-11-30", "date-time": "2026-11-23T09:30:00+08:00", "decimal": "640000.00", "email": "lin@example.com",
    "uri": "https://example.com/",
}  # fmt: skip
BY_NAME = {
    "key": "c-1007", "name": "Northern Cranes", "title": "Two tower cranes", "username": "lin.wei",
    "conflicts": "amount", "detail": "Somebody was faster.", "reason": "The budget moved to spring", "error": "",
    "industry": "Ports", "region": "East", "domain": "cranes.example.com", "phone": "021 5555 0100",
}  # fmt: skip
BY_TYPE: dict[str, Any] = {"boolean": True, "number": 0.25, "integer": 3, "null": None}


def with_examples(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Give every body of a request and of a success an example, unless it has one."""
    schemas = result.get("components", {}).get("schemas", {})
    for operations in result.get("paths", {}).values():
        for operation in operations.values():
            bodies = [operation.get("requestBody", {}), *operation.get("responses", {}).values()]
            for media in [media for body in bodies for media in body.get("content", {}).values()]:
                if "example" not in media and "examples" not in media:
                    media["examples"] = {"Example": {"value": example_of(media["schema"], schemas)}}
    return result


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "") -> Any:
    """A value that the schema takes; `name` is the field's, which is what a text without an example says."""
    for given in ("const", "default"):
        if schema.get(given) not in (None, "", [], {}):
            return schema[given]
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, name)
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            return example_of(schema[several][0], schemas, name)
    return _by_type(schema, schemas, name)


def _by_type(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str) -> Any:
    kinds = schema.get("type", "object")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "object":
        return {key: example_of(each, schemas, key) for key, each in schema.get("properties", {}).items()}
    if kind == "array":
        return [example_of(schema.get("items", {}), schemas, name)]
    if kind == "string":
        known = {**BY_NAME, **BY_FORMAT}
        return known.get(schema.get("format", name), name.replace("_", " ").capitalize() or "text")
    value = BY_TYPE[kind]
    if isinstance(value, bool | None):
        return value
    value = max(value, schema.get("minimum", value))
    return min(value, schema.get("maximum", value))
