"""`manage.py create_token USERNAME`: a personal API token, the last word of the last line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import AccessToken, User
from accounts.tokens import create_token


class Command(BaseCommand):
    help = "Makes a personal API token and prints it once, as the last word of the last line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="login name of its person, who needs no password")
        parser.add_argument("--scope", choices=AccessToken.Scope.values, default=AccessToken.Scope.READ)
        parser.add_argument("--name", default="create_token", help="what its person sees in their profile")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is nobody with the login name {options['username']}.")
        if not user.is_active:
            raise CommandError(f"{user.username} is not active today: a token would not be accepted.")
        _token, secret = create_token(user=user, name=options["name"][:100], scope=options["scope"])
        self.stdout.write(f"Token of {user.username}, scope {options['scope']}: {secret}")
