"""`make soak`: long attacks on a product of its own. `python -m scripts.soak [PART…]`, every part by default."""

import os
import socket
import subprocess
import sys
import tempfile


def main(wanted: list[str]) -> int:
    """Run the parts one after the other, each in a process of its own."""
    failed = [part for part in wanted or list(PARTS) if not run(part)]
    print("\n".join(f"{part}: failed" for part in failed) or "all parts held")
    return 1 if failed else 0


def run(part: str) -> bool:
    """One part in an environment of its own; whether it held."""
    with tempfile.TemporaryDirectory(prefix="ascent-soak-") as folder:
        command = [sys.executable, "-c", f"from scripts.soak.__main__ import inside; inside({part!r})"]
        return subprocess.run(command, env={**os.environ, **environment(folder)}, check=False).returncode == 0


def environment(folder: str) -> dict[str, str]:
    """Settings of the product under attack: as in production but for HTTPS."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "off", "HTTPS": "off", "VAR_DIR": folder,
        "SECRET_KEY": "for-the-soak-only-" + "x" * 40, "BIND": f"127.0.0.1:{port}", "ACCESS_LOG": "",
        "LOG_LEVEL": "CRITICAL", "API_RATE": "1000000/min",
    }  # fmt: skip


def inside(part: str) -> None:
    """In the part's own process: set Django up, run it, end with its result."""
    import django

    django.setup()
    sys.exit(PARTS[part]())


def kills() -> int:
    from scripts.soak import kills

    return kills.main(int(os.environ.get("SOAK_ROUNDS", "30")))


PARTS = {"kills": kills}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
