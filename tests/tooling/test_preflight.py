"""A missing prerequisite gives one line that says what to install or set."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def preflight(what: str, path: str = os.environ["PATH"], **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"PATH": path, **environment}
    return subprocess.run(
        ["/bin/sh", ROOT / "scripts/preflight", what],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=30,
    )


def fake(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_python_is_found():
    done = preflight("python", PYTHON=sys.executable)
    assert (done.returncode, done.stdout.strip()) == (0, sys.executable)


def test_python_is_missing(tmp_path):
    assert "Python 3.11 is missing: install it" in one_line(preflight("python", path=str(tmp_path)))


def test_python_is_of_another_version(tmp_path):
    fake(tmp_path, "python3", "exit 1")
    assert "Python 3.11 is missing" in one_line(preflight("python", path=str(tmp_path)))


def test_python_has_no_venv(tmp_path):
    fake(tmp_path, "python3", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    assert "python3-venv" in one_line(preflight("python", path=str(tmp_path)))


def test_node_is_missing(tmp_path):
    assert "Node is missing: install Node 20" in one_line(preflight("node", path=str(tmp_path)))


@pytest.mark.parametrize("version", ["v18.20.4", "v8.0.0"])
def test_node_is_too_old(tmp_path, version):
    fake(tmp_path, "node", f"echo {version}")
    assert f"Node {version} is too old" in one_line(preflight("node", path=str(tmp_path)))


def test_npm_is_missing(tmp_path):
    fake(tmp_path, "node", "echo v20.20.2")
    assert "npm is missing" in one_line(preflight("node", path=str(tmp_path)))


@pytest.mark.parametrize("version", ["v20.0.0", "v22.11.0", "v100.0.0"])
def test_node_is_new_enough(tmp_path, version):
    fake(tmp_path, "node", f"echo {version}")
    fake(tmp_path, "npm", "exit 0")
    assert preflight("node", path=str(tmp_path)).returncode == 0


def test_the_port_is_taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"Port {port} is taken" in one_line(preflight("port", PORT=str(port)))
    assert preflight("port", PORT=str(port)).returncode == 0


@pytest.mark.parametrize("port", ["eighty", "70000"])
def test_the_port_is_none(port):
    assert f"Port {port} is taken or not a port" in one_line(preflight("port", PORT=port))
