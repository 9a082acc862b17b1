"""The product's three processes as a service manager would keep them: killed with -9, started again."""

import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from config.gunicorn import bind

ROOT = Path(__file__).parents[2]
CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "config")
PATIENCE = 60.0  # seconds until a process has to be there


class Product:
    """Web (two gunicorn workers), worker and beat with the environment of this process, their output in `logs`."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.commands = {
            "web": (sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "config.wsgi"),
            "worker": (*CELERY, "worker", "--pool", "threads", "--concurrency", "2", "--without-mingle"),
            "beat": (*CELERY, "beat", "--schedule", str(logs / "beat-schedule"), "--pidfile="),
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Product":
        for name in self.commands:
            self.start(name)
        self.wait()
        return self

    def __exit__(self, *_error: object) -> None:
        for name in list(self.running):
            self.kill(name)

    def start(self, name: str) -> None:
        """Start a process in a session of its own, its output added to its log."""
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.commands[name], cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """kill -9 of the process and of all its children."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_one_web_worker(self, chance: random.Random) -> None:
        """kill -9 of one of gunicorn's workers alone; gunicorn makes another."""
        children = _children(self.running["web"].pid)
        if children:
            os.kill(chance.choice(children), signal.SIGKILL)

    def wait(self) -> None:
        """Wait until the web server answers."""
        end = time.monotonic() + PATIENCE
        while not answers():
            if time.monotonic() > end:
                raise TimeoutError(f"The web server does not answer; see {self.logs}.")
            time.sleep(0.1)


def answers() -> bool:
    """Whether the web server answers at all."""
    try:
        urllib.request.urlopen(f"http://{bind}/healthz", timeout=2).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def _children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]
