"""Dockerfile and docker-compose.yml say what README says, and the commands in them start."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.anywhere

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("web", "worker", "beat", "migrate")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
WEB_COMMAND = re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)[-1]
PRODUCTION = {
    "SECRET_KEY": "qVt8Jm2xKs5RwZ7bNc4HdF9gLp3YaE6uTrWkXvBnM1QjShDf-0Ai5Oe",
    "ALLOWED_HOSTS": "ascent.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://ascent.example.com",
    "BEHIND_PROXY": "on",
    "DATABASE_URL": "postgres://ascent:secret@127.0.0.1:1/ascent",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command with production's environment and nothing of ours but the PATH."""
    settings = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/tmp")}
    settings |= PRODUCTION | environment
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=120)


def documented() -> set[str]:
    """The variables in README's table."""
    return set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE))


def read_by_the_code() -> set[str]:
    """The variables that settings, gunicorn and the preflight checks read."""
    files = ("config/settings.py", "config/gunicorn.py", "scripts/preflight")
    code = "".join((ROOT / name).read_text() for name in files)
    return set(re.findall(r'(?:env\.\w+\(\s*"|environ\.get\("|\$\{)([A-Z][A-Z_]+)', code))


def test_readme_has_every_variable_once_and_no_other():
    table = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(table) == len(set(table))
    assert set(table) == read_by_the_code() | {"POSTGRES_PASSWORD"}


def test_every_variable_of_compose_and_the_example_is_documented():
    substituted = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    given = {name for service in OURS for name in SERVICES[service].get("environment", {})}
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert substituted | given | example <= documented()
    assert {"SECRET_KEY", "POSTGRES_PASSWORD", "ALLOWED_HOSTS"} <= example


def test_the_services_wait_for_the_migrations_and_have_health_checks():
    assert set(SERVICES) == {"web", "worker", "beat", "migrate", "postgres", "redis"}
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert SERVICES[name]["depends_on"]["redis"]["condition"] == "service_healthy"
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert all("test" in SERVICES[name]["healthcheck"] for name in ("worker", "beat", "postgres", "redis"))
    assert "/healthz" in DOCKERFILE


def test_the_data_outlives_its_containers():
    kept = {volume.partition(":")[0] for name in ("web", "postgres", "redis") for volume in SERVICES[name]["volumes"]}
    assert kept == set(COMPOSE["volumes"]) == {"database", "broker", "files"}


def test_the_image_has_stages_a_user_of_its_own_and_locked_packages():
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", DOCKERFILE, re.MULTILINE)
    assert [name for _, name in stages] == ["front-end", "packages", ""]
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER ascent$", last, re.MULTILINE)
    assert last.index("USER ascent") < last.index("CMD")
    assert "pip install --no-cache-dir --require-hashes -r requirements.lock" in DOCKERFILE
    assert "npm ci --ignore-scripts" in DOCKERFILE


def test_the_image_can_back_up_its_database():
    """The client of Debian bookworm is of the version that compose runs; pg_dump reads no newer server than itself."""
    assert "install -qy --no-install-recommends postgresql-client" in DOCKERFILE.rpartition("FROM ")[2]
    assert "bookworm" in DOCKERFILE.rpartition("FROM ")[2]
    assert SERVICES["postgres"]["image"] == "postgres:15"


def test_what_the_image_copies_is_there():
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert [name for names in copied for name in names.split() if not (ROOT / name).exists()] == []
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env", ".git", "var", ".venv", "node_modules"} <= set(ignored)


def test_the_deployment_check_is_clean():
    done = run("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_the_web_command_starts():
    command = yaml.safe_load(WEB_COMMAND)
    assert "command" not in SERVICES["web"]
    done = run(*command, "--check-config")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_commands_of_celery_are_understood(name):
    """Without a broker: `--help` behind the very options makes click read them and load the application."""
    done = run(*shlex.split(SERVICES[name]["command"]), "--help")
    assert done.returncode == 0, done.stderr
    wrong = run(*shlex.split(SERVICES[name]["command"]), "--no-such-option")
    assert wrong.returncode == 2


def test_the_database_is_migrated_without_asking():
    """The command itself makes the installation that test_backup loses and brings back."""
    assert SERVICES["migrate"]["command"] == "python manage.py migrate --no-input"


def test_the_static_files_are_collected(tmp_path):
    """The command of the Dockerfile, into another folder."""
    assert "manage.py collectstatic --no-input" in DOCKERFILE
    (tmp_path / "elsewhere.py").write_text(f"from config.settings import *\nSTATIC_ROOT = {str(tmp_path / 'out')!r}\n")
    elsewhere = {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "elsewhere"}
    done = run("python", "manage.py", "collectstatic", "--no-input", **elsewhere)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "staticfiles.json").exists()


def test_without_a_secret_key_no_page_is_served_and_the_reason_is_said():
    done = run("gunicorn", "--check-config", "--config", "config/gunicorn.py", "config.wsgi", SECRET_KEY="")
    assert done.returncode != 0
    assert "Set SECRET_KEY" in done.stderr + done.stdout
