"""`manage.py send_outbox`: send what is due, as the worker does every ten seconds."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import sending


class Command(BaseCommand):
    help = "Sends what waits in the outbox and is due: notifications and mail."

    def handle(self, *args: Any, **options: Any) -> None:
        outcome = sending.sweep()
        self.stdout.write(
            f"{outcome['sent']} sent, {outcome['dropped']} dropped, {outcome['failed']} to be tried again"
        )
