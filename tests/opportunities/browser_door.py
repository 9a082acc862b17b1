"""What tests of pages share: asking as htmx does, and counting what a page asks the database."""

import json
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories

HTMX = {"HX-Request": "true"}
NOT_COUNTED = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")


def text_of(response: Any) -> str:
    """The answer's text, streamed or not."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode()


def events_of(response: Any) -> dict[str, Any]:
    """The events of HX-Trigger with their details."""
    return json.loads(response.headers.get("HX-Trigger", "{}"))


def queries_of(act: Callable[[], Any]) -> int:
    """How many queries `act` makes, BEGIN and SAVEPOINT not counted."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return len([query for query in captured.captured_queries if not query["sql"].startswith(NOT_COUNTED)])


def many(owner: Any, count: int, **fields: Any) -> list[Any]:
    """So many opportunities of one owner and customer."""
    of = factories.customer(owner)
    return [factories.opportunity(owner, f"Deal {number:03}", customer=of, **fields) for number in range(count)]


def post(client: Client, url: str, data: dict[str, Any], *, htmx: bool = True) -> Any:
    return client.post(url, data, headers=HTMX if htmx else {})
