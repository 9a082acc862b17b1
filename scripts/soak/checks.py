"""What has to hold whatever was killed when: nothing half-written, nothing lost, nothing twice."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from accounts.models import AuditEntry
from opportunities import rules
from opportunities.models import Opportunity, OpportunityVersion
from opportunities.querysets import FOREVER
from pipeline.models import DailyTotal, NightlyRun

HELD = tuple(OpportunityVersion._meta.get_field(name).attname for name in rules.HELD)  # type: ignore[union-attr]


def broken_histories() -> list[str]:
    """Opportunities whose versions have a gap, overlap, or end with something else than the row holds."""
    now = {row["id"]: row for row in Opportunity.objects.values("id", *HELD)}
    versions = OpportunityVersion.objects.order_by("opportunity_id", "valid_from")
    wrong = []
    rows = versions.values("opportunity_id", "valid_from", "valid_to", *HELD)
    for pk, group in groupby(rows, key=lambda row: row["opportunity_id"]):
        chain = list(group)
        if any(before["valid_to"] != after["valid_from"] for before, after in pairwise(chain)):
            wrong.append(f"opportunity {pk}: its versions have a gap or overlap")
        if chain[-1]["valid_to"] != FOREVER or any(chain[-1][name] != now[pk][name] for name in HELD):
            wrong.append(f"opportunity {pk}: its last version is not what it holds")
        now[pk] = {}
    return wrong + [f"opportunity {pk}: has no version" for pk, row in now.items() if row]


def miscounted_moves(moved: dict[int, int]) -> list[str]:
    """Opportunities with more or fewer moves in the audit trail than were answered."""
    trail = AuditEntry.objects.filter(model="opportunity", action="move", object_id__in=moved)
    found = Counter(trail.values_list("object_id", flat=True))
    return [f"opportunity {pk}: {found[pk]} moves kept, {n} answered" for pk, n in moved.items() if found[pk] != n]


def half_imported(prefix: str, opportunities: int, versions: int) -> list[str]:
    """What an import of so many opportunities and versions, their keys beginning with `prefix`, should have left."""
    rows = Opportunity.objects.filter(key__startswith=prefix)
    kept = OpportunityVersion.objects.filter(opportunity__key__startswith=prefix).count()
    found = (rows.count(), kept)
    return [] if found == (opportunities, versions) else [f"{prefix}: {found} instead of {(opportunities, versions)}"]


def wrong_nights(first: date, last: date, ends: dict[date, datetime]) -> list[str]:
    """Days whose stored totals are unfinished, or other than what the versions say at their `ends`."""
    wrong = []
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        if not NightlyRun.objects.filter(day=day, state=NightlyRun.State.FINISHED).exists():
            wrong.append(f"{day}: not computed")
        stored = DailyTotal.objects.filter(day=day).aggregate(n=Coalesce(Sum("count"), 0))["n"]
        live = OpportunityVersion.objects.at_end_of(ends[day]).filter(outcome="open").aggregate(n=Count("*"))["n"]
        if stored != live:
            wrong.append(f"{day}: {stored} stored, {live} were open")
    return wrong
