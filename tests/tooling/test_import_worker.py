"""A real worker is killed while it writes an import; another one finishes it, once."""

import sqlite3
import time
from contextlib import contextmanager
from datetime import timedelta

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry, OutboxMessage
from opportunities.models import Collaborator, Opportunity
from pipeline.models import ImportRun
from pipeline.runs import storage
from tests.pipeline.runs.doors import uploaded
from tests.tooling.test_worker import call, database_url, environment, wait_until, worker

State = ImportRun.State
TASK = settings.CELERY_BEAT_SCHEDULE["workspace: carry out imports and exports"]["task"]
SLOW = """CREATE VIEW slowly AS WITH RECURSIVE counted(n) AS
(SELECT 1 UNION ALL SELECT n + 1 FROM counted LIMIT 500000000) SELECT MAX(n) AS n FROM counted"""


@contextmanager
def stuck_in_the_middle():
    """The writing transaction comes as far as the collaborators, and no further; gives what tells that it is there."""
    table = Collaborator._meta.db_table
    if connection.vendor == "postgresql":
        other = psycopg2.connect(database_url())
        other.cursor().execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        yield waiting_for_a_lock
        other.rollback()
        other.close()
        return
    with connection.cursor() as cursor:
        cursor.execute(SLOW)
        cursor.execute(f"CREATE TRIGGER slow BEFORE INSERT ON {table} BEGIN SELECT n FROM slowly; END")
    yield locked_for_a_while
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER slow")
        cursor.execute("DROP VIEW slowly")


def waiting_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT%'")
        return cursor.fetchone()[0] > 0


def locked_for_a_while():
    """Whether somebody holds SQLite's one lock for longer than a small write would."""
    other = sqlite3.connect(str(connection.settings_dict["NAME"]), timeout=0.7, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return True
    finally:
        other.close()
    return False


def state(run):
    run.refresh_from_db()
    return run.state


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_import_whose_worker_is_killed_while_it_writes_is_finished_once(company, signed_in, tmp_path):
    env = environment(tmp_path, DATABASE_URL=database_url(), MEDIA_ROOT=str(settings.MEDIA_ROOT))
    client = signed_in(company.admin)
    run = uploaded(client)
    log = tmp_path / "worker.log"
    with stuck_in_the_middle() as is_in_the_middle, worker(env, log) as process:
        call(TASK, env)
        wait_until(lambda: state(run) == State.CHECKED, log)
        client.post(f"/settings/workspace/imports/{run.key}/confirm/")
        call(TASK, env)
        wait_until(lambda: state(run) == State.WRITING and is_in_the_middle(), log)
        process.kill()
        process.wait(timeout=10)
    wait_until(lambda: not in_a_transaction(), log)
    assert state(run) == State.WRITING
    assert run.leased_until > timezone.now() + timedelta(seconds=30)
    assert not Opportunity.objects.exists()
    assert storage.has_upload(run)

    second = tmp_path / "second.log"
    with worker(env, second):
        call(TASK, env)
        time.sleep(1)
        assert state(run) == State.WRITING  # its lease has not ended
        ImportRun.objects.filter(pk=run.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
        call(TASK, env)
        wait_until(lambda: state(run) == State.FINISHED, second)
        call(TASK, env)
    assert run.attempts == 2
    assert Opportunity.objects.count() == 1
    assert AuditEntry.objects.filter(action="import", label="opportunities.csv").count() == 1
    assert OutboxMessage.objects.filter(kind="import_ended").count() == 2  # bell and mail, once each
    wait_until(lambda: not storage.folder_of(run).exists(), second)


def in_a_transaction():
    """Whether the killed worker's transaction is still there: PostgreSQL notices after a moment."""
    return waiting_for_a_lock() if connection.vendor == "postgresql" else locked_for_a_while()
