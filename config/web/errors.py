"""One meaning of an error for every door: invalid 400 / 422, refused 403, out of sight 404, stale 409."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_handler

from config.web.revisions import StaleWrite


class Conflict(exceptions.APIException):
    """409 with a body of its own."""

    status_code = 409
    default_code = "conflict"


def field_map(error: ValidationError) -> dict[str, list[str]]:
    """{field: [messages]}; what belongs to no field stands under `non_field_errors`."""
    if not hasattr(error, "error_dict"):
        return {"non_field_errors": list(error.messages)}
    return {("non_field_errors" if name == "__all__" else name): texts for name, texts in error.message_dict.items()}


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's own handler, for our errors too. A view may offer `conflict_body(error)` for its 409."""
    if isinstance(error, ValidationError):
        error = exceptions.ValidationError(field_map(error))
    elif isinstance(error, StaleWrite):
        body = context["view"].conflict_body(error)
        return Response(body, status=409)
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(str(error) or None)
    elif isinstance(error, Http404):
        error = exceptions.NotFound(_("Not found."))
    return drf_handler(error, context)
