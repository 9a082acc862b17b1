"""How high the opportunity stands: win rates, the ascent picture, the next rung of each factor."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import today
from opportunities.models import Opportunity
from opportunities.rules.evidence import FACTORS
from opportunities.selectors.evidence import Ascent, ascent_of, counted_amount, rates_of
from opportunities.selectors.gate_report import Words
from opportunities.selectors.stages import all_stages
from opportunities.selectors.table import weighted_of
from opportunities.views.panels.picture import picture_of


def context(opportunity: Opportunity, _user: User) -> dict[str, Any]:
    """Of a row of `with_ascent`. Two queries."""
    day = today()
    ascent, rates = ascent_of(opportunity, day), rates_of(opportunity, all_stages(), day)
    return {
        "ascent": ascent,
        "power": ascent.footings[FACTORS.index("power")],
        "picture": picture_of(ascent.footings),
        "picture_said": said(ascent),
        "rates": rates,
        "reading": rates.reading,
        "lacking": Words().missing(rates.missing),
        "weighted": weighted_of(opportunity),
        "counted": counted_amount(opportunity.amount, rates.reading.counted),
    }


def said(ascent: Ascent) -> str:
    """What the picture shows, in a sentence."""
    heights = _(", ").join(f"{footing.ladder} {footing.verified}" for footing in ascent.footings)
    below = _(", ").join(footing.ladder.name for footing in ascent.footings if footing.gap)
    if below:
        return _("Verified heights of 6: %(heights)s. Below the floor of the stage: %(below)s.") % {
            "heights": heights, "below": below,
        }  # fmt: skip
    return _("Verified heights of 6: %(heights)s.") % {"heights": heights}
