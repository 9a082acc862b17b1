"""The import of many events into the full company: a copy of its database, which is dropped afterwards."""

import csv
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import connection

from pipeline.interchange import import_workspace
from scripts.bench import places
from scripts.bench.counting import Counter
from scripts.bench.places import Size

LINES = 8  # of an opportunity: stage, owner, amount, close at first, then two moves, an amount, a next step
STAGES = ("discover", "validate", "cocreate")


@dataclass(frozen=True)
class Taken:
    """Seconds of a whole import and of its writing transaction, and the queries of it."""

    whole: float
    writing: float
    queries: int


def timed_import(name: str, size: Size) -> Taken:
    """What an import of new opportunities with `size.events` events takes."""
    marks: dict[str, float] = {}

    def progress(step: str, _count: int) -> None:
        marks.setdefault(step, time.perf_counter())

    with tempfile.TemporaryDirectory(prefix="ascent-bench-") as folder, _copy(name):
        _write(Path(folder), size)
        begun, counter = time.perf_counter(), Counter()
        with _committed() as committed, connection.execute_wrapper(counter):
            report = import_workspace(folder, progress=progress)
        if not report.written:
            raise SystemExit(f"ascent: the import was refused: {report.bad_rows[:3]}")
        return Taken(time.perf_counter() - begun, committed() - marks["writing"], counter.number)


@contextmanager
def _copy(name: str) -> Iterator[None]:
    """Work on a copy of the database meanwhile."""
    connection.close()
    places.create(f"{name}_import", template=name)
    connection.settings_dict["NAME"] = f"{name}_import"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        places.drop(f"{name}_import")


@contextmanager
def _committed() -> Iterator[Callable[[], float]]:
    """When the last transaction was committed."""
    at, commit = [0.0], connection.commit

    def noted() -> None:
        commit()
        at[0] = time.perf_counter()

    connection.commit = noted  # type: ignore[method-assign]
    try:
        yield lambda: at[0]
    finally:
        connection.commit = commit  # type: ignore[method-assign]


def _write(folder: Path, size: Size) -> None:
    with (folder / "opportunities.csv").open("w") as rows, (folder / "opportunity_events.csv").open("w") as events:
        opportunities, changes = csv.writer(rows), csv.writer(events)
        opportunities.writerow(["key", "customer", "title", "created_at"])
        changes.writerow(["opportunity", "at", "actor", "field", "value", "reason"])
        for number in range(size.events // LINES):
            rep, key = number % size.reps, f"imported-{number}"
            at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=number % 200_000)
            opportunities.writerow([key, f"customer-{rep * 20 + 1}", f"Imported {number}", at.isoformat()])
            changes.writerows([key, moment.isoformat(), f"rep-{rep + 1}", *rest] for moment, *rest in _events(at, rep))


def _events(at: datetime, rep: int) -> Iterator[tuple[datetime, str, str, str]]:
    yield at, "stage", STAGES[0], ""
    yield at, "owner", f"rep-{rep + 1}", ""
    yield at, "amount", "250000", ""
    yield at, "expected_close", "2026-12-31", ""
    yield at + timedelta(days=20), "stage", STAGES[1], ""
    yield at + timedelta(days=40), "amount", "300000", ""
    yield at + timedelta(days=60), "stage", STAGES[2], ""
    yield at + timedelta(days=61), "next_step", "Show the plan", ""
