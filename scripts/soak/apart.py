"""A part of the soak in a process of its own, with the settings of the product that it attacks."""

import os
import socket
import subprocess
import sys
import tempfile

PROGRAM = "import sys, django; django.setup(); from scripts.soak.kills import main; sys.exit(main({rounds}))"


def kills() -> bool:
    """`kills.main` for SOAK_ROUNDS rounds (30), on DATABASE_URL if it is given (an empty database), else on SQLite."""
    program = PROGRAM.format(rounds=int(os.environ.get("SOAK_ROUNDS", "30")))
    with tempfile.TemporaryDirectory(prefix="ascent-soak-") as folder:
        own = {**os.environ, **environment(folder)}
        return subprocess.run([sys.executable, "-c", program], env=own, check=False).returncode == 0


def environment(folder: str) -> dict[str, str]:
    """As in production but for HTTPS, at a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "off", "HTTPS": "off", "VAR_DIR": folder,
        "SECRET_KEY": "for-the-soak-only-" + "x" * 40, "BIND": f"127.0.0.1:{port}", "ACCESS_LOG": "",
        "LOG_LEVEL": "WARNING", "API_RATE": "1000000/min",
    }  # fmt: skip
