"""Whether people can sign in, and why not."""

from datetime import date
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Invitation

STATES = {
    "active": pgettext_lazy("person", "Active"),
    "invited": pgettext_lazy("person", "Invited"),
    "not_invited": _("Not invited yet"),
    "outside": _("Outside of their dates"),
    "deactivated": pgettext_lazy("person", "Deactivated"),
}
AWAITED = ("invited", "not_invited")  # who may be given something, but does not see it until they have a password


def with_state(people: QuerySet[Any], day: date) -> QuerySet[Any]:
    """Each person with `state`, one of STATES, on this date."""
    no_password = Q(password="") | Q(password__startswith="!")
    invited = Exists(Invitation.objects.usable().filter(user=OuterRef("pk")))
    outside = Q(active_from__gt=day) | Q(active_until__lt=day)
    return people.annotate(
        state=Case(
            When(deactivated_at__isnull=False, then=Value("deactivated")),
            When(outside, then=Value("outside")),
            When(no_password & Q(invited), then=Value("invited")),
            When(no_password, then=Value("not_invited")),
            default=Value("active"),
            output_field=CharField(),
        )
    )


def awaited(state: str) -> str:
    """In words that somebody has not signed in yet, empty of everybody else."""
    return str(STATES[state]) if state in AWAITED else ""
