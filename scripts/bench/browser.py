"""A person's browser: one kept connection, signed in, without the time that drawing takes."""

import http.client
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from accounts.models import User

TOKEN = "b" * 32  # the CSRF cookie and header only have to be equal
KEPT_SECONDS = 1.0  # gunicorn closes what was idle for two


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, how long until its last byte, how many queries until its first."""

    milliseconds: float
    queries: int
    body: bytes


class Browser:
    """Signed in as one person; a session is made directly, no password is typed."""

    def __init__(self, port: int, user: User) -> None:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.cookies = f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={TOKEN}"
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.used_at = 0.0

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None, {})

    def post(self, path: str, form: dict[str, str], *, page: str) -> Answer:
        """A form that htmx sends from `page`."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-CSRFToken": TOKEN,
            "HX-Request": "true",
            "HX-Current-URL": f"http://127.0.0.1:{self.connection.port}{page}",
        }
        return self._ask("POST", path, urlencode(form), headers)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        self._connect()
        begun = time.perf_counter()
        self.connection.request(method, path, body, {"Cookie": self.cookies, **headers})
        response = self.connection.getresponse()
        content = response.read()
        spent = (time.perf_counter() - begun) * 1000
        self.used_at = time.monotonic()
        if response.status != 200:
            raise SystemExit(f"ascent: {method} {path} answered {response.status}\n{content[:500]!r}")
        return Answer(spent, int(response.headers["X-Queries"]), content)

    def _connect(self) -> None:
        """Connect again, outside of the time that is taken, what the server may have closed."""
        if time.monotonic() - self.used_at > KEPT_SECONDS:
            self.connection.close()
            self.connection.connect()
