"""A write that cannot get in because a longer one, an import, holds the database: 503, and what was typed is kept."""

from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

RETRY_AFTER = 10  # seconds
HELD = ("55P03", "40P01")  # PostgreSQL: where somebody has set lock_timeout; of two that wait for each other one goes
BUSY = _("An import is running. Nothing was saved; please try again in a moment.")
TOKEN = "csrfmiddlewaretoken"
SECRET = ("password", "secret", "token")  # in the name of a field
ONE_TIME = "code"  # of a second factor


def is_busy(error: BaseException) -> bool:
    """Whether the database could not be written to because somebody else holds it for longer than one waits."""
    if not isinstance(error, OperationalError):
        return False
    return "is locked" in str(error) or getattr(error.__cause__, "pgcode", "") in HELD


class BusyMiddleware:
    """Answers in the browser; `errors.api_exception_handler` does it for the API."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not is_busy(error):
            return None
        response = _told(request) if request.headers.get("HX-Request") else _page(request)
        response["Retry-After"] = str(RETRY_AFTER)
        return response


def _told(_request: HttpRequest) -> HttpResponse:
    """For htmx: the form stays on the page with all that was typed; network.js says the words."""
    return HttpResponse(str(BUSY), status=503, content_type="text/plain; charset=utf-8")


def _page(request: HttpRequest) -> HttpResponse:
    """A page that holds what was typed, to be sent once more; files have to be chosen again."""
    typed = [(name, value) for name, values in request.POST.lists() for value in values if name != TOKEN]
    context = {
        "url": request.get_full_path(),
        "typed": typed,
        "seen": [pair for pair in typed if _is_seen(*pair)],
        "may_repeat": request.method == "POST" and not any(_is_secret(name) for name, _value in typed),
        "files": [file.name for files in dict(request.FILES.lists()).values() for file in files],
    }
    return render(request, "503.html", context, status=503)


def _is_secret(name: str) -> bool:
    return name == ONE_TIME or any(word in name.lower() for word in SECRET)


def _is_seen(name: str, value: str) -> bool:
    """Whether a person typed or chose this; versions and what a field held before go along unseen."""
    return bool(value.strip()) and name != "version" and not name.startswith(("initial-", "_"))
