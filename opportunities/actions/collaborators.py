"""Who works on an opportunity beside its owner."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, outbox, visibility
from accounts.models import Kind, User
from accounts.selectors import today
from opportunities.actions.writing import lock_editable
from opportunities.models import Collaborator, Opportunity


def may_choose_collaborators(opportunity: Opportunity, actor: User) -> bool:
    """The owner and the managers above."""
    return actor.sells and (opportunity.owner_id == actor.pk or visibility.is_above(actor, opportunity.owner))


def _locked(opportunity: Opportunity, actor: User) -> Opportunity:
    row = lock_editable(opportunity, actor)
    if not may_choose_collaborators(row, actor):
        raise PermissionDenied(_("Only the owner and the managers above choose who works on this opportunity."))
    return row


@transaction.atomic
def add_collaborator(*, opportunity: Opportunity, user: User, actor: User) -> None:
    """Let somebody see and edit this opportunity; adding twice changes nothing."""
    row = _locked(opportunity, actor)
    if user.pk == row.owner_id or not user.sells or not user.active_on(today()):
        raise ValidationError({"user": _("Choose an active sales rep or manager other than the owner.")})
    _entry, created = Collaborator.objects.get_or_create(opportunity=row, user=user, defaults={"added_by": actor})
    if created:
        audit.record("add_collaborator", row=row, actor=actor, changes={"collaborator": (None, user)})
        if user.pk != actor.pk:
            params = {"by": actor.pk, "added": True}
            outbox.announce(Kind.HANDED_OVER, to=[user], row=row, params=params, hold=False)


@transaction.atomic
def remove_collaborator(*, opportunity: Opportunity, user: User, actor: User) -> None:
    """End somebody's work on this opportunity."""
    row = _locked(opportunity, actor)
    deleted, _rows = Collaborator.objects.filter(opportunity=row, user=user).delete()
    if deleted:
        audit.record("remove_collaborator", row=row, actor=actor, changes={"collaborator": (user, None)})
