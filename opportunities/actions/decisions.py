"""Go / No-Go: whether an opportunity is worth going on with (METHOD.md §2, §6)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from opportunities.actions.gate import settle_proof
from opportunities.actions.writing import lock_editable, refuse_if_archived
from opportunities.models import Decision, Opportunity


@transaction.atomic
def record_decision(*, opportunity: Opportunity, actor: User, **fields: Any) -> Decision:
    """Record Go or No-Go with its reason and answers; the latest one holds."""
    row = lock_editable(opportunity, actor)
    refuse_if_archived(row)
    decision = Decision(opportunity=row, decided_by=actor, **fields)
    if not decision.reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    decision.full_clean(exclude=["opportunity", "decided_by"])
    decision.save(force_insert=True)
    audit.record("decide", row=row, actor=actor, changes=audit.first_values(decision, ("decision", "reason")))
    settle_proof(row)
    return decision
