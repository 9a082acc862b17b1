"""The waiver that was asked for: who decides it, or why it was refused."""

from typing import Any

from accounts.models import User
from opportunities.models import Opportunity, Waiver
from opportunities.selectors.waivers import latest_waiver


def context(opportunity: Opportunity, _user: User) -> dict[str, Any]:
    """Of a row of `with_waiver`. No query."""
    waiver = latest_waiver(opportunity) if opportunity.is_open and opportunity.archived_at is None else None
    asked = waiver is not None and waiver.state == Waiver.State.ASKED
    judges = asked and opportunity.judges  # type: ignore[attr-defined]
    return {"waiver": waiver, "waiver_asked": asked, "judges_waiver": judges}
