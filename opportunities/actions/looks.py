"""Up to when a person has looked at what changed in their opportunities."""

from datetime import datetime

from django.utils import timezone

from accounts.models import User
from opportunities.models import Look


def look_until(*, user: User, moment: datetime) -> None:
    """The person has looked at everything up to then, at most now; the trail keeps no reading."""
    Look.objects.update_or_create(user=user, defaults={"looked_at": min(moment, timezone.now())})
