"""Numbers for Prometheus about what waits to be sent. One query."""

from collections.abc import Iterator

from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from accounts.models import OutboxMessage


def collect() -> Iterator[Metric]:
    now = timezone.now()
    unsent = Q(sent_at__isnull=True, dropped_at__isnull=True)
    waiting = unsent & Q(failed_at__isnull=True)
    found = OutboxMessage.objects.filter(unsent).aggregate(
        waiting=Count("pk", filter=waiting),
        overdue=Count("pk", filter=waiting & Q(due_at__lte=now)),
        failed=Count("pk", filter=Q(failed_at__isnull=False)),
        oldest=Min("due_at", filter=waiting),
    )
    messages = GaugeMetricFamily("ascent_outbox_messages", "Messages that are not sent", labels=["state"])
    for state in ("waiting", "overdue", "failed"):
        messages.add_metric([state], found[state])
    yield messages
    late = max((now - found["oldest"]).total_seconds(), 0) if found["oldest"] else 0
    yield GaugeMetricFamily("ascent_outbox_oldest_seconds", "How late the oldest waiting message is", late)
