"""What several gunicorn processes have counted adds up, whoever is asked and whoever has died."""

import os
import re
import signal
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.tooling.server import Server, server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.anywhere,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]
SIGNED_IN_TO = re.compile(r'^ascent_requests_total\{method="GET",route="account_login",status="2xx"\} (\S+)$', re.M)


def get(server: Server, path: str, **headers: str) -> str:
    with urlopen(Request(f"{server.base}{path}", headers=headers), timeout=20) as answer:
        return answer.read().decode()


def counted(server: Server) -> float:
    found = SIGNED_IN_TO.search(get(server, "/metrics", Authorization="Bearer scrape"))
    return float(found[1]) if found else 0


def workers(server: Server) -> set[int]:
    return set(map(int, Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()))


def test_processes_add_up_and_their_counts_outlive_them(company, tmp_path):
    with server(tmp_path, WEB_CONCURRENCY="3", METRICS_TOKEN="scrape") as web:
        for _time in range(30):
            get(web, "/accounts/login/")
        assert {counted(web) for _time in range(10)} == {30}
        files = counts_of(web)
        assert len(files) > 2
        before = workers(web)
        os.kill(min(before), signal.SIGKILL)
        wait_until(lambda: len(workers(web)) == 3 and workers(web) != before)
        assert counted(web) == 30
        for _time in range(20):
            get(web, "/accounts/login/")
        assert {counted(web) for _time in range(5)} == {50}
        assert {path.name for path in counts_of(web)} <= {
            f"{kind}_{slot}.db" for kind in ("counter", "histogram") for slot in range(3)
        }
        folder = files[0].parent
    assert not folder.exists()


def counts_of(server: Server) -> list[Path]:
    """The files that the processes count in: the living have theirs mapped."""
    mapped = Path(f"/proc/{min(workers(server))}/maps").read_text()
    [folder] = {Path(name).parent for name in re.findall(r"\S+/ascent-metrics-\S+\.db", mapped)}
    return list(folder.iterdir())


def wait_until(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
    time.sleep(1)
