"""Uploads within limits: refused by their declared length before the body is read, and kept on the disk, not in memory.

A view that takes more than a form says so in its attribute `largest_upload`; every other request may hold
DATA_UPLOAD_MAX_MEMORY_SIZE. Django reads the body for its CSRF check, so this stands before that.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MEGABYTE = 1024 * 1024
FULL = {errno.ENOSPC, errno.EDQUOT}
DISK_FULL = gettext_lazy("The disk of the server is full. Nothing was saved; please tell your administrator.")
Limit = Callable[[HttpRequest], int]


class DiskFull(Exception):
    """There is no room for what was uploaded."""


def takes_uploads(limit: Limit) -> Callable[[Any], Any]:
    """Let a view take requests of up to `limit(request)` bytes."""

    def mark(view: Any) -> Any:
        view.largest_upload = limit
        return view

    return mark


def largest_form(_request: HttpRequest) -> int:
    """What a request may hold where nothing else is said, in bytes."""
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def takes_files(most: int = 1) -> Callable[[Any], Any]:
    """Let a view take requests with up to `most` files that are kept with something (ATTACHMENT_MEGABYTES each)."""
    return takes_uploads(lambda _request: (most * int(settings.ATTACHMENT_MEGABYTES) + 1) * MEGABYTE)


class UploadLimitMiddleware:
    """413 for what is too large, 507 when there is no room, before anything else looks at the body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        limit = limit_of(view)(request)
        if declared_length(request) > limit:
            return refused(request, 413, _("This is too large. Nothing was saved."))
        request.largest_upload = limit  # type: ignore[attr-defined]
        return read_upload(request) if limit_of(view) is not largest_form and request.user.is_authenticated else None


def limit_of(view: Any) -> Limit:
    """The limit that a view, or the class of an API view, has set for itself."""
    return getattr(getattr(view, "cls", view), "largest_upload", largest_form)


def declared_length(request: HttpRequest) -> int:
    """The bytes that the request says it holds; without a length a server hands over nothing."""
    given = request.META.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isascii() and given.isdigit() else 0


def read_upload(request: HttpRequest) -> HttpResponse | None:
    """Read a form with files now, where what goes wrong can still be said in words."""
    if request.method != "POST" or request.content_type != "multipart/form-data":
        return None
    try:
        request.POST  # noqa: B018
    except RequestDataTooBig:
        return refused(request, 413, _("This is too large. Nothing was saved."))
    except TooManyFilesSent:
        return refused(request, 413, _("These are too many files. Nothing was saved."))
    except DiskFull:
        return refused(request, 507, str(DISK_FULL))
    return None


def refused(request: HttpRequest, status: int, text: str) -> HttpResponse:
    """The refusal as JSON or as a page."""
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": text}, status=status)
    return render(request, "413.html", {"text": text, "back": page_before(request)}, status=status)


def page_before(request: HttpRequest) -> str:
    """The page of ours that the form stood on; the start when that is not known."""
    page = request.META.get("HTTP_REFERER", "")
    safe = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if safe else "/"


class SpooledUploadHandler(TemporaryFileUploadHandler):
    """Each file of a request in a file of its own on the disk, and no more bytes than the request may hold."""

    def handle_raw_input(self, *args: Any, **options: Any) -> None:
        self.left = getattr(self.request, "largest_upload", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

    def new_file(self, *args: Any, **options: Any) -> None:
        with disk_errors():
            super().new_file(*args, **options)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.left -= len(raw_data)
        if self.left < 0:
            raise RequestDataTooBig("The request holds more than it may.")
        with disk_errors():
            return super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> Any:
        with disk_errors():
            return super().file_complete(file_size)


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turns the system's word for a full disk into DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(str(error)) from error
        raise
