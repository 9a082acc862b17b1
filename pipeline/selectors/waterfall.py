"""How the open pipeline came from one day's amount to another's, to the cent (FINE-PRINT 21-26).

The versions that begin in the window, each joined to the one that it replaced, are the changes. `PARTS` says of one
change what it adds to each bar; bars and their rows are both made of it, so they cannot differ.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from re import sub
from typing import Any

from django.db import connection

from accounts.models import User
from accounts.selectors import calendar
from config.web.money import from_cents
from opportunities.rules import reason_in_words
from opportunities.selectors.stages import all_stages
from pipeline.rules import BARS, EDGES, Movements, Part
from pipeline.scopes import Scope
from pipeline.selectors.measures import end_of
from pipeline.selectors.rows import Named, Rows, names_seen_by

TABLE = "opportunities_opportunityversion"

# v is the change, p what it replaced (none: a creation), {v} and {p} whether they lie in the scope. Inside one change
# the order is: handed over at the old amount, then the amount changes, then it closes at the new one (FINE-PRINT 22).
CLOSING = "{v} AND v.outcome = '%s' AND (p.id IS NULL OR p.outcome = 'open' OR p.stage_id <> v.stage_id)"
AFTER, BEFORE = "COALESCE(v.amount, 0)", "COALESCE(p.amount, 0)"
PARTS = {
    "new": ("{v} AND p.id IS NULL", AFTER),
    "reopened": ("{v} AND p.outcome <> 'open' AND p.stage_id <> v.stage_id", AFTER),
    "transferred_in": ("{v} AND NOT {p} AND p.outcome = 'open'", BEFORE),
    "increased": (f"{{v}} AND p.outcome = 'open' AND {AFTER} > {BEFORE}", f"{AFTER} - {BEFORE}"),
    "decreased": (f"{{v}} AND p.outcome = 'open' AND {AFTER} < {BEFORE}", f"{BEFORE} - {AFTER}"),
    **{outcome: (CLOSING % outcome, AFTER) for outcome in ("won", "lost", "no_decision", "no_go")},
    "transferred_out": ("{p} AND NOT {v} AND p.outcome = 'open'", BEFORE),
}
CHANGES = (
    f" FROM {TABLE} v LEFT JOIN {TABLE} p ON p.opportunity_id = v.opportunity_id AND p.valid_to = v.valid_from"
    " WHERE v.valid_from >= %(begin{n})s AND v.valid_from < %(end{n})s AND ({v} OR {p})"
)
NEVER = "CASE WHEN 1 = 0 THEN v.valid_from END"  # NULL, of a moment's type
STANDING = (
    f" FROM {TABLE} v WHERE v.outcome = 'open' AND v.valid_from < %({{at}})s AND v.valid_to >= %({{at}})s AND {{v}}"
)
# `seen` is names_seen_by(…); v the last change of the bar, none at the edges.
ITEMS = (
    "SELECT i.part, i.last, v.reason, n.id, n.key, n.title, n.customer_id, n.called, n.owned_by, n.stage_id"
    " FROM ({parts}) i LEFT JOIN ({seen}) n ON n.id = i.id"
    f" LEFT JOIN {TABLE} v ON v.opportunity_id = i.id AND v.valid_from = i.last ORDER BY i.part DESC, i.id"
)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The walk from the end of the day `first` to the end of the day `last`; bars by name in `bars`."""

    first: date
    last: date
    bars: Movements


@dataclass(frozen=True, slots=True)
class Item:
    """One opportunity's part of a bar; `opportunity` is None when it is no longer the reader's to see.

    `on` and `reason` are those of its last change in this bar, None and empty at the edges and where it is hidden.
    """

    amount: Decimal
    opportunity: Named | None
    on: date | None = None
    reason: str = ""


def waterfall(scope: Scope, first: date, last: date) -> Waterfall:
    """The bars between two days (both meant at their end). One query."""
    return waterfalls(scope, [(first, last)])[0]


def waterfalls(scope: Scope, windows: Sequence[tuple[date, date]]) -> list[Waterfall]:
    """Several windows in one query."""
    texts: list[str] = []
    params: dict[str, Any] = {}
    for n, (first, last) in enumerate(windows):
        texts.append(_bars_sql(scope, n))
        params |= _moments(first, last, n)
    rows = sorted(_fetch(" UNION ALL ".join(texts), params))
    return [Waterfall(*window, _movements(cents)) for window, (_n, *cents) in zip(windows, rows, strict=True)]


def _movements(cents: Sequence[Any]) -> Movements:
    return Movements(**dict(zip((*BARS, *EDGES), map(_money, cents), strict=True)))


def waterfall_items(scope: Scope, first: date, last: date, bar: str, viewer: User) -> Rows[Item]:
    """The opportunities that make a bar (or `begin`, `end`), largest part first. ValueError for another name."""
    if bar not in (*BARS, *EDGES):
        raise ValueError(f"Not a bar: {bar!r}")
    parts, params = _parts_sql(scope, bar), _moments(first, last, 0)

    def total() -> Part:
        count, cents = _fetch(f"SELECT COUNT(*), SUM(part) FROM ({parts}) AS parts", params)[0]
        return Part(count, _money(cents))

    def page(offset: int, limit: int) -> list[Item]:
        window = f"{parts} ORDER BY part DESC, id LIMIT {limit:d} OFFSET {offset:d}"
        return list(_items(_fetch(*_items_sql(window, params, viewer))))

    def every() -> Iterator[Item]:
        return _items(_streamed(*_items_sql(parts, params, viewer)))

    return Rows(total, page, every)


def _items_sql(parts: str, params: dict[str, Any], viewer: User) -> tuple[str, dict[str, Any]]:
    """Each part with what the viewer may know of it: SQL and its parameters."""
    seen, values = names_seen_by(viewer).query.sql_with_params()
    named = {f"seen{n}": value for n, value in enumerate(values)}
    names = iter(named)
    return ITEMS.format(parts=parts, seen=sub("%s", lambda _found: f"%({next(names)})s", seen)), params | named


def _items(rows: Iterable[Any]) -> Iterator[Item]:
    stages, days = {stage.pk: stage for stage in all_stages()}, calendar()
    for cents, last, reason, pk, key, title, customer_id, customer, owner, stage in rows:
        if pk is None:
            yield Item(_money(cents), None)
        else:
            on = days.local_date(_moment(last)) if last else None
            now = Named(pk, key, title, customer_id, customer, owner, stages[stage])
            yield Item(_money(cents), now, on, reason_in_words(reason or ""))


def _bars_sql(scope: Scope, n: int) -> str:
    sums = [f"SUM(CASE WHEN {condition} THEN {part} ELSE 0 END)" for condition, part in PARTS.values()]
    edges = [f"(SELECT SUM(COALESCE(v.amount, 0)){STANDING.format(at=f'{edge}{n}', v='{v}')})" for edge in EDGES]
    return _in_scope(f"SELECT {n:d}, {', '.join([*sums, *edges])}{CHANGES}", scope, n)


def _parts_sql(scope: Scope, bar: str) -> str:
    if bar in EDGES:
        standing = STANDING.format(at=f"{bar}0", v="{v}")
        return _in_scope(f"SELECT v.opportunity_id AS id, {AFTER} AS part, {NEVER} AS last{standing}", scope, 0)
    condition, part = PARTS[bar]
    asked = f"SELECT v.opportunity_id AS id, SUM({part}) AS part, MAX(v.valid_from) AS last"
    return _in_scope(f"{asked}{CHANGES} AND {condition} GROUP BY v.opportunity_id", scope, 0)


def _in_scope(text: str, scope: Scope, n: int) -> str:
    was = f"(p.id IS NOT NULL AND {scope.sql('p')})"
    return text.format(v=scope.sql("v"), p=was, n=n)


def _moments(first: date, last: date, n: int) -> dict[str, Any]:
    days = calendar()
    return {f"begin{n}": _adapted(end_of(days, first)), f"end{n}": _adapted(end_of(days, last))}


def _adapted(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def _moment(found: Any) -> datetime:
    """A moment as the database gives it to a bare statement: SQLite as text, in UTC."""
    moment: datetime = datetime.fromisoformat(found).replace(tzinfo=UTC) if isinstance(found, str) else found
    return moment


def _fetch(sql: str, params: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _streamed(sql: str, params: dict[str, Any]) -> Iterator[Any]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        yield from cursor


def _money(cents: Any) -> Decimal:
    return from_cents(int(cents or 0))
