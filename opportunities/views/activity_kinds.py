"""Kinds of activity: read by everybody, set by administrators."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import refuse_unless_admin
from accounts.form_pages import confirm_page, form_page
from opportunities import actions
from opportunities.forms.activity_kinds import ActivityKindForm
from opportunities.models import ActivityKind

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def kinds(request: HttpRequest) -> HttpResponse:
    """All of them in the order of the choice, archived ones last."""
    user: Any = request.user
    found = sorted(ActivityKind.objects.all(), key=lambda kind: kind.archived_at is not None)
    return render(request, "settings/activity_kinds.html", {"kinds": found, "may_edit": user.is_admin})


def _kind(request: HttpRequest, pk: int) -> ActivityKind:
    """404 for one that isn't there, 403 for all but administrators."""
    kind = get_object_or_404(ActivityKind, pk=pk)
    refuse_unless_admin(request.user)  # type: ignore[arg-type]
    return kind


def _above() -> dict[str, Any]:
    home = reverse("activity_kinds")
    return {"back": home, "parent": (home, _("Kinds of activity"))}


@form_methods
def kind_create(request: HttpRequest) -> HttpResponse:
    """A new kind."""
    user: Any = request.user
    refuse_unless_admin(user)
    form = ActivityKindForm(request.POST or None)
    if not form.is_bound:
        form.initial["position"] = ActivityKind.objects.count() + 1
    return form_page(
        request, form, lambda: actions.create_activity_kind(actor=user, **form.changes()),
        title=_("New kind of activity"), submit=_("Create kind"), said=_("The kind was created."), **_above(),
    )  # fmt: skip


@form_methods
def kind_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A kind's names, base and place."""
    kind = _kind(request, pk)
    user: Any = request.user
    form = ActivityKindForm(request.POST or None, row=kind)
    return form_page(
        request, form, lambda: actions.edit_activity_kind(kind=kind, actor=user, **form.settled()),
        title=_("Edit kind of activity"), said=_("The kind was saved."), **_above(),
        text=_("Another base holds for all activities of this kind, past ones too."),
    )  # fmt: skip


@form_methods
def kind_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of choices, after a question."""
    kind = _kind(request, pk)
    return confirm_page(
        request, kind, partial(actions.archive_activity_kind, kind=kind),
        title=_("Archive %(name)s?") % {"name": kind}, submit=_("Archive"), danger=True,
        text=_("It can no longer be chosen. Activities that have it keep it, and it can be restored."),
        said=_("The kind was archived."), **_above(),
    )  # fmt: skip


@form_methods
def kind_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into choices."""
    kind = _kind(request, pk)
    return confirm_page(
        request, kind, partial(actions.restore_activity_kind, kind=kind),
        title=_("Restore %(name)s?") % {"name": kind}, submit=_("Restore"),
        text=_("It can be chosen again."), said=_("The kind was restored."), **_above(),
    )  # fmt: skip
