"""Numbers for Prometheus at `/metrics`: requests are counted here, what the database knows is told by collectors.

Only for whoever sends METRICS_TOKEN. Several gunicorn processes add up through files (config/gunicorn.py); a label is
the name of a route, a method or a state, never what somebody has typed.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

logger = logging.getLogger(__name__)

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
REQUESTS = Counter("ascent_requests", "Requests answered", ["method", "route", "status"])
DURATION = Histogram(
    "ascent_request_duration_seconds", "Time until the answer began", ["method", "route"], buckets=SECONDS
)


class MetricsMiddleware:
    """Counts and times every request that gets as far as the application; not in use without METRICS_TOKEN."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "other"
        route = route_of(request)
        REQUESTS.labels(method, route, f"{response.status_code // 100}xx").inc()
        DURATION.labels(method, route).observe(time.perf_counter() - began)
        return response


def route_of(request: HttpRequest) -> str:
    """The name of the request's route; `none` where the address leads nowhere or the route has no name."""
    match = request.resolver_match
    return (match.view_name if match else "") or "none"


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """All numbers in Prometheus's text format; 404 without METRICS_TOKEN, 401 for who doesn't send it."""
    if not settings.METRICS_TOKEN:
        return HttpResponse(status=404)
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(generate_latest(_requests()) + generate_latest(_database()), content_type=CONTENT_TYPE_LATEST)


def _requests() -> CollectorRegistry:
    """What this process has counted; with several, what all of them have."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry


def _database() -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DatabaseCollector())
    return registry


class DatabaseCollector:
    """What the functions of METRICS_COLLECTORS tell; when one of them fails, the others are told all the same."""

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        answers = GaugeMetricFamily("ascent_collector_up", "Whether these numbers could be read", labels=["collector"])
        for name in settings.METRICS_COLLECTORS:
            found = self._ask(name)
            answers.add_metric([name], found is not None)
            yield from found or ()
        yield answers

    def _ask(self, name: str) -> list[Metric] | None:
        collect: Callable[[], Iterable[Any]] = import_string(name)
        try:
            return list(collect())
        except Exception:
            logger.exception("The numbers of %s could not be read", name)
            return None
