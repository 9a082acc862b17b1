"""The two probes. Both are public, read no session and answer JSON; ProbeMiddleware calls them."""

import logging
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

logger = logging.getLogger(__name__)


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 whenever the process answers; touches nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and has every migration of this code, else 503 that says which of the two."""
    try:
        missing = missing_migrations()
    except DatabaseError:
        logger.exception("The database does not answer.")
        return JsonResponse({"status": "the database does not answer"}, status=503)
    if missing:
        return JsonResponse({"status": "migrations are not applied", "missing": missing}, status=503)
    return JsonResponse({"status": "ok"})


def missing_migrations() -> list[str]:
    """Names (`app.0001_name`) of the latest migrations that the database lacks; DatabaseError if it doesn't answer."""
    applied = MigrationRecorder(connection).applied_migrations()
    return [f"{app}.{name}" for app, name in latest_migrations() if (app, name) not in applied]


@cache
def latest_migrations() -> tuple[tuple[str, str], ...]:
    """The last migration of each app in this code: (app label, name). Code doesn't change while it runs."""
    return tuple(MigrationLoader(None).graph.leaf_nodes())


PROBES = {"/healthz": healthz, "/readyz": readyz}
