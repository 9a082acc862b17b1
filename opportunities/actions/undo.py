"""Taking back one's own last change within seconds, as if it had not been (METHOD.md §2, FINE-PRINT 52)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, outbox
from accounts.models import User
from opportunities import rules
from opportunities.actions.writing import lock
from opportunities.models import Opportunity, OpportunityVersion
from opportunities.querysets import FOREVER


class TooLate(Exception):
    """The change can no longer be taken back: seconds have passed, or something else has changed."""

    def __str__(self) -> str:
        return _("It is too late to undo this change.")


@transaction.atomic
def undo(*, opportunity: Opportunity, actor: User, seen: int) -> Opportunity:
    """Take back the actor's own last change, which made version `seen`.

    Raises TooLate after 15 seconds, and when somebody changed the opportunity since.
    """
    row: Any = lock(outbox.with_waiting(Opportunity.objects.visible_to(actor)), opportunity)
    change = row.last_change
    if not change or change["by"] != actor.pk or change["version"] != row.version or seen != row.version:
        raise TooLate
    if timezone.now() - datetime.fromisoformat(change["at"]) > rules.UNDO_ACCEPTED:
        raise TooLate
    was = {name: getattr(row, name) for name in change["fields"]}
    if change["versioned"]:
        _drop_last_version(row)
        row.changed_at = datetime.fromisoformat(change["changed_at"])
    for name, value in change["before"].items():
        setattr(row, name, _parsed(name, value))
    row.last_change = None
    if row.has_waiting:
        outbox.drop(row, version=seen)
    row.mark_changed(change["fields"])
    row.save()
    audit.record("undo", row=row, actor=actor, changes={name: (old, getattr(row, name)) for name, old in was.items()})
    return row  # type: ignore[no-any-return]


def _parsed(name: str, value: Any) -> Any:
    return Opportunity._meta.get_field(name).to_python(value)  # type: ignore[union-attr]


def _drop_last_version(row: Opportunity) -> None:
    versions = OpportunityVersion.objects.filter(opportunity=row)
    versions.filter(valid_to=FOREVER).delete()
    versions.filter(valid_to=row.changed_at).update(valid_to=FOREVER)
