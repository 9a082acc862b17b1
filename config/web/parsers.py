"""What a body of the API may look like. Apart from api.py, because Django REST framework loads its parsers first."""

import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, parsers, status

DEEPEST = 12


class TooLarge(exceptions.APIException):
    """413: a body beyond DATA_UPLOAD_MAX_MEMORY_SIZE."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("This is too large.")
    default_code = "too_large"


class JSONParser(parsers.JSONParser):
    """JSON within limits: of a size, not nested deeply, no NaN, no text that is not Unicode."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        length = getattr(stream, "META", {}).get("CONTENT_LENGTH") or 0
        if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            data = self.read(stream, media_type, parser_context)
            refuse_deep(data)
            json.dumps(data, ensure_ascii=False).encode()
        except RecursionError as error:
            raise exceptions.ParseError(_("This is nested too deeply.")) from error
        except UnicodeEncodeError as error:
            raise exceptions.ParseError(_("Text is Unicode without lone surrogates.")) from error
        return data

    def read(self, *given: Any) -> Any:
        """What the parser reads, or where it could not, in the caller's language."""
        try:
            return super().parse(*given)
        except exceptions.ParseError as error:
            found = error.__context__
            if not isinstance(found, json.JSONDecodeError):
                raise exceptions.ParseError(_("This is no JSON.")) from error
            where = {"line": found.lineno, "column": found.colno}
            raise exceptions.ParseError(_("This is no JSON: line %(line)s, column %(column)s.") % where) from error


def refuse_deep(data: Any) -> None:
    """ParseError when lists and objects are nested more than DEEPEST levels."""
    level = [data]
    for _depth in range(DEEPEST):
        level = [child for each in level for child in _children(each)]
        if not level:
            return
    raise exceptions.ParseError(_("This is nested too deeply."))


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
