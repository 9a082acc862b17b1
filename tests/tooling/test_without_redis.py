"""Redis is not there, or stops and comes back: people go on working, nobody waits for long, what waits is sent."""

import json
import re
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
import redis
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.models import Kind, OutboxMessage
from accounts.tokens import create_token
from opportunities.models import Opportunity
from pipeline import nightly
from tests import factories
from tests.factories import PASSWORD
from tests.tooling.gate import Gate
from tests.tooling.server import server
from tests.tooling.test_worker import CELERY, ROOT, database_url, environment, wait_until, worker

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
SECONDS = 10  # the longest that anything may take, on a machine that has more to do
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Browser:
    """Keeps cookies, follows redirects, sends the token of the last page it saw."""

    def __init__(self, base: str) -> None:
        self.base, self.csrf = base, ""
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> tuple[int, str]:
        return self.ask(Request(f"{self.base}{path}"))

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        data = urlencode({"csrfmiddlewaretoken": self.csrf, **fields}).encode()
        return self.ask(Request(f"{self.base}{path}", data))

    def ask(self, request: Request) -> tuple[int, str]:
        began = time.monotonic()
        try:
            with self.opener.open(request, timeout=60) as answer:
                status, body = answer.status, answer.read().decode()
        except HTTPError as error:
            status, body = error.code, error.read().decode()
        assert time.monotonic() - began < SECONDS
        self.csrf = next(iter(CSRF.findall(body)), self.csrf)
        return status, body

    def sign_in(self, username: str, password: str = PASSWORD) -> tuple[int, str]:
        self.get("/accounts/login/")
        return self.post("/accounts/login/", login=username, password=password)


@pytest.fixture
def passwords(company, settings) -> None:
    """Hashed as the server does it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    for person in (company.rep, company.admin):
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    type(company.mate).objects.filter(pk=company.mate.pk).update(email="mate@example.com")


def test_people_go_on_working(company, passwords, tmp_path):
    with time_machine.travel(timezone.now() - timedelta(days=3), tick=True):
        row = factories.opportunity(company.rep, title="North Face")
    _token, secret = create_token(user=company.rep, name="t", scope="write")
    with server(tmp_path, REDIS_URL="redis://127.0.0.1:1/0") as web:
        base = web.base
        rep = Browser(base)
        status, body = rep.sign_in("rep")
        assert status == 200 and ">Rep<" in body
        status, body = rep.get("/opportunities/")
        assert status == 200 and "North Face" in body
        assert move(rep, secret, row) == 200
        row.refresh_from_db()
        assert row.stage.key == "validate"
        admin = Browser(base)
        assert admin.sign_in("admin")[0] == 200
        status, body = admin.get("/settings/nightly/")
        assert status == 200
        status, body = admin.post("/settings/nightly/run/")
        assert status == 200 and "The broker does not answer." in body
        guess(base)
    assert nightly.due_days() != []  # beat's next tick finds them


def move(browser: Browser, secret: str, row: Opportunity) -> int:
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    body = json.dumps({"stage": "validate", "version": row.version}).encode()
    url = f"{browser.base}/api/v1/opportunities/{row.pk}/move/"
    return browser.ask(Request(url, body, headers))[0]


def guess(base: str) -> None:
    """Wrong passwords are counted all the same, and then the right one does not help."""
    guessing = Browser(base)
    for number in range(6):
        guessing.sign_in("rep", f"wrong-{number}")
    assert ">Rep<" not in guessing.sign_in("rep")[1]
    body = json.dumps({"username": "mate", "password": "wrong"}).encode()
    request = Request(f"{base}/api/v1/auth/token/", body, {"Content-Type": "application/json"})
    assert [guessing.ask(request)[0] for _time in range(11)] == [401] * 10 + [429]


if settings.REDIS_URL:

    @pytest.fixture
    def gate() -> Iterator[Gate]:
        """Before the Redis of this run."""
        url = urlsplit(settings.REDIS_URL)
        with Gate(url.hostname or "127.0.0.1", url.port or 6379) as found:
            yield found

    @pytest.fixture
    def queue() -> Iterator[str]:
        """A queue of its own, of which nothing is left in Redis."""
        name = f"test-{uuid.uuid4().hex}"
        yield name
        with redis.Redis.from_url(settings.REDIS_URL) as here:
            here.delete(name, f"_kombu.binding.{name}", f"_kombu.binding_permanent.{name}")

    def test_what_waits_is_sent_when_redis_is_back(company, passwords, gate, queue, tmp_path):
        """Web, worker and beat go on by themselves through a stop of Redis."""
        first, second = (factories.opportunity(company.rep, title=title) for title in ("North Face", "South Face"))
        _token, secret = create_token(user=company.manager, name="t", scope="write")
        url = urlsplit(settings.REDIS_URL)
        place = f"{url.netloc.rpartition('@')[0]}@127.0.0.1:{gate.port}".removeprefix("@")
        variables = {
            "REDIS_URL": f"{url.scheme}://{place}{url.path}", "OWN_QUEUE": queue,
            "DJANGO_SETTINGS_MODULE": "tests.tooling.own_queue",
        }  # fmt: skip
        env, log = environment(tmp_path, DATABASE_URL=database_url(), **variables), tmp_path / "worker.log"
        with server(tmp_path, **variables) as web, worker(env, log), beat(env, tmp_path):
            rep, manager = Browser(web.base), Browser(web.base)
            hand_over(manager, secret, first)
            wait_until(lambda: told() == 2, log)
            gate.shut()
            assert ">Rep<" in rep.sign_in("rep")[1]
            assert "South Face" in rep.get("/opportunities/")[1]
            assert move(rep, secret, second) == 200
            second.refresh_from_db()
            hand_over(manager, secret, second)
            time.sleep(15)  # beat says in vain that something is due
            assert told() == 2
            gate.open()
            wait_until(lambda: told() == 4, log, 60)

    def hand_over(browser: Browser, secret: str, row: Opportunity) -> None:
        """To the mate, who is told at once instead of after the time of an undo."""
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        body = json.dumps({"owner": "mate", "version": row.version}).encode()
        url = f"{browser.base}/api/v1/opportunities/{row.pk}/"
        assert browser.ask(Request(url, body, headers, method="PATCH"))[0] == 200
        OutboxMessage.objects.waiting().update(due_at=timezone.now())

    def told() -> int:
        """How often somebody was told, by bell or by mail."""
        return OutboxMessage.objects.filter(kind=Kind.HANDED_OVER, sent_at__isnull=False).count()

    @contextmanager
    def beat(env: dict[str, str], folder: Path) -> Iterator[None]:
        """Beat as it runs, ended at the end."""
        command = [*CELERY, "beat", "--pidfile=", "--schedule", str(folder / "schedule")]
        with (folder / "beat.log").open("w") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)
