"""allauth's pages that Ascent does not have: an address belongs to the profile, and nobody signs in with a code."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, re_path


def not_here(request: HttpRequest, **_parts: str) -> HttpResponse:
    """404: these addresses stand before allauth's own, which would answer."""
    raise Http404


urlpatterns = [
    path("email/", not_here),
    path("confirm-email/", not_here),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", not_here),
    path("login/code/confirm/", not_here),
    path("password/set/", not_here),
]
