"""A real worker process, with the database and the broker of this run: SQLite and files, or PostgreSQL and Redis."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.celery import app
from pipeline.models import DailyTotal, NightlyRun
from tests import factories

ROOT = Path(__file__).parents[2]
CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "config")


def database_url() -> str:
    """Address of the database that the tests themselves use."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    password = f":{quote(found['PASSWORD'])}" if found["PASSWORD"] else ""
    return f"postgres://{found['USER']}{password}@{found['HOST']}:{found['PORT'] or 5432}/{found['NAME']}"


def environment(folder: Path, **more: str) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    broker = {"REDIS_URL": settings.REDIS_URL} if settings.REDIS_URL else {}
    own = {"DJANGO_SETTINGS_MODULE": "config.settings", "VAR_DIR": str(folder), "DEBUG": "off"}
    return given | own | broker | more


@contextmanager
def worker(env: dict[str, str], log: Path):
    """A worker that listens, ended at the end."""
    command = [*CELERY, "worker", "--pool", "threads", "--concurrency", "2"]
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=file, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: "ready" in log.read_text(), log)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until(condition, log: Path, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


def call(task: str, env: dict[str, str]) -> str:
    """Sends the task; its id."""
    sent = subprocess.run([*CELERY, "call", task], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert sent.returncode == 0, sent.stderr
    return sent.stdout.split()[-1]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_nightly_tick_of_beat_runs_in_a_worker(company, tmp_path):
    """The days before an opportunity of last week are due; the tick has them computed and recorded."""
    with time_machine.travel(timezone.now() - timedelta(days=4), tick=True):
        factories.opportunity(company.rep)
    env = environment(tmp_path, DATABASE_URL=database_url())
    task = settings.CELERY_BEAT_SCHEDULE["nightly: compute the days that are due"]["task"]
    log = tmp_path / "worker.log"
    with worker(env, log):
        call(task, env)
        wait_until(lambda: NightlyRun.objects.filter(state=NightlyRun.State.FINISHED).count() >= 2, log)
        wait_until(lambda: DailyTotal.objects.exists(), log)
    assert_json_lines(log)


def assert_json_lines(log: Path) -> None:
    """What a worker logs in production is one JSON object a line (what it prints about root and its end aside)."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert {"time", "level", "logger", "message", "request_id"} <= set(lines[0])
    assert any(line["logger"] == "celery.app.trace" and line["request_id"] != "-" for line in lines)


def test_every_task_that_beat_sends_is_known():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
