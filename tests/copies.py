"""Whether opportunities hold the verified heights of the HeightsVersion that holds now."""

from opportunities.actions.heights import COPIED
from opportunities.models import HeightsVersion, Opportunity


def held_copies():
    """{opportunity: verified heights} of the assessed ones, as their copies say; they must be those that hold."""
    rows = Opportunity.objects.values_list("pk", *COPIED)
    copies = {pk: tuple(levels) for pk, *levels in rows if levels != [None] * len(COPIED)}
    assert copies == {row.opportunity_id: row.heights.verified for row in HeightsVersion.objects.current()}
    return copies
