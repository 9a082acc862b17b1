"""Temporary tables of the connection, in which an import is checked and computed without any lock.

On SQLite they live in a file of their own, on PostgreSQL outside the write-ahead log; they go with the connection.
Staged rows hold keys where a column refers to another file; what a row's key stands for is looked up when it is
written.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, models

from customers.bearers import SIGNS
from opportunities.rules.evidence import FACTORS
from pipeline.interchange.columns import File
from pipeline.interchange.files_of_evidence import KEPT
from pipeline.interchange.layout import BY_NAME, FILES

BATCH = 500
VARIABLES = 20_000  # SQLite takes 32,766 in a statement
TYPES: "dict[str, models.Field[Any, Any]]" = {
    "text": models.TextField(),
    "int": models.BigIntegerField(),
    "flag": models.BooleanField(),
    "day": models.DateField(),
    "moment": models.DateTimeField(),
    "json": models.TextField(),
}
VERSION = "interchange_new_version"
OUT = "interchange_new_opportunity"
TOUCHED = "interchange_touched"
CHANGES = "interchange_changes_of_"
PROVEN = "interchange_proven"  # opportunities whose records change
PROOF = "interchange_proof"  # of each of their records: the present grade, since when it has been verified
HEIGHTS = "interchange_heights"

VERSION_COLUMNS = {
    "opportunity": "text", "valid_from": "moment", "valid_to": "moment", "actor": "text", "reason": "text",
    "stage": "text", "outcome": "text", "win_rate": "int", "amount": "int", "expected_close_date": "day",
    "owner": "text", "team": "text", "product": "text", "next_step": "text", "next_step_due": "day",
    "entered_at": "moment", "entered_on": "day", "furthest": "int",
}  # fmt: skip
OUT_COLUMNS = {
    "key": "text", "seen": "int", "customer": "text", "title": "text", "source": "text", "created_at": "moment",
    "created_on": "day", "created_by": "text", "forecast_category": "text", "signed_on": "day", "competitor": "text",
    "archived_at": "moment", "unproven_from": "text", "changed_at": "moment", "version": "int", "changed_in": "text",
    "imported_version": "int",
    "rewritten": "flag",
}  # fmt: skip
CHANGE_COLUMNS = {
    "csv_line": "int",
    "id": "int",
    "seen": "int",
    "version": "int",
    "changed_in": "text",
    "imported": "int",
}

TOUCHED_COLUMNS = {"key": "text", "events": "int", "seen": "int"}
PROVEN_COLUMNS = {"key": "text", "seen": "text"}
PROOF_COLUMNS = {
    "opportunity": "text", "factor": "text", "level": "int", "recorded_at": "moment", "grade": "text",
    "verified_at": "moment",
}  # fmt: skip
HEIGHTS_COLUMNS = {
    "opportunity": "text", "valid_from": "moment", "valid_to": "moment",
    **{prefix + name: "int" for prefix in ("", "claimed_") for name in FACTORS},
}  # fmt: skip
NAMED = "interchange_computed_names"
NAMED_COLUMNS = {"csv_line": "int", "key": "text", "name": "text", **dict.fromkeys(SIGNS, "text"), "gone": "flag"}
REACHED = "interchange_computed_reached"
REACHED_COLUMNS = {
    **dict.fromkeys(("key", "customer", "phone", "email", "normalised_phone", "mail_domain"), "text"), "gone": "flag",
}  # fmt: skip
KEPT_COLUMNS = {"csv_line": "int", "stored": "text", "name": "text", "content_type": "text", "size": "int"}
COMPUTED = {
    NAMED: NAMED_COLUMNS, REACHED: REACHED_COLUMNS,
    VERSION: VERSION_COLUMNS, OUT: OUT_COLUMNS, TOUCHED: TOUCHED_COLUMNS, PROVEN: PROVEN_COLUMNS,
    PROOF: PROOF_COLUMNS, HEIGHTS: HEIGHTS_COLUMNS, KEPT: KEPT_COLUMNS,
}  # fmt: skip


def execute(sql: str, params: Sequence[Any] = ()) -> int:
    """Run a statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return int(cursor.rowcount)


def fetch(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query, all of them."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return cursor.fetchall()


def create_tables() -> None:
    """All staging tables, empty."""
    drop_tables()
    for file in FILES:
        _create(file.table, {"csv_line": "int", **{column.name: column.store for column in file.columns}})
        if file.key:
            execute(f"CREATE INDEX {file.table}_key ON {file.table} ({_names([*file.key, 'csv_line'])})")
        _create(changes_of(file), CHANGE_COLUMNS)
    for name, columns in COMPUTED.items():
        _create(name, columns)
    for name in (TOUCHED, PROVEN):
        execute(f"CREATE INDEX {name}_key ON {name} (key)")
    execute(f"CREATE INDEX {KEPT}_line ON {KEPT} (csv_line)")


def changes_of(file: File) -> str:
    return CHANGES + file.name.removesuffix(".csv")


def drop_tables() -> None:
    """Leave nothing behind in the connection."""
    for name in [*(file.table for file in FILES), *map(changes_of, FILES), *COMPUTED]:
        execute(f"DROP TABLE IF EXISTS {name}")


def _create(name: str, columns: dict[str, str]) -> None:
    typed = ", ".join(f'"{column}" {TYPES[store].db_type(connection)}' for column, store in columns.items())
    execute(f"CREATE TEMPORARY TABLE {name} ({typed})")


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


class Writer:
    """Appends rows to a staging table in batches; call `flush` at the end."""

    def __init__(self, table: str, columns: dict[str, str]) -> None:
        self.table, self.columns, self.rows = table, columns, 0
        self.params: list[Any] = []
        self.most = min(BATCH, VARIABLES // len(columns))
        self.adapters = [_ADAPTERS.get(store) for store in columns.values()]

    def add(self, values: Sequence[Any]) -> None:
        self.params += [
            value if adapt is None or value is None else adapt(value)
            for adapt, value in zip(self.adapters, values, strict=True)
        ]
        self.rows += 1
        if self.rows >= self.most:
            self.flush()

    def flush(self) -> None:
        if self.rows:
            row = "(" + ", ".join(["%s"] * len(self.columns)) + ")"
            values = ", ".join([row] * self.rows)
            execute(f"INSERT INTO {self.table} ({_names(self.columns)}) VALUES {values}", self.params)
        self.params, self.rows = [], 0


def file_writer(file: File) -> Writer:
    return Writer(file.table, {"csv_line": "int", **{column.name: column.store for column in file.columns}})


_ADAPTERS = {
    "day": connection.ops.adapt_datefield_value,
    "moment": connection.ops.adapt_datetimefield_value,
}


def pages(sql: str, order: str, *, size: int = BATCH) -> Iterator[list[tuple[Any, ...]]]:
    """Pages of a query whose first column is `order`, ascending and unique; `sql` has {page} where the condition goes.

    Nothing is held open between the pages, so that a caller may write meanwhile.
    """
    last: list[Any] = []
    while True:
        condition = f"{order} > %s" if last else "1 = 1"
        rows = fetch(f"{sql.format(page=condition)} ORDER BY {order} LIMIT {size}", last)
        if rows:
            yield rows
        if len(rows) < size:
            return
        last = [rows[-1][0]]


def analyze(*tables: str) -> None:
    """Let PostgreSQL know what these staging tables hold: nobody else does for temporary tables."""
    if connection.vendor == "postgresql":
        for name in tables:
            execute(f"ANALYZE {name}")


def as_moment(raw: Any) -> Any:
    """A moment as the cursor gives it: on SQLite text, or without a time zone."""
    if isinstance(raw, str):
        raw = datetime.fromisoformat(raw)
    return raw.replace(tzinfo=UTC) if isinstance(raw, datetime) and raw.tzinfo is None else raw


def as_day(raw: Any) -> Any:
    """A date as the cursor gives it: text on SQLite."""
    return date.fromisoformat(raw) if isinstance(raw, str) else raw


def reference_key(ref: str, expression: str) -> str:
    """SQL: the id of the row of file `ref` whose key `expression` holds."""
    file = BY_NAME[ref]
    return f'(SELECT r.id FROM {file.model._meta.db_table} r WHERE r."{file.match}" = {expression})'


def key_of_reference(ref: str, expression: str) -> str:
    """SQL: the key of the row of file `ref` whose id `expression` holds."""
    file = BY_NAME[ref]
    return f'(SELECT r."{file.match}" FROM {file.model._meta.db_table} r WHERE r.id = {expression})'


def as_json(raw: Any) -> Any:
    """A staged value of JSON, which is text."""
    return json.loads(raw) if isinstance(raw, str) else raw
