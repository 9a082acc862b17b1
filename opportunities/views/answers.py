"""What the views of one opportunity share: finding it, and the words that follow a saved change."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from accounts.models import User
from opportunities.models import Opportunity, Stage


def visible(request: HttpRequest, pk: int, *more: Callable[[Any], Any]) -> Opportunity:
    """The opportunity with its names, archived or not; 404 for whoever may not see it.

    `more`: what else is read of the row (such as `with_brief`).
    """
    assert isinstance(request.user, User)
    found: Any = Opportunity.objects.visible_to(request.user).with_names().select_related("owner__team")
    for add in more:
        found = add(found)
    return get_object_or_404(found, pk=pk)  # type: ignore[no-any-return]


def editable(request: HttpRequest, pk: int) -> Opportunity:
    """Likewise, and 403 for those who only read."""
    found = visible(request, pk)
    refuse_readers(request.user)
    return found


def refuse_readers(user: Any) -> None:
    """Reps and managers edit what they see; executives and administrators read it."""
    if not user.sells:
        raise PermissionDenied(_("You may read this opportunity but not change it."))


def brief(title: str) -> str:
    """A title as a sentence has room for it."""
    return Truncator(title).chars(40)


def move_url(row: Opportunity, target: Stage) -> str:
    """Where a move is asked about and posted to. It names the stage, so that its dialog can be opened once more."""
    return f"{reverse('opportunity_move', args=[row.pk])}?{urlencode({'stage': target.key})}"


def is_htmx(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))


def seen_version(request: HttpRequest) -> int:
    """The version that the editor saw; none at all counts as the oldest, so that a careless write is refused."""
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def take(form: Form, error: ValidationError) -> None:
    """Show what an action refused beside the fields it is about, the rest above the form."""
    found = error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
    for name, texts in found.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)


def done(
    request: HttpRequest, opportunity: Opportunity, words: str, *, undo: bool = True, draft: str = ""
) -> HttpResponse:
    """The answer to a dialog whose change was taken; without script the opportunity's page, which forgets `draft`."""
    if not is_htmx(request):
        messages.success(request, words, extra_tags=draft)
        return redirect("opportunity", pk=opportunity.pk)
    return announce(HttpResponse(), opportunity, words, "asc:changed", undo=undo)


def dialog(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """The dialog's content for htmx, else a page around it."""
    context = {"url": request.path, **context}
    if is_htmx(request):
        return render(request, template, context, status=status)
    return render(request, "opportunities/dialog_page.html", {**context, "dialog": template}, status=status)


def announce(
    response: HttpResponse, opportunity: Opportunity, words: str, event: str, *, undo: bool = True
) -> HttpResponse:
    """Add the toast with its undo, the closing of a dialog, and `event` (asc:saved, asc:changed) to an answer."""
    toast: dict[str, Any] = {"text": words}
    if undo:
        toast |= {"undoUrl": reverse("opportunity_undo", args=[opportunity.pk]), "version": opportunity.version}
    trigger_client_event(response, "asc:toast", toast)
    trigger_client_event(response, "asc:close-dialog")
    return trigger_client_event(response, event, {"id": opportunity.pk})
