"""What of the playbook helps an opportunity on to its next rungs."""

from dataclasses import replace
from typing import Any

from accounts.models import User
from opportunities.forms.playbook import rung_name
from opportunities.models import Opportunity
from opportunities.rules.evidence import Heights
from opportunities.selectors.evidence import heights_in
from opportunities.selectors.playbook import entries_for


def context(opportunity: Opportunity, _user: User) -> dict[str, Any]:
    """`playbook_offers` of a row of `with_ascent`; none for a closed one. One query."""
    if not opportunity.is_open:
        return {"playbook_offers": []}
    rungs = [f"{factor}:{level}" for factor, level in (heights_in(opportunity) or Heights()).next_rungs]
    found = entries_for(opportunity, rungs)
    return {"playbook_offers": [replace(offer, rung=rung_name(offer.rung)) for offer in found]}
