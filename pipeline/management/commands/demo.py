"""`manage.py demo`: the demo company, for trying things out."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Organisation, User
from customers.models import Customer
from pipeline import nightly
from pipeline.demo import story
from pipeline.demo.loading import PASSWORD, load_demo

SHOWN = ["admin", "gu", "shen", "lin"]


class Command(BaseCommand):
    help = "Loads the demo company into an empty installation and prints its logins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-history", action="store_true", help="leave the past nights to the nightly job")

    def handle(self, *args: Any, **options: Any) -> None:
        if not Organisation.objects.filter(is_demo=True).exists():
            self._refuse_unless_empty()
            load_demo(actor=None)
            if not options["no_history"]:
                nightly.run_due(limit=story.DAYS + 10)
        self._print_logins()

    def _refuse_unless_empty(self) -> None:
        if Organisation.objects.exists() or Customer.objects.exists():
            raise CommandError("This installation already holds a company; the demo needs an empty one.")

    def _print_logins(self) -> None:
        if not settings.DEBUG:
            self.stdout.write("The demo company is here. Its logins work only while DEBUG is on.")
            return
        people = {user.username: user for user in User.objects.filter(is_demo=True)}
        self.stdout.write(f"Demo logins (password: {PASSWORD})")
        for login in SHOWN:
            if login in people:
                self.stdout.write(f"  {login:8} {people[login].get_role_display()} · {people[login].name}")
