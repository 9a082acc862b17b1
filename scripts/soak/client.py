"""A client that insists: what got no answer is asked again, a write under the same Idempotency-Key."""

import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from config.gunicorn import bind

STAGES = ("discover", "validate", "cocreate", "decide", "lock")
NOT_NOW = {409, 429, 500, 502, 503, 504}
PATIENCE = 120.0  # seconds after which a request counts as lost


class Refused(Exception):
    """An answer that asking again would not change; `status` and `body` say which."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:300]}")
        self.status = status


@dataclass
class Client:
    """Requests with one person's token. `seen` counts the answers by status, `failed` what got none."""

    token: str
    seen: dict[int, int] = field(default_factory=dict)
    unanswered: int = 0

    def get(self, path: str) -> Any:
        return self.insist("GET", path)

    def post(self, path: str, body: Any) -> Any:
        data, kind = json.dumps(body).encode(), "application/json"
        return self.insist("POST", path, data, {"Content-Type": kind, "Idempotency-Key": uuid.uuid4().hex})

    def upload(self, path: str, name: str, content: bytes) -> Any:
        """A file as multipart/form-data under `files`."""
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        data = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}", "Idempotency-Key": uuid.uuid4().hex}
        return self.insist("POST", path, data, headers)

    def insist(self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
        """Ask until there is an answer. Raises Refused for one that is a no."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self._once(method, path, data, headers or {})
            except Refused as error:
                if error.status not in NOT_NOW or time.monotonic() > end:
                    raise
            except (OSError, http.client.HTTPException):  # no connection, or an answer that broke off
                self.unanswered += 1
                if time.monotonic() > end:
                    raise
            time.sleep(0.1)

    def _once(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(f"http://{bind}/api/v1/{path}", data, headers, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                self.seen[answer.status] = self.seen.get(answer.status, 0) + 1
                text = answer.read()
        except urllib.error.HTTPError as error:
            self.seen[error.code] = self.seen.get(error.code, 0) + 1
            raise Refused(error.code, error.read().decode(errors="replace")) from error
        return json.loads(text) if text else None


class Mover(threading.Thread):
    """Moves its opportunities from stage to stage until it is told to stop; `moved` counts the answered moves."""

    def __init__(self, client: Client, ids: list[int], chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.client, self.ids, self.chance = client, ids, chance
        self.moved: dict[int, int] = dict.fromkeys(ids, 0)
        self.stopping = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                self._move(self.chance.choice(self.ids))
        except Exception as error:  # noqa: BLE001 - told by the thread that waits for this one
            self.error = error

    def _move(self, pk: int) -> None:
        row = self.client.get(f"opportunities/{pk}/")
        stage = self.chance.choice([key for key in STAGES if key != row["stage"]])
        body = {"stage": stage, "version": row["version"], "reason": "soak", "override": True}
        self.client.post(f"opportunities/{pk}/move/", body)
        self.moved[pk] += 1

    def finish(self) -> None:
        """Stop after the move under way; raises what went wrong."""
        self.stopping.set()
        self.join(PATIENCE + 30)
        if self.is_alive():
            raise TimeoutError("A move got no answer.")
        if self.error:
            raise self.error


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait for it; TimeoutError naming `what` when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"Not within {seconds:.0f} s: {what}")
        time.sleep(0.2)
