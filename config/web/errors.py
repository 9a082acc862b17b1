"""One meaning of an error for every door: invalid 400 / 422, refused 403, out of sight 404, stale 409."""

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFilesSent, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_handler

from config.web.busy import BUSY, RETRY_AFTER, is_busy
from config.web.parsers import TooLarge
from config.web.revisions import StaleWrite
from config.web.templatetags.ui import sentences
from config.web.uploads import DISK_FULL, DiskFull


class TooManyAttempts(ValidationError):
    """Refused because it was tried too often: 429 in the API, an error like another in a form."""

    wait = 3600  # seconds, at most: attempts are counted over an hour


class Busy(exceptions.APIException):
    """503: a longer write, an import, holds the database."""

    status_code = 503
    default_detail = BUSY
    default_code = "busy"
    wait = RETRY_AFTER


class NoRoom(exceptions.APIException):
    """507: the disk is full."""

    status_code = 507
    default_detail = DISK_FULL
    default_code = "disk_full"


TOO_MANY = gettext_lazy("Too many attempts. Please wait a moment.")
TAKEN = gettext_lazy("This value is taken already.")
TOLD = {"already_served"}  # codes that a program reads beside the words


def field_map(error: ValidationError) -> dict[str, list[str]]:
    """{field: [messages]}; what belongs to no field stands under `non_field_errors`."""
    if not hasattr(error, "error_dict"):
        return {"non_field_errors": list(error.messages)}
    return {
        ("non_field_errors" if name == "__all__" else name): [text for each in errors for text in _texts(each)]
        for name, errors in error.error_dict.items()
    }


def _texts(error: ValidationError) -> list[str]:
    """Its messages; Django's own word for a value that is taken names a table."""
    return [str(TAKEN)] if error.code in ("unique", "unique_together") else error.messages


def _told_code(error: ValidationError) -> dict[str, str]:
    parts = sum(error.error_dict.values(), []) if hasattr(error, "error_dict") else error.error_list
    told = [str(part.code) for part in parts if part.code in TOLD]
    return {"code": told[0]} if told else {}


def _throttled(error: TooManyAttempts) -> exceptions.Throttled:
    """With `Retry-After`, in the words of the error itself."""
    throttled = exceptions.Throttled(detail=sentences(error.messages))
    throttled.wait = error.wait  # type: ignore[attr-defined]
    return throttled


def _told_to_wait(error: exceptions.Throttled) -> exceptions.Throttled:
    """Django REST framework's own words join two sentences with a blank, in Chinese too."""
    wait = error.wait  # type: ignore[attr-defined]
    text = _("Too many requests. Seconds to wait: %(wait)s.") % {"wait": wait} if wait else TOO_MANY
    error.detail = exceptions.ErrorDetail(str(text), error.default_code)
    return error


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's own handler, for our errors too. A view may offer `conflict_body(error)` for its 409."""
    if isinstance(error, TooManyAttempts):
        error = _throttled(error)
    elif isinstance(error, exceptions.Throttled):
        error = _told_to_wait(error)
    elif isinstance(error, ValidationError):
        error = exceptions.ValidationError({**field_map(error), **_told_code(error)})
    elif isinstance(error, StaleWrite):
        body = context["view"].conflict_body(error)
        return Response(body, status=409)
    elif isinstance(error, Http404):
        error = exceptions.NotFound(_("Not found."))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(str(error) or None)
    else:
        error = _of_the_machine(error)
    return drf_handler(error, context)


def _of_the_machine(error: Exception) -> Exception:
    """Limits of size, of room and of time."""
    if isinstance(error, RequestDataTooBig | TooManyFilesSent):
        return TooLarge()
    if isinstance(error, DiskFull):
        return NoRoom()
    return Busy() if is_busy(error) else error


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 400, such as for a host that is not ours: below /api/ in JSON."""
    if not request.path.startswith("/api/"):
        return defaults.bad_request(request, exception)
    return JsonResponse({"detail": _("The address or what was sent is malformed. Nothing was saved.")}, status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's 500, a fault of ours that is in the log: below /api/ in JSON."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    text = _("Nothing was saved. Please try again; if it stays so, tell your administrator when it happened.")
    return JsonResponse({"detail": text}, status=500)
