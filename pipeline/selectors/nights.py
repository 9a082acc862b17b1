"""Which nights stand: computed, and not rewritten since."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from customers.models import Merge
from pipeline.models import NightlyRun


def finished_nights() -> Any:
    """Finished runs of totals; a merge of customers and its taking back make those from their first day due again."""
    changed = Q(merged_at__gte=OuterRef("started_at")) | Q(undone_at__gte=OuterRef("started_at"))
    rewritten = Merge.objects.filter(changed, from_day__lte=OuterRef("day"))
    finished = NightlyRun.objects.filter(step=NightlyRun.Step.TOTALS, state=NightlyRun.State.FINISHED)
    return finished.filter(~Exists(rewritten))
