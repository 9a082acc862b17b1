"""The product's settings with a queue of its own: workers of other tests on the same Redis take nothing out of it."""

import os

from config.settings import *  # noqa: F403

CELERY_TASK_DEFAULT_QUEUE = os.environ["OWN_QUEUE"]
