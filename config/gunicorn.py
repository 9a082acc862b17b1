"""gunicorn's settings: `gunicorn --config config/gunicorn.py config.wsgi`. README has the table of variables."""

import os

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
