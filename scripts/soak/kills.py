"""kill -9 of web, worker and beat at random moments during moves, an import and the nightly work.

Each round moves opportunities through the API, imports a workspace, has past days computed, kills one of the processes
in the middle of it and starts it again as a service manager would. Leases are cut short instead of waited for, and the
nightly tick, every ten minutes in the beat schedule, is sent by the round itself; nothing else is helped along.
"""

import csv
import io
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from django.utils import timezone

from accounts.models import AuditEntry, User
from accounts.selectors import calendar
from accounts.tokens import create_token
from config.celery import app
from opportunities.models import Opportunity
from pipeline import nightly
from pipeline.models import ImportRun, NightlyRun
from scripts.soak import checks
from scripts.soak.client import Client, Mover, Refused, until
from scripts.soak.product import ROOT, Product

DAYS = 20  # past days that are due again in every round
ROWS, EVENTS = 300, 3  # opportunities of a round's import, and changes of each
MOVERS = 2
KILLED = ("web", "a web worker", "worker", "beat")


@dataclass
class Outcome:
    """What the rounds found."""

    rounds: int = 0
    moves: int = 0
    unanswered: int = 0
    killed: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def main(rounds: int = 30) -> int:
    """So many rounds on the empty database of this process' settings; 1 when something was wrong."""
    with tempfile.TemporaryDirectory(prefix="ascent-soak-logs-") as logs:
        try:
            outcome = run(rounds, Path(logs))
        except (TimeoutError, Refused):
            print(last_words(Path(logs)), flush=True)
            raise
    print(summary(outcome))
    return 1 if outcome.wrong else 0


def run(rounds: int, logs: Path) -> Outcome:
    """The rounds on a demo company."""
    for command in ("migrate", "collectstatic", "demo"):
        options = ["--no-input"] if command != "demo" else []
        subprocess.run(
            [sys.executable, "manage.py", command, *options], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
    outcome, chance = Outcome(), random.Random(8848)  # noqa: S311
    with Product(logs) as product:
        arena = Arena(product, chance, outcome)
        for number in range(rounds):
            arena.round(number)
            print(f"round {number + 1}: {outcome.moves} moves, {len(outcome.wrong)} faults", flush=True)
    return outcome


class Arena:
    """A company under attack: its movers' opportunities and how often each was moved."""

    def __init__(self, product: Product, chance: random.Random, outcome: Outcome) -> None:
        self.product, self.chance, self.outcome = product, chance, outcome
        reps = User.objects.filter(role="rep").order_by("pk")[:MOVERS]
        self.clients = [Client(token_of(user)) for user in reps]
        self.admin = Client(token_of(User.objects.filter(role="admin").order_by("pk")[0]))
        mine = [Opportunity.objects.filter(owner=user, outcome="open", archived_at=None)[:5] for user in reps]
        self.ids = [[row.pk for row in rows] for rows in mine]
        self.moved: dict[int, int] = {pk: moves_in_trail(pk) for ids in self.ids for pk in ids}

    def round(self, number: int) -> None:
        """One round: work, a kill, work again, and the checks."""

        first, last = make_days_due()
        movers = self._start_moving()
        prefix = f"soak{number}-"
        asked = self._import(prefix)
        nudge("pipeline.tasks.run_nightly_now")
        time.sleep(self.chance.uniform(0, 4))
        name = self.chance.choice(KILLED)
        self.outcome.killed[name] = self.outcome.killed.get(name, 0) + 1
        self._kill(name)
        end_leases()
        self._confirm(asked)
        self._settle(asked, first, last)
        for mover in movers:
            mover.finish()
            for pk, moves in mover.moved.items():
                self.moved[pk] += moves
        self.outcome.rounds += 1
        self.outcome.moves = sum(self.moved.values())
        self.outcome.unanswered = sum(client.unanswered for client in [*self.clients, self.admin])
        self.outcome.wrong += checks.broken_histories() + checks.miscounted_moves(self.moved)
        self.outcome.wrong += checks.half_imported(prefix, ROWS, ROWS * EVENTS)
        self.outcome.wrong += checks.wrong_nights(first, last, ends_of(first, last))

    def _start_moving(self) -> list[Mover]:
        movers = [Mover(client, ids, self.chance) for client, ids in zip(self.clients, self.ids, strict=True)]
        for mover in movers:
            mover.start()
        return movers

    def _import(self, prefix: str) -> int:
        return int(self.admin.upload("imports/", "workspace.zip", workspace(prefix))["id"])

    def _kill(self, name: str) -> None:
        if name == "a web worker":
            self.product.kill_one_web_worker(self.chance)
            return
        self.product.kill(name)
        time.sleep(self.chance.uniform(0, 1))
        self.product.start(name)
        self.product.wait()

    def _confirm(self, pk: int) -> None:
        until(lambda: self._state(pk) == "checked", f"import {pk} is checked")
        self.admin.post(f"imports/{pk}/confirm/", {})
        time.sleep(self.chance.uniform(0, 3))
        self._kill("worker")  # a second one, while the import is written
        end_leases()

    def _state(self, pk: int) -> str:
        return str(self.admin.get(f"imports/{pk}/")["state"])

    def _settle(self, pk: int, first: date, last: date) -> None:
        until(lambda: self._state(pk) in ("finished", "failed", "refused"), f"import {pk} ends")
        if self._state(pk) != "finished":
            self.outcome.wrong.append(f"import {pk}: {self._state(pk)}")
        nudge("pipeline.tasks.run_nightly_now")
        days = NightlyRun.objects.filter(day__range=(first, last)).exclude(state=NightlyRun.State.FINISHED)
        until(lambda: not days.exists(), "the days are computed")


def last_words(logs: Path) -> str:
    """The end of each process' log, and the runs that have not ended."""
    ends = [f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in sorted(logs.glob("*.log"))]
    fields = ("id", "state", "step", "rows", "attempts", "leased_until", "error")
    return "\n".join([*ends, *map(str, ImportRun.objects.exclude(state="finished").values_list(*fields))])


def token_of(user: User) -> str:
    return create_token(user=user, name="soak", scope="write")[1]


def moves_in_trail(pk: int) -> int:
    return AuditEntry.objects.filter(model="opportunity", action="move", object_id=pk).count()


def make_days_due() -> tuple[date, date]:
    """The last DAYS ended days are due again; the first and last of them."""
    last = nightly.last_day(at_once=True)
    first = last - timedelta(days=DAYS - 1)
    nightly.forget_from(first)
    return first, last


def ends_of(first: date, last: date) -> dict[date, datetime]:
    """The moment at which each of these days ended."""
    days = calendar()
    return {day: days.end_of_day(day) for day in (first + timedelta(n) for n in range((last - first).days + 1))}


def end_leases() -> None:
    """As if the time had passed after which a claim may be taken over."""
    now = timezone.now()
    for model in (ImportRun, NightlyRun):
        model.objects.filter(leased_until__gt=now).update(leased_until=now)  # type: ignore[attr-defined]


def nudge(task: str) -> None:
    """Send a task as beat does."""
    app.send_task(task)


def workspace(prefix: str) -> bytes:
    """A zip with ROWS new opportunities, each with EVENTS changes, all keys beginning with `prefix`."""
    owner = User.objects.filter(role="rep").order_by("pk")[0].username
    days = [f"2026-0{number + 1}-05T09:00:00+08:00" for number in range(EVENTS)]
    rows = [f"{prefix}{number}" for number in range(ROWS)]
    events = [[key, days[0], "owner", owner] for key in rows] + [[key, days[0], "stage", "discover"] for key in rows]
    events += [[key, day, "amount", str(1000 + n)] for key in rows for n, day in enumerate(days)]
    customer = f"{prefix}c"
    files = {
        "customers.csv": [["key", "name", "owner"], [customer, f"Soak {prefix}", owner]],
        "opportunities.csv": [
            ["key", "customer", "title", "created_at"],
            *[[key, customer, key, days[0]] for key in rows],
        ],
        "opportunity_events.csv": [["opportunity", "at", "field", "value"], *events],
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, table in files.items():
            text = io.StringIO()
            csv.writer(text).writerows(table)
            archive.writestr(name, text.getvalue())
    return packed.getvalue()


def summary(outcome: Outcome) -> str:
    killed = ", ".join(f"{name} {count}" for name, count in sorted(outcome.killed.items()))
    faults = "\n".join(outcome.wrong[:50]) or "no fault"
    return (
        f"{outcome.rounds} rounds, {outcome.moves} moves answered, {outcome.unanswered} requests without an answer "
        f"asked again; killed: {killed}, and the worker once more in each round while an import was written\n{faults}"
    )
