"""gunicorn's settings: `gunicorn --config config/gunicorn.py config.wsgi`. README has the table of variables."""

import gc
import os
import shutil
import tempfile
from itertools import count
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.settings import DEBUG, DEPLOYED, LOG_LEVEL, LOGGING  # noqa: E402

if not (DEBUG or DEPLOYED):
    raise SystemExit("Set SECRET_KEY: every process that serves pages signs with the same one.")

bind = os.environ.get("BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 20
max_requests = 5000
max_requests_jitter = 500
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # a heartbeat must not wait for a disk
accesslog = os.environ.get("ACCESS_LOG", "-") or None
access_log_format = "%(m)s %(U)s %(s)s %(B)s bytes %(M)s ms %({x-request-id}o)s"
as_everywhere = {"handlers": ["console"], "propagate": False, "level": LOG_LEVEL}
logconfig_dict = LOGGING | {
    "loggers": LOGGING["loggers"]
    | {"gunicorn.error": as_everywhere, "gunicorn.access": as_everywhere if accesslog else {"handlers": []}}
}


# --- Metrics: every process counts into files of its own slot, and whoever is asked adds them up --------------------
# A slot, not a process id: processes come and go (max_requests), their files would pile up.


def on_starting(server: Any) -> None:
    """Before the first worker: an empty folder for the counts."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="ascent-metrics-", dir=worker_tmp_dir)


def pre_fork(server: Any, worker: Any) -> None:
    """In the arbiter: give the worker the lowest slot that no living worker has."""
    taken = {other.metrics_slot for other in server.WORKERS.values()}
    worker.metrics_slot = next(slot for slot in count() if slot not in taken)


def post_fork(server: Any, worker: Any) -> None:
    """In the worker, before it loads the application and with it the counters."""
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: worker.metrics_slot)


def post_worker_init(worker: Any) -> None:
    """In the worker, once everything is loaded: what lives as long as the process is not searched for garbage again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def on_exit(server: Any) -> None:
    """After the last worker."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
