"""A long history comes in within bounded memory, and nobody waits while it is checked and computed."""

import threading
import time
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from opportunities.models import Checkpoint, HeightsVersion, OpportunityVersion
from opportunities.rules.evidence import FACTORS
from pipeline.interchange import import_workspace
from tests.pipeline.interchange.workspaces import BASE, wipe, write

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)


def history(folder, *, opportunities, changes):
    """So many opportunities of so many changes each; the events are in no order of opportunity."""
    folder.mkdir()
    write(folder, {"contacts.csv": None, "collaborators.csv": None, "orders.csv": None})
    with (folder / "opportunities.csv").open("w") as file:
        file.write("key,customer,title,created_at\n")
        file.writelines(f"o{number},acme,Title {number},{BEGIN.isoformat()}\n" for number in range(opportunities))
    with (folder / "opportunity_events.csv").open("w") as file:
        file.write(BASE["opportunity_events.csv"].splitlines()[0].replace(",reason", "") + "\n")
        for step in range(changes):
            at = (BEGIN + timedelta(days=step)).isoformat()
            for number in range(opportunities):
                if step == 0:
                    file.write(f"o{number},{at},ann,stage,lead\no{number},{at},ann,owner,ann\n")
                else:
                    file.write(f"o{number},{at},ann,amount,{step}.5\n")
    return folder


def peak(source):
    tracemalloc.start()
    report = import_workspace(source)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.bad_rows == []
    return most


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.anywhere
def test_memory_does_not_grow_with_the_history(tmp_path):
    small = peak(history(tmp_path / "small", opportunities=200, changes=9))
    wipe()
    large = peak(history(tmp_path / "large", opportunities=1250, changes=9))
    assert OpportunityVersion.objects.count() == 11_250
    assert large < 40 * 1024 * 1024
    assert large < small * 4


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_others_write_while_an_import_is_checked_and_computed(tmp_path, monkeypatch):
    from opportunities.models import Stage
    from pipeline.interchange import load as loading

    source = history(tmp_path / "history", opportunities=20, changes=3)
    waited = []

    def somebody_writes():
        started = time.monotonic()
        Stage.objects.filter(key="lead").update(name_en="Meanwhile")
        waited.append(time.monotonic() - started)
        connection.close()

    real = loading.Historian.compute

    def compute(self, progress=None):
        real(self, progress)
        thread = threading.Thread(target=somebody_writes)
        thread.start()
        thread.join(timeout=15)

    monkeypatch.setattr(loading.Historian, "compute", compute)
    wipe()
    assert import_workspace(source).written
    assert len(waited) == 1
    assert waited[0] < 5


def climbed(folder, *, opportunities, records):
    """So many opportunities with so many records each."""
    history(folder, opportunities=opportunities, changes=1)
    with (folder / "checkpoints.csv").open("w") as file:
        file.write("opportunity,factor,level,recorded_at,evidence,grade\n")
        for number in range(opportunities):
            for step in range(records):
                at = (BEGIN + timedelta(days=step)).isoformat()
                file.write(f"o{number},{FACTORS[step % 5]},{step // 5 % 6 + 1},{at},Said so,E{step % 4}\n")
    return folder


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.anywhere
def test_memory_does_not_grow_with_the_records(tmp_path):
    small = peak(climbed(tmp_path / "small", opportunities=150, records=12))
    wipe()
    large = peak(climbed(tmp_path / "large", opportunities=1000, records=12))
    assert Checkpoint.objects.count() == 12_000
    assert HeightsVersion.objects.current().count() == 1000
    assert large < 40 * 1024 * 1024
    assert large < small * 4
