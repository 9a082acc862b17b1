"""Every page is private, in the reader's language, and reads the organisation once."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib.auth import middleware as auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.cache import patch_vary_headers

from accounts import last_seen
from accounts.models import User
from accounts.selectors import calendar, drawer, organisation
from config.web import context
from config.web.money import set_currency

GetResponse = Callable[[HttpRequest], HttpResponse]


class OrganisationMiddleware:
    """Opens the drawer in which one request keeps the organisation, and notes the door it came through."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = drawer.set({})
        set_currency(lambda: organisation().currency)
        context.set_zone(lambda: calendar().tz)
        entered = context.door.set("api" if request.path.startswith("/api/") else "browser")
        try:
            return self.get_response(request)
        finally:
            drawer.reset(token)
            context.door.reset(entered)


class PreferredLanguageMiddleware:
    """The person's own language; before sign-in the cookie, then the browser's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        language = user.language if user.is_authenticated else translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())  # of a token's person too
        patch_vary_headers(response, ("Accept-Language",))
        return response


class LastSeenMiddleware:
    """Notes who was here, after the answer is made: people in the browser, and those whose token is used."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(request.user, User) and response.status_code < 500:
            last_seen.note(request.user)
        return response


class LoginRequiredMiddleware(auth.LoginRequiredMiddleware):
    """Django's own, which sends a fragment's reader to the sign-in page as a whole page."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponse:
        response = super().handle_no_permission(request, view_func)
        if request.headers.get("HX-Request"):
            target = HttpResponse(status=204)
            target["HX-Redirect"] = sign_in_url(
                self.get_login_url(view_func), request.headers.get("HX-Current-URL", "")
            )
            return target
        return response


def sign_in_url(login_url: str, page: str) -> str:
    """The sign-in page that leads back to the page which asked for a fragment."""
    parts = urlsplit(page)
    back = urlunsplit(("", "", parts.path, parts.query, ""))
    return resolve_url(login_url) + (f"?{urlencode({'next': back})}" if back else "")
