"""Request ids, JSON log lines, and the two probes."""

import json
import logging
import sys

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import RequestFactory

from config.celery import app
from config.web import health
from config.web.logs import JsonFormatter, RequestIdFilter, SecretPathFilter
from config.web.middleware import RequestIdMiddleware


def line_of(record: logging.LogRecord) -> dict[str, str]:
    RequestIdFilter().filter(record)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    return json.loads(text)


def record(message: str, *args: object, exc_info=None) -> logging.LogRecord:
    return logging.LogRecord("ascent.test", logging.WARNING, __file__, 1, message, args, exc_info)


def answer(given: str | None) -> tuple[str, HttpResponse, dict[str, str]]:
    """The id the view saw, the response, and a log line written by the view."""
    seen = {}

    def view(request):
        seen.update(id=request.id, line=line_of(record("in the view")))
        return HttpResponse()

    headers = {} if given is None else {"X-Request-ID": given}
    response = RequestIdMiddleware(view)(RequestFactory().get("/", headers=headers))
    return seen["id"], response, seen["line"]


@pytest.mark.parametrize("given", ["abcdefgh", "a1b2c3d4-0000.X_y", "x" * 64])
def test_a_well_formed_request_id_is_taken(given):
    request_id, response, line = answer(given)
    assert request_id == response["X-Request-ID"] == line["request_id"] == given


@pytest.mark.parametrize(
    "given", [None, "", "short", "x" * 65, "with space", 'a"b"c"d"e"', "编号编号编号编号", "abcdefgh\n"]
)
def test_any_other_is_replaced(given):
    request_id, response, line = answer(given)
    assert request_id == response["X-Request-ID"] == line["request_id"]
    assert len(request_id) == 32
    assert request_id != given
    assert answer(given)[0] != request_id


def test_the_request_id_ends_with_the_request():
    answer("abcdefgh")
    assert line_of(record("afterwards"))["request_id"] == "-"


def test_a_line_of_a_task_has_the_id_of_the_task():
    @app.task(name="tests.log_line", ignore_result=False)
    def log_line():
        return line_of(record("in the task"))

    assert log_line.apply(task_id="task-1").get()["request_id"] == "task-1"
    app.tasks.unregister("tests.log_line")


def test_a_line_says_when_how_bad_who_and_what():
    line = line_of(record("Won %s of %s", "金额", "customer\nof two lines"))
    assert line["level"] == "WARNING"
    assert line["logger"] == "ascent.test"
    assert line["message"] == "Won 金额 of customer\nof two lines"
    assert line["time"].endswith("+00:00")
    assert "exception" not in line


def test_a_line_of_a_failure_has_the_traceback():
    try:
        raise ValueError("no summit")
    except ValueError:
        line = line_of(record("failed", exc_info=sys.exc_info()))
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("ValueError: no summit")


def test_healthz_needs_no_database_host_https_or_session(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/healthz", headers={"host": "10.1.2.3"})
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert not response.cookies
    assert response["X-Request-ID"]
    assert "no-store" in response["Cache-Control"]


def test_readyz_is_200_when_database_and_migrations_are_there(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/readyz", headers={"host": "10.1.2.3"})
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert not response.cookies


def test_readyz_names_the_migrations_that_are_missing(client, db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["missing"] == ["sessions.0001_initial"]


def test_readyz_is_503_when_the_database_does_not_answer(client, monkeypatch):
    def broken():
        raise OperationalError("connection refused to secret-host")

    monkeypatch.setattr(health, "missing_migrations", broken)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "secret-host" not in response.content.decode()


def test_readyz_does_not_ask_the_broker(client, db, settings):
    settings.CELERY_BROKER_URL = settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("message", "args", "told"),
    [
        ("%(m)s %(U)s", ({"m": "GET", "U": "/invitation/abc:def/"},), "GET /invitation/…/"),
        ("Not Found: %s", ("/accounts/password/reset/key/1-secret/",), "Not Found: /accounts/password/reset/key/…/"),
        ("GET %s", ("/settings/people/invitations/",), "GET /settings/people/invitations/"),
    ],
)
def test_a_log_line_holds_no_link_that_opens_an_account(message, args, told):
    record = logging.LogRecord("gunicorn.access", logging.INFO, "", 0, message, args, None)
    assert SecretPathFilter().filter(record)
    assert record.getMessage() == told


def test_every_line_goes_through_that_filter(settings):
    assert "secret_path" in settings.LOGGING["handlers"]["console"]["filters"]
