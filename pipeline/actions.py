"""Writes about the organisation: what it is, and what of the past follows from that."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits
from accounts.actions import refuse_unless_admin
from accounts.models import Organisation, User
from accounts.selectors import calendar, forget_organisation
from customers.models import Customer
from opportunities.actions.days import recompute_days
from opportunities.models import Opportunity
from pipeline import nightly
from pipeline.selectors.rewriting import REWRITING, consequences

SETTABLE = ("name", "industry", "currency", "timezone", "fiscal_year_start_month", "working_days")
UNDOABLE = timedelta(minutes=1)  # longer than an undo is accepted


class RewritesPast(Exception):
    """A change that gives the past another look, not taken because nobody has confirmed it."""

    def __init__(self, changed: dict[str, tuple[Any, Any]], found: dict[str, list[str]]) -> None:
        super().__init__(", ".join(changed))
        self.changed, self.consequences = changed, found


@transaction.atomic
def edit_organisation(
    *, changes: dict[str, Any], seen: int | None, actor: User, rewrites_past: bool = False
) -> Organisation:
    """Change the organisation. Raises RewritesPast for currency, time zone and fiscal year unless `rewrites_past`.

    A new time zone works the local days of all history out again in the same transaction, and makes every night due.
    """
    refuse_unless_admin(actor)
    row, _created = Organisation.objects.get_or_create(pk=1)
    was = edits.locked(row)
    wanted = {name: value for name, value in changes.items() if name in SETTABLE}
    row = edits.edit(was, changes=wanted, seen=seen, actor=actor)
    rewritten = edits.differences(was, {name: getattr(row, name) for name in REWRITING})
    if not rewrites_past and (found := consequences(rewritten)):
        raise RewritesPast(rewritten, found)
    forget_organisation()
    if "timezone" in rewritten:
        _move_days()
    return row


def _move_days() -> None:
    """Dates and nights after the time zone has changed; requests under way get a second look once it holds."""
    started = timezone.now()
    recompute_days(calendar())
    Opportunity.objects.filter(changed_at__gte=started - UNDOABLE).update(last_change=None)
    nightly.forget_every_night()
    transaction.on_commit(lambda: _look_again(started), robust=True)


def _look_again(started: datetime) -> None:
    """What was written meanwhile by requests that still knew the old time zone."""
    forget_organisation()
    with transaction.atomic():
        recompute_days(calendar(), since=started - UNDOABLE)


def start_empty(*, actor: User) -> Organisation:
    """End the guide of the first start: the organisation is set up, its pipeline begins empty."""
    refuse_unless_admin(actor)
    with transaction.atomic():
        row = Organisation.objects.select_for_update().filter(pk=1).first()
        if row is None or not row.name:
            raise ValidationError(_("Save the organisation first."))
        if row.set_up_at is None:
            row.set_up_at = timezone.now()
            row.save(update_fields=["set_up_at"])
            audit.record("start", row=row, actor=actor)
    forget_organisation()
    return row


def nobody_is_here() -> bool:
    """Whether there is no customer yet, and so nothing of a company's business. One query."""
    return not Customer.objects.exists()
