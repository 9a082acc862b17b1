"""`manage.py demo`: the demo company, for trying things out."""

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import Organisation, User
from customers.models import Customer
from pipeline import nightly
from pipeline.demo import names, story
from pipeline.demo.workspace import write_workspace
from pipeline.interchange import import_workspace

PASSWORD = "ascent-demo-2026"  # noqa: S105 - printed on purpose; these people can sign in only while DEBUG is on
SHOWN = ["admin", "gu", "shen", "lin"]


class Command(BaseCommand):
    help = "Loads the demo company into an empty installation and prints its logins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-history", action="store_true", help="leave the past nights to the nightly job")

    def handle(self, *args: Any, **options: Any) -> None:
        if not Organisation.objects.filter(is_demo=True).exists():
            self._refuse_unless_empty()
            self._load()
            if not options["no_history"]:
                nightly.run_due(limit=story.DAYS + 10)
        self._print_logins()

    def _refuse_unless_empty(self) -> None:
        if Organisation.objects.exists() or Customer.objects.exists():
            raise CommandError("This installation already holds a company; the demo needs an empty one.")

    def _load(self) -> None:
        today = timezone.now().astimezone(story.ZONE).date()
        with tempfile.TemporaryDirectory() as folder:
            write_workspace(Path(folder), today)
            report = import_workspace(Path(folder))
        if report.bad_rows:
            raise CommandError(f"The demo company could not be imported: {report.bad_rows[:3]}")
        self._mark_as_demo()

    @transaction.atomic
    def _mark_as_demo(self) -> None:
        Organisation.objects.update(is_demo=True)
        logins = [login for login, _name, _role, _team in names.PEOPLE]
        for user in User.objects.filter(username__in=logins):
            if settings.DEBUG:
                user.set_password(PASSWORD)
            user.is_demo = True
            user.save(update_fields=["password", "is_demo"])

    def _print_logins(self) -> None:
        if not settings.DEBUG:
            self.stdout.write("The demo company is here. Its logins work only while DEBUG is on.")
            return
        people = {user.username: user for user in User.objects.filter(is_demo=True)}
        self.stdout.write(f"Demo logins (password: {PASSWORD})")
        for login in SHOWN:
            if login in people:
                self.stdout.write(f"  {login:8} {people[login].get_role_display()} · {people[login].name}")
