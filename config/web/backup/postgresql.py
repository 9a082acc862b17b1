"""PostgreSQL in a backup: pg_dump's custom format, restored by pg_restore through psql in one transaction.

Restored plainly, `pg_restore --clean` drops what is in the dump alone: where the database is newer than the backup,
its other tables would be in the way. So the tables that are there are dropped first, within that transaction.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.client import DatabaseClient

from config.web.backup.manifest import BackupError, Manifest, contents, counting

FILE = "database.dump"
PATIENCE = "30s"  # for another process that holds a table
WITHOUT = ("--no-owner", "--no-privileges", "--no-comments")  # it may be restored by another role


def save(file: Path) -> tuple[list[str], dict[str, int]]:
    """Write a dump of one snapshot; the migrations and rows in that snapshot. DatabaseError without any."""
    with transaction.atomic(), connection.cursor() as cursor:

        def fetch(sql: str) -> list[Any]:
            cursor.execute(sql)
            return cursor.fetchall()

        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        [[snapshot]] = fetch("SELECT pg_export_snapshot()")
        found = contents(fetch)
        _finish(_on_database("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={file}", *WITHOUT))
        return found


def load(file: Path, manifest: Manifest) -> None:
    """Replace all tables in one transaction, which is committed only when each has the rows that were counted."""
    before, after = _dropping(), _checking(manifest)
    connection.close()
    psql = _on_database("psql", "-Xq", "--set=ON_ERROR_STOP=1", "--output=/dev/null", stdin=PIPE)
    dump = _start(["pg_restore", "--file=-", *WITHOUT, str(file)], stdout=PIPE)
    _feed(psql, before.encode(), dump, after.encode())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _feed(psql: Popen[bytes], before: bytes, dump: Popen[bytes], after: bytes) -> None:
    """Hand psql the whole script. `after` ends in COMMIT: when it does not get that far, nothing has happened."""
    assert psql.stdin and dump.stdout
    try:
        psql.stdin.write(before)
        shutil.copyfileobj(dump.stdout, psql.stdin)
        _finish(dump)
        psql.stdin.write(after)
    except BrokenPipeError:  # psql has ended, and says why
        dump.kill()
        dump.wait()
    except BackupError:
        psql.kill()
        psql.wait()
        raise
    _finish(psql)


def _dropping() -> str:
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_list(cursor)
    tables = ", ".join(connection.ops.quote_name(table.name) for table in found if table.type in ("t", "p"))
    drop = f"DROP TABLE {tables} CASCADE;\n" if tables else ""
    return f"BEGIN;\nSET LOCAL client_min_messages = warning;\nSET LOCAL lock_timeout = '{PATIENCE}';\n{drop}"


def _checking(manifest: Manifest) -> str:
    counted = (
        f"IF ({counting(table)}) <> {int(rows)} THEN RAISE 'a table has other rows than were counted'; END IF;\n"
        for table, rows in manifest.rows.items()
    )
    return f"RESET search_path;\nDO $$ BEGIN\n{''.join(counted)}END $$;\nCOMMIT;\n"


def _on_database(program: str, *options: str, stdin: int | None = None) -> Popen[bytes]:
    """Start a program that connects to our database; the password goes through its environment."""
    arguments, environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, list(options))
    return _start([program, *arguments[1:]], env=os.environ | (environment or {}), stdin=stdin)


def _start(command: list[str], **how: Any) -> Popen[bytes]:
    try:
        return Popen(command, stderr=PIPE, **how)
    except FileNotFoundError as error:
        raise BackupError(f"{command[0]} is missing: install the client of PostgreSQL (postgresql-client).") from error


def _finish(process: Popen[bytes]) -> None:
    """Wait for its end; BackupError with what it said when it failed."""
    if process.stdin:
        with suppress(BrokenPipeError):
            process.stdin.close()
    assert process.stderr and isinstance(process.args, list)
    said = process.stderr.read().decode(errors="replace").strip()
    if process.wait() != 0:
        raise BackupError(f"{process.args[0]} failed: {said}")
