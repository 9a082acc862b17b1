"""Statements that PostgreSQL reads once a connection: to read and plan a long one takes longer than to carry it out.

Connections keep one plan for all values of a prepared statement (`plan_cache_mode` in config/settings.py, see
https://www.postgresql.org/docs/current/sql-prepare.html): this is for those whose best plan does not hang on them.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from psycopg2.extensions import AsIs

MOST = 200  # statements that a connection keeps
TYPES = {int: "::bigint", date: "::date", datetime: "::timestamptz"}  # as psycopg2 writes their literals
names_of: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()  # by connection


def prepares(connection: Any) -> bool:
    """Whether its connections live on, and are not handed round by a pool from one transaction to the next."""
    told = connection.settings_dict
    pooled = told.get("DISABLE_SERVER_SIDE_CURSORS", False)
    return connection.vendor == "postgresql" and told["CONN_MAX_AGE"] != 0 and not pooled


def slot(number: int, value: Any) -> AsIs:
    """Where the value of this number, from 1 on, belongs in a statement, in place of one of the same type."""
    return AsIs(f"${number}{TYPES.get(type(value), '')}")


def call(connection: Any, name: str, values: int, sql: str, parameters: Callable[[], tuple[Any, ...]]) -> str:
    """The call of the statement `name` with so many values; a connection that does not know it yet is told it.

    `sql` is the statement, `parameters` give its constants, and `slot` where a value belongs.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    names = names_of.setdefault(connection.connection, set())
    if name not in names:
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            if len(names) >= MOST:
                cursor.execute("DEALLOCATE ALL")
                names.clear()
            cursor.execute(f"PREPARE {name} AS {sql}", parameters())
        names.add(name)
    return f"EXECUTE {name} ({', '.join(['%s'] * values)})" if values else f"EXECUTE {name}"
