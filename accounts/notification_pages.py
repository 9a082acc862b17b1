"""The list behind the bell, and how a person wants to be told."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions
from accounts.form_pages import form_page, is_fragment
from accounts.forms import NotificationsForm
from accounts.models import Notification, User
from accounts.notifications import preferences_of, told

PAGE_SIZE, NEWEST = 50, 10


def _own(request: HttpRequest) -> Any:
    assert isinstance(request.user, User)
    return Notification.objects.visible_to(request.user)


def _id(text: str) -> int | None:
    """An id that was sent, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """All of one's own, the newest first, older ones than `before`; for htmx the newest ten, in the dialog."""
    response = _list(request)
    patch_vary_headers(response, ("HX-Request",))
    return response


def _list(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    fragment, before = is_fragment(request), _id(request.GET.get("before", ""))
    rows = _own(request) if before is None else _own(request).filter(pk__lt=before)
    size = NEWEST if fragment else PAGE_SIZE
    notes = list(rows[: size + 1])
    lines = told(notes[:size], request.user)
    context = {
        "lines": lines,
        "until": notes[0].pk if notes else 0,
        "unread": any(line.note.read_at is None for line in lines),
        "older": notes[size - 1].pk if len(notes) > size else None,
        "before": before,
    }
    return render(request, f"notifications/{'dialog' if fragment else 'page'}.html", context)


@require_safe
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one read and go where it leads."""
    assert isinstance(request.user, User)
    note = get_object_or_404(_own(request), pk=pk)
    if request.method == "GET":
        actions.mark_read(user=request.user, notifications=Notification.objects.filter(pk=pk))
    lines = told([note], request.user)
    return redirect(lines[0].words.url if lines else "notifications")


@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one read."""
    assert isinstance(request.user, User)
    note = get_object_or_404(_own(request), pk=pk)
    actions.mark_read(user=request.user, notifications=Notification.objects.filter(pk=note.pk))
    return _again(request)


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all read up to `until`, the newest one that was shown: what came since stays unread."""
    assert isinstance(request.user, User)
    until = _id(request.POST.get("until", ""))
    rows = Notification.objects.filter(recipient=request.user)
    actions.mark_read(user=request.user, notifications=rows.filter(pk__lte=until) if until is not None else rows)
    return _again(request)


def _again(request: HttpRequest) -> HttpResponse:
    return _list(request) if is_fragment(request) else redirect("notifications")


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Which kinds of things one wants to be told, in Ascent and by mail."""
    assert isinstance(request.user, User)
    user = request.user
    form = NotificationsForm(request.POST or None, preferences=preferences_of(user))
    return form_page(
        request, form, lambda: actions.set_notification_preferences(user=user, changes=form.chosen()),
        title=_("What I am told about"), said=_("Saved."), back=reverse("notification_preferences"), cancel="",
        parent=(reverse("profile"), _("Profile")), template="notifications/preferences.html", row=user,
    )  # fmt: skip
