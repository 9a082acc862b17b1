"""Runs a few commands as one: when one of them ends, or this process is told to stop or dies, all of them end.

    supervisor.py [--ready URL [--say TEXT]] NAME=COMMAND...

Each command runs under a guard: this same file, in a session of its own, holding one end of a pipe whose other end
only the supervisor has. The pipe closes however the supervisor ends, kill -9 included, and on macOS as well; the
guard then ends its whole process group, children of children included.
"""

import argparse
import contextlib
import ctypes
import os
import select
import shlex
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_SECONDS = 10
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A guarded command; `lifeline` is the end of the pipe that keeps it alive."""

    name: str
    guard: subprocess.Popen[bytes]
    lifeline: int


def main() -> int:
    if sys.argv[1:2] == ["--guard"]:
        return guard(int(sys.argv[2]), sys.argv[3:])
    options = parse(sys.argv[1:])
    told: list[int] = []  # no Event: a signal that comes while another is heard would wait for its lock for good
    for number in STOP_SIGNALS:
        signal.signal(number, lambda number, _frame: told.append(number))
    children = [start(name, command) for name, _, command in (text.partition("=") for text in options.commands)]
    if options.ready:
        threading.Thread(target=announce, args=(options.ready, options.say), daemon=True).start()
    ended = watch(children, told)
    end(children)
    if ended:
        print(f"{ended.name} ended with {outcome(ended.guard.wait())}: everything was stopped.", file=sys.stderr)
    return 1 if ended else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run commands together.")
    parser.add_argument("--ready", metavar="URL", help="address that answers when everything is up")
    parser.add_argument("--say", metavar="TEXT", default="", help="what to print then")
    parser.add_argument("commands", nargs="+", metavar="NAME=COMMAND")
    return parser.parse_args(arguments)


def start(name: str, command: str) -> Child:
    """Starts the command under its guard, in a new session."""
    theirs, ours = os.pipe()
    guarded = [sys.executable, __file__, "--guard", str(theirs), *shlex.split(command)]
    process = subprocess.Popen(guarded, pass_fds=[theirs], stdin=subprocess.DEVNULL, start_new_session=True)
    os.close(theirs)
    return Child(name, process, ours)


def watch(children: list[Child], told: list[int]) -> Child | None:
    """Waits until a signal is `told`, parent or terminal are gone (None), or a child has ended by itself (that one).

    A terminal that closes tells its session leader only; when that is make, it waits for us and passes nothing on.
    """
    began = os.getppid(), has_terminal()
    while not told and (os.getppid(), has_terminal()) == began:
        time.sleep(0.2)
        for child in children:
            if child.guard.poll() is not None:
                return child
    return None


def has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def end(children: list[Child]) -> None:
    """Lets go of every lifeline and waits until the guards have ended their groups."""
    for child in children:
        os.close(child.lifeline)
    for child in children:
        try:
            child.guard.wait(GRACE_SECONDS + 5)
        except subprocess.TimeoutExpired:
            signal_group(child.guard.pid, signal.SIGKILL)
        signal_group(child.guard.pid, signal.SIGKILL)


def outcome(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit code {status}"


def announce(url: str, text: str) -> None:
    """Prints the text as soon as the address answers, whatever it answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            direct.open(url, timeout=5).close()
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.2)
        else:
            break
    print(text, flush=True)


def guard(lifeline: int, command: list[str]) -> int:
    """Runs the command until it ends (its exit code) or the lifeline closes (then the whole group ends)."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    try:
        process = subprocess.Popen(command, preexec_fn=die_with_parent)  # noqa: PLW1509
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    while process.poll() is None:
        if select.select([lifeline], [], [], 0.2)[0]:
            end_own_group(process)
    return 128 - process.returncode if process.returncode < 0 else process.returncode


def end_own_group(process: subprocess.Popen[bytes]) -> None:
    """Asks every process of the group to end, and kills what is left, the guard too, when the command has ended."""
    signal_group(os.getpid(), signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    signal_group(os.getpid(), signal.SIGKILL)


def die_with_parent() -> None:
    """Between fork and exec: the command's own signals as usual; on Linux it ends even when its guard is killed."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main())
