"""Middleware that stands before everything else: the request id and the probes."""

import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.defaults import page_not_found

from config.web.health import PROBES
from config.web.logs import current_request_id
from config.web.metrics import metrics

HEADER = "X-Request-ID"
ANSWERED_FIRST = {**PROBES, "/metrics": metrics}
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Takes the request's id from `X-Request-ID` when it is 8-64 safe characters, else makes one; answers with it.

    It is on `request.id` and in every log line that is written while the request is answered.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = accepted_id(request.headers.get(HEADER, ""))
        request.id = request_id  # type: ignore[attr-defined]
        token = current_request_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            current_request_id.reset(token)
        response.headers[HEADER] = request_id
        return response


class ProbeMiddleware:
    """Answers `/healthz`, `/readyz` and `/metrics` before host check, HTTPS redirect, session and sign-in.

    A probe comes by plain HTTP to an address of the machine, and has to work when the rest doesn't.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = ANSWERED_FIRST.get(request.path_info)
        return probe(request) if probe else self.get_response(request)


class PrivateMiddleware:
    """What an answer does not say otherwise of itself: only the reader's own browser keeps it, and asks anew."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class OwnNotFoundMiddleware:
    """Also while DEBUG is on there is one page for what is not there: Django's technical one names addresses.

    A page of our own that says more, and is rendered with the status 404, stays.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.DEBUG and isinstance(response, HttpResponseNotFound) and not request.path.startswith("/api/"):
            return page_not_found(request, Http404())
        return response


def accepted_id(given: str) -> str:
    """The given request id if it is well formed (it goes into logs and a header), else a new one."""
    return given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
