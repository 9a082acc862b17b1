"""Log lines: one JSON object a line, each with the id of the request or task that wrote it."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

from celery import current_task

NOBODY = "-"
SECRET_PATH = re.compile(r"(/invitation/|/password/reset/key/|/calendar/(?=[^\s/?]+\.ics))[^\s/?]+")
current_request_id: ContextVar[str] = ContextVar("current_request_id", default=NOBODY)


def current_id() -> str:
    """The id of the request being answered, else of the Celery task being run, else `-`."""
    request_id = current_request_id.get()
    if request_id == NOBODY and current_task:
        return current_task.request.id or NOBODY
    return request_id


class RequestIdFilter(logging.Filter):
    """Gives every record its `request_id`; lets all of them pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_id()
        return True


class SecretPathFilter(logging.Filter):
    """Leaves out of a line what opens an account: the links of invitations, of new passwords, of calendars."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        told = SECRET_PATH.sub(r"\1…", said)
        if told != said:
            record.msg, record.args = told, ()
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (ISO 8601, UTC), level, logger, message, request_id and, if any, exception."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", NOBODY),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
