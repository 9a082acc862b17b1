"""The whole API attacked from its schema with a token of each role: tests/api/test_attack.py, for longer."""

import os
import subprocess
import sys

CASES = "150"  # an operation and role; the test alone takes a few


def run() -> bool:
    """Whether it held. `SOAK_CASES` for more or fewer; DATABASE_URL and REDIS_URL as for the tests."""
    command = [sys.executable, "-m", "pytest", "tests/api/test_attack.py", "-q", "-s"]
    return subprocess.run(command, env={"SOAK_CASES": CASES, **os.environ}, check=False).returncode == 0
