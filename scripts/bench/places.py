"""Where the bench works: a PostgreSQL database and a Redis of the environment's services, never on SQLite."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg2  # type: ignore[import-untyped]
from psycopg2 import sql

NEEDED = """\
ascent: make bench needs PostgreSQL and Redis, on SQLite its figures would say nothing. For example:
  DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres REDIS_URL=redis://127.0.0.1:6379/5 make bench
It makes a database of its own on that server (BENCH_DATABASE, by default ascent_bench)."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large the company is; `label` is kept with the database, so that another size is generated anew."""

    reps: int = 1000
    opportunities: int = 200_000
    customers: int = 200_000
    events: int = 100_000
    rounds: int = 100
    warm_up: int = 15

    @property
    def label(self) -> str:
        return (
            f"ascent bench: {self.reps} reps, {self.opportunities} opportunities, {self.customers} customers, evidence"
        )


def size() -> Size:
    """What BENCH_REPS, BENCH_OPPORTUNITIES, BENCH_CUSTOMERS, BENCH_EVENTS, BENCH_ROUNDS and BENCH_WARM_UP say."""
    given = {name: os.environ.get(f"BENCH_{name.upper()}") for name in Size.__slots__}
    return Size(**{name: int(value) for name, value in given.items() if value})


def use_services() -> None:
    """Point this process and its children to the bench's own database; SystemExit without both services."""
    database, redis = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if not database.startswith(("postgres://", "postgresql://")) or not redis:
        raise SystemExit(NEEDED)
    os.environ["BENCH_SERVER"] = database
    os.environ["DATABASE_URL"] = url_of(os.environ.get("BENCH_DATABASE", "ascent_bench"))
    os.environ.update(DEBUG="off", HTTPS="off", SECRET_KEY="only-for-the-bench-" + "x" * 40, LOG_LEVEL="WARNING")
    os.environ["DJANGO_SETTINGS_MODULE"] = "scripts.bench.settings"


def url_of(name: str) -> str:
    """Address of a database on the server that the environment gave."""
    return urlunsplit(urlsplit(os.environ["BENCH_SERVER"])._replace(path=f"/{name}"))


def name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def label_of(name: str) -> str | None:
    """What the database holds; None when there is none, empty when it was not finished."""
    found = _on_server(
        "SELECT COALESCE(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = %s", name
    )
    return found[0][0] if found else None


def create(name: str, *, template: str = "template0") -> None:
    """An empty database, or a copy of another one; what was there under the name is gone."""
    drop(name)
    text = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    _on_server(text)


def drop(name: str) -> None:
    _on_server(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def finish(name: str, label: str) -> None:
    """Note that the database is complete."""
    _on_server(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(label)))


def _on_server(text: str | sql.Composable, *params: str) -> list[tuple[str, ...]]:
    connection = psycopg2.connect(url_of("postgres"))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(text, params or None)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
