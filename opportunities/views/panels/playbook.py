"""What of the playbook helps an opportunity on to its next rungs."""

from dataclasses import replace
from typing import Any

from accounts.models import User
from opportunities.forms.playbook import rung_name
from opportunities.models import Opportunity
from opportunities.rules.evidence import FACTORS, TOP, Heights
from opportunities.selectors.evidence import heights_in
from opportunities.selectors.playbook import entries_for


def context(opportunity: Opportunity, _user: User) -> dict[str, Any]:
    """`playbook_offers` of a row of `with_ascent`; none for a closed one. One query."""
    if not opportunity.is_open:
        return {"playbook_offers": []}
    found = entries_for(opportunity, next_rungs(heights_in(opportunity) or Heights()))
    return {"playbook_offers": [replace(offer, rung=rung_name(offer.rung)) for offer in found]}


def next_rungs(heights: Heights) -> list[str]:
    """The rung above each verified height, the weakest factor's first."""
    places = range(len(FACTORS))
    lowest_first = sorted(places, key=lambda place: heights.verified[place])
    levels = [(FACTORS[place], heights.verified[place] + 1) for place in lowest_first]
    return [f"{factor}:{level}" for factor, level in levels if level <= TOP]
