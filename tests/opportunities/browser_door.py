"""What tests of pages share: asking as htmx does, and counting what a page asks the database."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
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


class Fields(HTMLParser):
    """What a browser would post of the fields of a page: {name: [values]}; lines for those without script left out."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.posted: dict[str, list[str]] = {}
        self._select = self._textarea = ""
        self._noscript = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        self._noscript = self._noscript or tag == "noscript"
        if tag == "select":
            self._select = given.get("name", "")
        elif tag == "textarea":
            self._textarea = given["name"]
            self.posted[self._textarea] = [""]
        elif tag == "option" and "selected" in given:
            self.posted.setdefault(self._select, []).append(given["value"])
        elif tag == "input" and given.get("name") and not self._noscript and self._counts(given):
            self.posted.setdefault(given["name"], []).append(given.get("value", ""))

    @staticmethod
    def _counts(given: dict[str, Any]) -> bool:
        kind = given.get("type", "text")
        return "checked" in given if kind in ("radio", "checkbox") else kind not in ("file", "submit")

    def handle_endtag(self, tag: str) -> None:
        self._noscript = self._noscript and tag != "noscript"
        self._textarea = "" if tag == "textarea" else self._textarea

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.posted[self._textarea][0] += data.removeprefix("\n")


def as_drawn(client: Client, url: str, **changed: Any) -> Any:
    """The answer to the form at this address, sent as it was drawn but for what is `changed`."""
    return post(client, url, {**Fields(text_of(client.get(url, headers=HTMX))).posted, **changed})


def many(owner: Any, count: int, **fields: Any) -> list[Any]:
    """So many opportunities of one owner and customer."""
    of = factories.customer(owner)
    return [factories.opportunity(owner, f"Deal {number:03}", customer=of, **fields) for number in range(count)]


def post(client: Client, url: str, data: dict[str, Any], *, htmx: bool = True) -> Any:
    return client.post(url, data, headers=HTMX if htmx else {})
