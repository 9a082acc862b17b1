"""The Celery application: `celery -A config worker`, `celery -A config beat`."""

import logging.config
import os

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("ascent")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**kwargs: object) -> None:
    """Keeps Celery from adding handlers of its own: its lines look like everybody's."""
    logging.config.dictConfig(settings.LOGGING)
