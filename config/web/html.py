"""HTML from format strings that are filled hundreds of times a page."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any

from django.utils.safestring import SafeString

SPECIAL = re.compile("[&<>\"']").search


def fill(template: str, *values: Any, **named: Any) -> SafeString:
    """`format_html` at a third of its price: whatever is not a SafeString is escaped."""
    texts = {name: _escaped(value) for name, value in named.items()}
    return SafeString(template.format(*map(_escaped, values), **texts))


def joined(parts: Iterable[SafeString]) -> SafeString:
    """Filled strings one after another."""
    return SafeString("".join(parts))


def _escaped(value: Any) -> str:
    if isinstance(value, SafeString):
        return value
    text = str(value)
    return escape(text) if SPECIAL(text) else text
