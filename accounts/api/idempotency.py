"""The header `Idempotency-Key`: `config.web.api.Resource` hands every POST that carries one to `answered_once`."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import Answer, KeyUsed, Refused, answer_once, digest_of
from config.web.revisions import StaleWrite

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
WELL_FORMED = re.compile(r"[!-~]{1,255}")
WITH_FILES = ("multipart/", "application/zip")
REFUSALS = (exceptions.APIException, ValidationError, PermissionDenied, Http404, StaleWrite)


class KeyUsedBefore(exceptions.APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = gettext_lazy("This Idempotency-Key was used for another request.")
    default_code = "idempotency_key_used"


def answered_once(request: Request, handler: Callable[[], Response]) -> Response:
    """What the handler answers, once for each key of the caller's."""
    key = request.headers[HEADER]
    if not WELL_FORMED.fullmatch(key):
        raise serializers.ValidationError({HEADER: [_("Send 1 to 255 characters of ASCII, without spaces.")]})
    digest = digest_of(str(request.method), request.get_full_path(), _sent(request))
    first: list[Response] = []
    try:
        answer = answer_once(user=request.user, key=key, digest=digest, act=lambda: _carried_out(handler, first))
    except KeyUsed as error:
        raise KeyUsedBefore from error
    except Refused as error:
        if isinstance(error.answer, Response):
            return error.answer
        raise error.answer from None
    return _replayed(answer) if answer.again else first[0]


def _sent(request: Request) -> bytes:
    """What tells one body from another: its bytes; of a form, whose bytes differ each time, its fields and files."""
    if not request.content_type.startswith(WITH_FILES):
        return request._request.body
    data: Any = request.data
    fields = sorted((name, [_told(value) for value in values]) for name, values in data.lists())
    return json.dumps(fields).encode()


def _told(value: Any) -> Any:
    """A file's name and the digest of what it holds; it is left to be read from its beginning."""
    if not isinstance(value, UploadedFile):
        return value
    found = hashlib.sha256()
    for chunk in value.chunks():
        found.update(chunk)
    value.seek(0)
    return [value.name, found.hexdigest()]


def _carried_out(handler: Callable[[], Response], first: list[Response]) -> Answer:
    try:
        response = handler()
    except REFUSALS as error:
        raise Refused(error) from error
    if response.status_code >= status.HTTP_400_BAD_REQUEST:
        raise Refused(response)
    first.append(response)
    return Answer(response.status_code, _plain(response.data))


def _plain(data: Any) -> str | None:
    """The JSON as text: PostgreSQL would put the names of an object into another order."""
    return None if data is None else JSONRenderer().render(data).decode()


def _replayed(answer: Answer) -> Response:
    headers, body = {REPLAYED: "true"}, None if answer.body is None else json.loads(answer.body)
    if isinstance(body, dict) and "version" in body:
        headers["ETag"] = f'"{body["version"]}"'
    return Response(body, status=answer.status, headers=headers)
