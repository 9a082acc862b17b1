"""What the audit trail says of an opportunity and of whatever hangs on it."""

from typing import Any

from django.db.models import QuerySet

from accounts import trail
from accounts.models import AuditEntry
from opportunities.models import Activity, Competitor, JointTask, Opportunity, Stakeholder, StrategySheet

PARTS: tuple[type[Any], ...] = (Stakeholder, JointTask, StrategySheet, Competitor, Activity)


def entries_about(opportunity: Opportunity) -> QuerySet[AuditEntry]:
    """Every write about the opportunity, its people, joint plan, strategy and activities.

    Evidence, files, decisions, waivers and collaborators stand in the trail as acts on the opportunity itself.
    """
    return trail.entries_about(opportunity, dict.fromkeys(PARTS, "opportunity"))
