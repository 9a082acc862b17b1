"""What the views of rows that hang on an opportunity share: finding a row, and the answer to a dialog."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.form_pages import ConfirmForm, form_page
from accounts.models import User
from opportunities.models import Opportunity
from opportunities.views.answers import announce, refuse_readers


def editable_row(request: HttpRequest, model: Any, pk: int, *names: str) -> Any:
    """A row of an opportunity that the person sees, with these references; 404 else, 403 for those who only read."""
    assert isinstance(request.user, User)
    rows = model.objects.visible_to(request.user).select_related(
        "opportunity__owner__team", "opportunity__customer", *names
    )
    row = get_object_or_404(rows, pk=pk)
    refuse_readers(request.user)
    return row


def row_form(
    request: HttpRequest, form: Any, write: Callable[[], Any], opportunity: Opportunity, *,
    title: str, said: str, page: str = "opportunity", **context: Any,
) -> HttpResponse:  # fmt: skip
    """`form_page` for such a row: afterwards the page that shows it is drawn anew, without script it is gone to."""
    back = reverse(page, args=[opportunity.pk])
    return form_page(
        request, form, write, title=title, said=said, back=back, done=partial(_done, opportunity, said),
        parent=(back, opportunity.title), **context,
    )  # fmt: skip


def _done(opportunity: Opportunity, words: str) -> HttpResponse:
    return announce(HttpResponse(), opportunity, words, "asc:changed", undo=False)


def archive_form(
    request: HttpRequest, row: Any, act: Callable[..., Any], argument: str, *, name: str, page: str = "opportunity"
) -> HttpResponse:
    """Ask, then archive."""
    form = ConfirmForm(request.POST or None, row=row)
    return row_form(
        request, form, lambda: act(**{argument: row}, seen=form.seen, actor=request.user), row.opportunity,
        title=_("Archive “%(title)s”?") % {"title": name}, submit=_("Archive"), danger=True, page=page,
        text=_("It leaves the page. It is kept, and can be restored."), said=_("Archived."),
    )  # fmt: skip


def restore_form(
    request: HttpRequest, row: Any, act: Callable[..., Any], argument: str, *, name: str, page: str = "opportunity"
) -> HttpResponse:
    """Ask, then bring it back."""
    form = ConfirmForm(request.POST or None, row=row)
    return row_form(
        request, form, lambda: act(**{argument: row}, seen=form.seen, actor=request.user), row.opportunity,
        title=_("Restore %(name)s?") % {"name": name}, submit=_("Restore"), page=page,
        text=_("It comes back to where it was."), said=_("Restored."),
    )  # fmt: skip
