"""What is planned on an opportunity, and what was done last."""

from typing import Any

from accounts.models import User
from opportunities.models import Activity, Opportunity
from opportunities.selectors.activities import ahead


def context(opportunity: Opportunity, user: User) -> dict[str, Any]:
    """`activities`: those of this opportunity, which whoever sees it sees. One query."""
    return {"activities": ahead(Activity.objects.filter(opportunity=opportunity))}
