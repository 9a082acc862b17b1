"""What pipeline does not keep for ever: ended imports and exports, and the nights of days long past."""

from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Notification
from config.web.retention import days_ago, delete_in_batches
from pipeline.models import DailyTotal, ExportRun, ImportRun, NightlyRun
from pipeline.nightly import first_kept
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


def forget_nights() -> int:
    """Delete the runs and totals of days before `first_kept`, which are read live from then on; how many runs."""
    day = first_kept()
    runs = delete_in_batches(NightlyRun.objects.filter(day__lt=day))  # first: without its run a total is read no more
    delete_in_batches(DailyTotal.objects.filter(day__lt=day))
    return runs
