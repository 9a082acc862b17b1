"""Numbers for Prometheus about the work in the background. Five queries, whatever there is."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Max
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from pipeline import nightly
from pipeline.models import ExportRun, ImportRun, NightlyRun

KINDS: dict[str, Any] = {"nightly": NightlyRun, "import": ImportRun, "export": ExportRun}


def collect() -> Iterator[Metric]:
    jobs = GaugeMetricFamily("ascent_jobs", "Runs by kind and state", labels=["kind", "state"])
    for kind, model in KINDS.items():
        counts = dict(model.objects.order_by().values_list("state").annotate(Count("pk")))
        for state in model.State.values:
            jobs.add_metric([kind, state], counts.get(state, 0))
    yield jobs
    yield GaugeMetricFamily("ascent_nightly_due_days", "Ended days that are not computed", len(nightly.due_days()))
    last = NightlyRun.objects.filter(state=NightlyRun.State.FINISHED).aggregate(at=Max("ended_at"))["at"]
    if last is not None:
        age = (timezone.now() - last).total_seconds()
        yield GaugeMetricFamily("ascent_nightly_age_seconds", "Time since a nightly run finished", age)
