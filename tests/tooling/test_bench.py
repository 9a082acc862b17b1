"""`make bench` on a tiny company with the services of this run; on SQLite it refuses."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from scripts.bench import places, report
from scripts.bench.targets import Target
from scripts.bench.workspace import Taken
from tests.tooling.test_worker import database_url

ROOT = Path(__file__).parents[2]
TINY = {
    "BENCH_REPS": "20",
    "BENCH_OPPORTUNITIES": "200",
    "BENCH_CUSTOMERS": "900",
    "BENCH_EVENTS": "80",
    "BENCH_ROUNDS": "2",
    "BENCH_WARM_UP": "1",
}
on_services = settings.REDIS_URL and not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")


def run(**more: str) -> "subprocess.CompletedProcess[str]":
    left_out = ("DATABASE_URL", "REDIS_URL")
    environment = {name: value for name, value in os.environ.items() if name not in left_out} | more
    command = [sys.executable, "-m", "scripts.bench"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_refuses_without_its_services():
    found = run(DATABASE_URL="sqlite:////tmp/ascent.sqlite3", REDIS_URL="redis://127.0.0.1:6379/3")
    assert found.returncode == 1
    assert "make bench needs PostgreSQL and Redis" in found.stderr
    assert "Traceback" not in found.stderr


def test_what_is_over_its_limit_is_missed():
    rule = Target("rule", lambda: (0.0, None), times=[10.0, 11.0, 12.0])
    near = Target("near", lambda: (0.0, None), "rule", 4, times=[40.0, 44.0, 400.0], queries={6})
    far = Target("far", lambda: (0.0, None), "rule", 3, times=[30.0, 34.0, 35.0])
    late = Target("late", lambda: (0.0, None), "rule", 5, times=[20.0, 21.0, 61.0], share=0.95)
    assert report.missed([rule, near, far, late]) == ["far", "late"]
    lines = report.table([rule, near, far]).splitlines()
    assert [re.split(r"\s{2,}", line) for line in lines[2:]] == [
        ["rule", "10.0", "11.0", "12.0"],
        ["near", "40.0", "44.0", "400.0", "6", "4.00", "4.00", "4 ×", "met"],
        ["far", "30.0", "34.0", "35.0", "3.00", "3.09", "3 ×", "MISSED"],
    ]


def test_imports_say_their_median_their_slowest_and_their_queries():
    taken = [Taken(21.0, 13.0, 700), Taken(25.0, 14.5, 701), Taken(20.0, 12.0, 700)]
    assert report.imports(100_000, taken) == (
        "Import of 100,000 events, 3 times: p50 21.0 s, p95 25.0 s, of which the writing transaction 13.0 s and "
        "14.5 s; queries 700, 701"
    )


if on_services:

    @pytest.mark.slow
    @pytest.mark.django_db
    def test_runs_from_end_to_end(tmp_path):
        name = f"{settings.DATABASES['default']['NAME']}_bench"
        found = run(
            DATABASE_URL=database_url(),
            REDIS_URL=settings.REDIS_URL,
            BENCH_DATABASE=name,
            VAR_DIR=str(tmp_path),
            **TINY,
        )
        os.environ["BENCH_SERVER"] = database_url()
        try:
            assert found.returncode == 0, found.stderr
            assert places.label_of(name) == "ascent bench: 20 reps, 200 opportunities, 900 customers, evidence"
        finally:
            places.drop(name)
        for line in (
            "Board of everything, HTML",
            "A move on the board",
            "Search of a rep, two characters, p95",
            "Duplicates of everything, p95",
            "Memory of a web worker",
            "Import of 80 events",
        ):
            assert line in found.stdout
        assert f"{name}_import" not in found.stderr
