"""`make run`: an up-to-date database with a company in it, then web server, worker and beat under the supervisor."""

import io
import os
import shlex
import sys

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command

CELERY = "{python} -m celery --quiet -A config"
COMMANDS = {
    "web": "{python} -m gunicorn --config config/gunicorn.py config.wsgi",
    "worker": CELERY + " worker --pool threads --concurrency 2 --without-gossip --without-mingle",
    "beat": CELERY + " beat --schedule {var}/celerybeat-schedule --pidfile=",
}
DEFAULTS = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "DEBUG": "1",
    "ACCESS_LOG": "",
    "LOG_LEVEL": "WARNING",
    "WEB_CONCURRENCY": "1",
    "WEB_THREADS": "8",
}


def main() -> None:
    port = os.environ.get("PORT", "8000")
    os.environ.update({**DEFAULTS, **os.environ, "BIND": f"127.0.0.1:{port}"})
    django.setup()
    prepare()
    supervise(f"http://127.0.0.1:{port}")


def prepare() -> None:
    """Applies the migrations; makes the demo company when nobody is there yet."""
    call_command("migrate", verbosity=0)
    if not get_user_model().objects.exists():
        print("Making the demo company", flush=True)
        call_command("demo", stdout=io.StringIO())


def supervise(address: str) -> None:
    """Replaces this process by the supervisor; doesn't return."""
    places = {"python": shlex.quote(sys.executable), "var": shlex.quote(str(settings.VAR_DIR))}
    commands = [f"{name}={command.format(**places)}" for name, command in COMMANDS.items()]
    supervisor = os.path.join(os.path.dirname(__file__), "supervisor.py")
    told = ["--ready", f"{address}/healthz", "--say", f"\nAscent runs at {address}\n{logins()}\nCtrl-C ends it."]
    os.execv(sys.executable, [sys.executable, supervisor, *told, *commands])


def logins() -> str:
    """What `manage.py demo` says of its logins; empty when another company is here."""
    said = io.StringIO()
    if get_user_model().objects.filter(is_demo=True).exists():
        call_command("demo", stdout=said)
    return said.getvalue()


if __name__ == "__main__":
    main()
