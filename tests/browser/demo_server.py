"""A demo company on a server of its own, with a database that is thrown away afterwards."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

from tests.browser.driver import ROOT

PATIENCE = 60  # seconds until the server has to answer


def answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/healthz", timeout=3):
            return True
    except (URLError, OSError):
        return False


@contextmanager
def demo_at(url: str) -> Iterator[str]:
    """The address of a demo: `url` when something answers there, else one of a server that ends with the block."""
    if answers(url):
        yield url
        return
    print(f"Nothing answers at {url}: starting a demo.", flush=True)
    with tempfile.TemporaryDirectory(prefix="ascent-shots-") as folder, own_server(folder) as own:
        yield own


@contextmanager
def own_server(folder: str) -> Iterator[str]:
    bind = f"127.0.0.1:{free_port()}"
    left_out = ("DATABASE_URL", "REDIS_URL")
    env = {name: value for name, value in os.environ.items() if name not in left_out}
    env |= {"VAR_DIR": folder, "DEBUG": "1", "BIND": bind}
    env |= {"WEB_CONCURRENCY": "1", "ACCESS_LOG": "", "LOG_LEVEL": "ERROR"}
    for command in ("migrate", "demo"):
        subprocess.run([sys.executable, "manage.py", command], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "config.wsgi"], cwd=ROOT, env=env
    )
    try:
        wait_for(f"http://{bind}", server)
        yield f"http://{bind}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    for _second in range(PATIENCE):
        if answers(url):
            return
        if server.poll() is not None:
            break
        time.sleep(1)
    raise RuntimeError(f"The demo does not answer at {url}.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
