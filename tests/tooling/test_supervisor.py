"""The supervisor ends everything, however it is itself ended."""

import os
import pty
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.anywhere

SUPERVISOR = Path(__file__).parents[2] / "scripts" / "supervisor.py"
# Notes its own process and a child's, then sleeps: `stubborn` ones don't listen to TERM.
CHILD = """
import os, signal, subprocess, sys, time
folder, name, stubborn = sys.argv[1:4]
if stubborn == "yes":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
for number in (os.getpid(), sleeper.pid):
    open(os.path.join(folder, f"{name}-{number}"), "w").close()
time.sleep(300)
"""
FAILING = "import time; time.sleep(1); raise SystemExit(3)"


def run(*commands: str, options: tuple[str, ...] = ()) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, SUPERVISOR, *options, *commands], stderr=subprocess.PIPE, text=True)


def child(folder: Path, name: str, stubborn: str = "no") -> str:
    script = folder / "child.py"
    script.write_text(CHILD)
    return f"{name}={sys.executable} {script} {folder} {name} {stubborn}"


def processes(folder: Path, count: int) -> list[int]:
    """The noted process ids, once there are `count` of them."""
    wait_until(lambda: len(list(folder.glob("*-*"))) == count)
    return [int(path.name.partition("-")[2]) for path in folder.glob("*-*")]


def wait_until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether it runs; one that is dead and only waits for its parent's attention doesn't."""
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(status) and not status.startswith("Z")


def children_of(pid: int) -> list[int]:
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(child) for child, parent in (line.split() for line in table.splitlines()) if int(parent) == pid]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_process_is_left_when_it_is_told_to_stop_or_killed(tmp_path, number):
    supervisor = run(child(tmp_path, "one"), child(tmp_path, "two"))
    started = processes(tmp_path, 4)
    guards = children_of(supervisor.pid)
    assert len(guards) == 2
    assert all(map(alive, started))
    supervisor.send_signal(number)
    _, said = supervisor.communicate(timeout=20)
    wait_until(lambda: not any(map(alive, started + guards)))
    assert said == ""
    assert supervisor.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 0)


def test_many_signals_at_once_end_it_too(tmp_path):
    """`make` passes on what was sent to everybody already."""
    supervisor = run(child(tmp_path, "one"))
    started = processes(tmp_path, 2)
    for number in [signal.SIGTERM, signal.SIGINT, signal.SIGHUP] * 20000:
        supervisor.send_signal(number)
    supervisor.communicate(timeout=20)
    wait_until(lambda: not any(map(alive, started)))


def test_a_child_that_ends_ends_all_and_is_named(tmp_path):
    failing = tmp_path / "failing.py"
    failing.write_text(FAILING)
    supervisor = run(child(tmp_path, "steady"), f"worker={sys.executable} {failing}")
    started = processes(tmp_path, 2)
    _, said = supervisor.communicate(timeout=20)
    assert not any(map(alive, started))
    assert said == "worker ended with exit code 3: everything was stopped.\n"
    assert supervisor.returncode == 1


def test_a_command_that_is_not_there_is_named():
    supervisor = run("web=/no/such/program")
    _, said = supervisor.communicate(timeout=20)
    assert "/no/such/program: No such file or directory" in said
    assert "web ended with exit code 127" in said


def test_a_killed_guard_ends_all(tmp_path):
    supervisor = run(child(tmp_path, "one"), child(tmp_path, "two"))
    started = processes(tmp_path, 4)
    os.kill(children_of(supervisor.pid)[0], signal.SIGKILL)
    _, said = supervisor.communicate(timeout=20)
    wait_until(lambda: not any(map(alive, started)))
    assert "one ended with signal 9" in said


def test_it_ends_when_whoever_started_it_is_killed(tmp_path):
    starter = tmp_path / "starter.py"
    starter.write_text("import subprocess, sys; subprocess.Popen(sys.argv[1:]).wait()")
    parent = subprocess.Popen([sys.executable, starter, sys.executable, SUPERVISOR, child(tmp_path, "one")])
    started = processes(tmp_path, 2)
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(map(alive, started)))


def test_it_ends_when_its_terminal_closes_and_make_waits(tmp_path):
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"run:\n\t@{sys.executable} {SUPERVISOR} '{child(tmp_path, 'one')}'\n")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("make", ["make", "-f", str(makefile), "run"])
    started = processes(tmp_path, 2)
    os.close(terminal)
    os.waitpid(pid, 0)
    wait_until(lambda: not any(map(alive, started)))


def test_one_that_does_not_listen_is_killed(tmp_path, monkeypatch):
    hurried = tmp_path / "supervisor.py"
    hurried.write_text(SUPERVISOR.read_text().replace("GRACE_SECONDS = 10", "GRACE_SECONDS = 1"))
    monkeypatch.setattr(sys.modules[__name__], "SUPERVISOR", hurried)
    supervisor = run(child(tmp_path, "deaf", stubborn="yes"))
    started = processes(tmp_path, 2)
    supervisor.terminate()
    supervisor.communicate(timeout=20)
    wait_until(lambda: not any(map(alive, started)))


def test_it_says_when_the_address_answers(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, SUPERVISOR, "--ready", f"http://127.0.0.1:{port}/", "--say", "Here it is"]
    web = f"web={sys.executable} -m http.server --bind 127.0.0.1 --directory {tmp_path} {port}"
    supervisor = subprocess.Popen([*command, web], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert "Here it is\n" in iter(supervisor.stdout.readline, "")
    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=20)
    assert supervisor.returncode == 0
