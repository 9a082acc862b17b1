"""Whether a customer of this name is there already (METHOD.md §10): the one case in which something hidden answers."""

from collections.abc import Iterator
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import AuditEntry, User
from config.web.errors import TooManyAttempts
from customers.models import Customer
from customers.rules import normalised_name

ANSWERS_AN_HOUR = 20
WIDE = {chr(code): chr(code + 0xFEE0) for code in range(ord("!"), ord("~") + 1)}  # a -> ａ


def namesakes(name: str) -> QuerySet[Customer]:
    """The customers in use whose whole name is this one but for width, case, spaces and punctuation."""
    wanted = normalised_name(name)
    rows = Customer.objects.in_use().filter(_has_signs_of(wanted)).values_list("pk", "name")
    same = [pk for pk, other in rows.iterator() if wanted and normalised_name(other) == wanted]
    return Customer.objects.filter(pk__in=same).order_by("id")  # type: ignore[no-any-return]


def _has_signs_of(wanted: str) -> Q:
    """What every such name holds, so that the database leaves few to compare: Han signs, letters of either width."""
    found = Q()
    for char in list(dict.fromkeys(_plain(wanted)))[:8]:
        wide = WIDE.get(char, char)
        found &= Q(name__icontains=char) | Q(name__contains=wide) | Q(name__contains=WIDE.get(char.upper(), char))
    return found


def _plain(text: str) -> Iterator[str]:
    return (char for char in text if char in WIDE or "\u4e00" <= char <= "\u9fff")


def visible_namesake(name: str, user: User) -> Customer | None:
    """The customer of this name that the person may see."""
    return namesakes(name).visible_to(user).first()  # type: ignore[attr-defined, no-any-return]


def refuse_if_served(*, name: str, actor: User) -> None:
    """Raise ValidationError (code `already_served`) when a customer of this name is there, out of the actor's sight.

    It says nothing of the owner or the tier. Each such answer is audited, and only so many an hour are given, then
    TooManyAttempts for any name. Call it outside of a transaction: the audit stays when the creation is refused.
    """
    if actor.sees_everything:
        return
    _refuse_if_too_often(actor)
    found = namesakes(name)
    hidden = found.exclude(pk__in=[row.pk for row in found.visible_to(actor)]).first()  # type: ignore[attr-defined]
    if hidden is None:
        return
    audit.record("already_served", row=actor, actor=actor, changes={"name": (None, name), "customer": (None, hidden)})
    raise ValidationError(_("This customer is already served, ask your manager."), code="already_served")


def _refuse_if_too_often(actor: User) -> None:
    told = AuditEntry.objects.filter(
        model="user", object_id=actor.pk, action="already_served", at__gt=timezone.now() - timedelta(hours=1)
    )
    if told.count() >= ANSWERS_AN_HOUR:
        raise TooManyAttempts(_("Too many attempts. Please wait a moment."), code="throttled")
