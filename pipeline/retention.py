"""What pipeline does not keep for ever: ended imports and exports. Nightly runs stay, one small row a day."""

from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Notification
from config.web.retention import days_ago
from pipeline.models import ExportRun, ImportRun
from pipeline.runs import storage

IMPORT, EXPORT = ImportRun.State, ExportRun.State
ENDED: list[tuple[Any, list[str]]] = [
    (ImportRun, [IMPORT.FINISHED, IMPORT.FAILED, IMPORT.REFUSED, IMPORT.CANCELLED]),
    (ExportRun, [EXPORT.FINISHED, EXPORT.FAILED, EXPORT.EXPIRED]),
]


def forget_old() -> int:
    """Delete ended runs that were asked for more than KEEP_RUNS_DAYS ago, with their files; how many there were."""
    then, count = days_ago(settings.KEEP_RUNS_DAYS), 0
    for model, states in ENDED:
        for run in list(model.objects.filter(state__in=states, created_at__lt=then).only("key")):
            storage.remove(run)
            with transaction.atomic():  # what told of it would stay unread: there is nothing to open any more
                Notification.objects.filter(model=model._meta.model_name, object_id=run.pk).delete()
                count += run.delete()[0]
    return count
