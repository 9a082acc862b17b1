"""HTML from format strings that are filled hundreds of times a page."""

from collections.abc import Iterable
from html import escape
from typing import Any

from django.utils.safestring import SafeString


def fill(template: str, *values: Any, **named: Any) -> SafeString:
    """`format_html` at a third of its price: whatever is not a SafeString is escaped."""
    texts = {name: _escaped(value) for name, value in named.items()}
    return SafeString(template.format(*map(_escaped, values), **texts))


def joined(parts: Iterable[SafeString]) -> SafeString:
    """Filled strings one after another."""
    return SafeString("".join(parts))


def _escaped(value: Any) -> str:
    return value if isinstance(value, SafeString) else escape(str(value))
