"""References of a file to itself that lead back to where they began."""

from collections.abc import Mapping


def on_a_circle(follows: Mapping[str, str | None]) -> set[str]:
    """The keys from which one comes back to the same key; each is passed once, however long the chains are."""
    found: set[str] = set()
    passed: set[str] = set()
    for start in follows:
        path: dict[str, int] = {}
        here: str | None = start
        while here and here not in passed and here not in path:
            path[here] = len(path)
            here = follows.get(here)
        if here in path:
            found.update(list(path)[path[here] :])
        passed.update(path)
    return found
