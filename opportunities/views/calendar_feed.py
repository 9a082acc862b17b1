"""The private calendar address: made, shown once and revoked in the profile; read by calendar programs."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.throttling import SimpleRateThrottle

from accounts.form_pages import form_page
from accounts.forms import NothingForm
from accounts.invitations import may_sign_in
from accounts.models import User
from accounts.tokens import digest
from opportunities import actions
from opportunities.models import Activity, CalendarFeed

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class FeedThrottle(SimpleRateThrottle):
    """Requests a minute of one address; programs ask every quarter of an hour at most."""

    scope, rate = "calendar", "60/min"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return f"throttle-calendar-{get_adapter().get_client_ip(request)}"


@login_not_required
@never_cache
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar of whose address it is; 404 for an unknown one and once the person has no access any more."""
    throttle = FeedThrottle()
    if not throttle.allow_request(request, None):  # type: ignore[arg-type]
        return HttpResponse(status=429, headers={"Retry-After": str(int(throttle.wait() or 60) + 1)})
    from opportunities.selectors.calendar_feed import feed_of  # icalendar: 3 MB of a process that serves no feed

    user = _person(token)
    content = feed_of(user, timezone.now(), lambda activity: _page(request, activity))
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="ascent.ics"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _person(token: str) -> User:
    row = CalendarFeed.objects.usable().select_related("user__team").filter(token_hash=digest(token)).first()
    if row is None or not may_sign_in(row.user):
        raise Http404
    return row.user


def _page(request: HttpRequest, activity: Activity) -> str:
    return request.build_absolute_uri(reverse("activity", args=[activity.pk]))


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Whether the person has a calendar address, and since when."""
    user: Any = request.user
    row = CalendarFeed.objects.usable().filter(user=user).first()
    return render(request, "activities/feed.html", {"feed": row})


@never_cache
@form_methods
def make(request: HttpRequest) -> HttpResponse:
    """Make an address; the answer shows it, and it is kept nowhere."""
    user: Any = request.user
    if request.method == "POST":
        secret = actions.make_calendar_feed(actor=user)
        address = request.build_absolute_uri(reverse("calendar_ics", args=[secret]))
        return render(request, "activities/feed_made.html", {"address": address}, status=201)
    text = _("Whoever has the address reads when you have planned what with whom. An address that you have now ends.")
    context = {
        "form": NothingForm(), "title": _("New calendar address"), "text": text, "submit": _("Make the address"),
        "url": request.path, "layout": "layouts/form_page.html", **_above(),
    }  # fmt: skip
    return render(request, "layouts/form.html", context)


def _above() -> dict[str, Any]:
    home = reverse("calendar_feed")
    return {"cancel": home, "parent": (home, _("Calendar address"))}


@form_methods
def revoke(request: HttpRequest) -> HttpResponse:
    """End the address, after a question."""
    user: Any = request.user
    home = reverse("calendar_feed")
    return form_page(
        request, NothingForm(request.POST if request.method == "POST" else None),
        lambda: actions.revoke_calendar_feed(actor=user),
        title=_("Revoke the calendar address?"), submit=_("Revoke"), danger=True,
        text=_("Calendar programs that use it get nothing from now on."), said=_("The calendar address was revoked."),
        back=home, parent=(home, _("Calendar address")),
    )  # fmt: skip
