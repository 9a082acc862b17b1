"""Which fields of a row somebody changed in Ascent since the last import, and what an import makes of its version."""

import json
from collections.abc import Iterable, Mapping
from typing import Any


def pending_edits(row: Mapping[str, Any]) -> set[str]:
    """Fields changed in Ascent since the last import; `row` has version, imported_version and changed_in."""
    since = row["imported_version"] or 0
    return {name for name, version in (row["changed_in"] or {}).items() if version > since}


def revised(row: Mapping[str, Any], changed: Iterable[str]) -> tuple[int, str, int]:
    """(version, changed_in as JSON, imported_version) after an import that changes these fields of the row.

    What people changed and the import leaves is noted anew above the import, so that the next one still knows it.
    """
    if row["version"] is None:
        return 1, "{}", 1
    names = set(changed)
    left = pending_edits(row) - names
    version = row["version"] + 1
    changed_in = {**(row["changed_in"] or {}), **dict.fromkeys(sorted(names), version)}
    imported = version
    if left:
        version += 1
        changed_in.update(dict.fromkeys(sorted(left), version))
    return version, json.dumps(changed_in), imported
