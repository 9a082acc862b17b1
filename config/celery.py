"""The Celery application: `celery -A config worker`, `celery -A config beat`."""

import logging.config
import os
from contextvars import Token

from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

from config.web import context

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TRANSPORT_ALIASES["folder"] = "config.web.broker:Transport"
app = Celery("ascent")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**kwargs: object) -> None:
    """Keeps Celery from adding handlers of its own: its lines look like everybody's."""
    logging.config.dictConfig(settings.LOGGING)


_entered: dict[str, Token[str]] = {}


@task_prerun.connect
def enter_by_the_workers_door(task_id: str, **kwargs: object) -> None:
    """What a task writes stands in the audit trail as written by the worker."""
    _entered[task_id] = context.door.set("worker")


@task_postrun.connect
def leave(task_id: str, **kwargs: object) -> None:
    token = _entered.pop(task_id, None)
    if token is not None:
        context.door.reset(token)
