"""A real web server whose REDIS_URL leads nowhere: people go on working, and nobody waits for long."""

import json
import re
import time
from datetime import timedelta
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
import time_machine
from django.utils import timezone

from accounts.tokens import create_token
from opportunities.models import Opportunity
from pipeline import nightly
from tests import factories
from tests.factories import PASSWORD
from tests.tooling.server import server

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
SECONDS = 5  # the longest that anything may take
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
