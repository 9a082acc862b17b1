"""How high the opportunity stands: win rates, the ascent picture, the next rung of each factor."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import today
from opportunities.models import Opportunity
from opportunities.rules import gate
from opportunities.rules.evidence import FACTORS
from opportunities.selectors.evidence import Ascent, Rates, ascent_of, counted_amount, rates_of, rungs_missing
from opportunities.selectors.ladders import ladders
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
        "lacking": lacking(rates),
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


def lacking(rates: Rates) -> list[str]:
    """What the evidence lacks for the present stage, a phrase each."""
    words = [rung_in_words(factor, level) for factor, level in rungs_missing(rates.missing)]
    conditions = {condition for _stage, condition in rates.missing.milestones}
    if gate.GO in conditions:
        words.append(_("A Go decision is recorded"))
    if gate.VETO_CLEAR in conditions:
        words.append(_("No veto holder is opposed without a plan"))
    return words


def rung_in_words(factor: str, level: int) -> str:
    """A rung with its factor and level."""
    ladder = ladders()[factor]
    words = {"checkpoint": ladder.rung(level).checkpoint.rstrip("。."), "factor": ladder.name, "level": level}
    return _("%(checkpoint)s (%(factor)s ≥ %(level)d)") % words
