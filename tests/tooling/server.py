"""A real web server with the tests' database, for tests of what only several processes show."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from tests.browser.demo_server import free_port
from tests.tooling.test_worker import ROOT, database_url, environment


@dataclass(frozen=True)
class Server:
    """Its address and its arbiter."""

    base: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def server(folder: Path, **variables: str) -> Iterator[Server]:
    """gunicorn as it is run, with these variables more; ended at the end."""
    bind = f"127.0.0.1:{free_port()}"
    given = environment(folder, DATABASE_URL=database_url(), BIND=bind)
    given |= {"WEB_CONCURRENCY": "1", "DEBUG": "on"} | variables  # static files uncollected
    command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "config.wsgi"]
    with (folder / "web.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(f"http://{bind}/readyz", folder / "web.log")
        yield Server(f"http://{bind}", process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(url: str, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urlopen(url, timeout=3):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text())
