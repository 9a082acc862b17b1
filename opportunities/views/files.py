"""Files as they are handed out: to whoever may see what they belong to, and never as a page of ours."""

from typing import Any

from django.forms import Form
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.form_pages import form_page
from accounts.models import User
from config.web.file_types import PREVIEWED
from config.web.uploads import takes_files
from opportunities.actions import remove_attachment, store_attachment
from opportunities.actions.files import refuse_unless_author
from opportunities.forms.playbook import FileForm
from opportunities.models import Attachment
from opportunities.views.answers import editable, refuse_readers

ALONE = "sandbox; default-src 'none'"


@require_safe
def download(request: HttpRequest, key: str) -> FileResponse:
    """The file to be saved, under its name; 404 for whoever may not see it, and once it was removed."""
    assert isinstance(request.user, User)
    return handed_out(_found(request.user, key))


@require_safe
def preview(request: HttpRequest, key: str) -> FileResponse:
    """The same for an `<img>` of ours: only pictures that were drawn anew."""
    assert isinstance(request.user, User)
    attachment = _found(request.user, key)
    if attachment.content_type not in PREVIEWED:
        raise Http404
    return handed_out(attachment)


def _found(user: User, key: str) -> Attachment:
    rows = Attachment.objects.visible_to(user).in_use()
    return get_object_or_404(rows, key=key.replace("\x00", ""))


def handed_out(attachment: Attachment) -> FileResponse:
    """The file in pieces, to be saved and never opened in its place; 404 when the storage has lost it."""
    try:
        content = attachment.stored.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(content, as_attachment=True, filename=attachment.name, content_type=attachment.content_type)
    response["Content-Length"] = str(attachment.size)
    response["Content-Security-Policy"] = ALONE
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


# --- Adding and removing ----------------------------------------------------------------------


@takes_files()
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """A file for an opportunity: from the disk, or from the phone's camera."""
    opportunity = editable(request, pk)
    user: Any = request.user
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    url = reverse("opportunity", args=[pk])
    return form_page(
        request, form,
        lambda: store_attachment(opportunity=opportunity, upload=form.cleaned_data["file"], actor=user),
        template="opportunities/file_form.html", title=_("Add a file"), submit=_("Add"), said=_("The file was added."),
        back=url, parent=(url, opportunity.title),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, key: str) -> HttpResponse:
    """Take a file out of sight, after a question."""
    user: Any = request.user
    row = _found(user, key)
    refuse_readers(user) if row.opportunity_id else refuse_unless_author(user)
    form = Form(request.POST if request.method == "POST" else None)
    of = ("opportunity", row.opportunity_id) if row.opportunity_id else ("playbook_entry", row.playbook_entry_id)
    return form_page(
        request, form, lambda: remove_attachment(attachment=row, actor=user),
        title=_("Remove %(name)s?") % {"name": row.name}, submit=_("Remove"), danger=True,
        text=_("It can no longer be fetched by anybody. Evidence that rests on it has to be withdrawn first."),
        said=_("The file was removed."), back=reverse(of[0], args=[of[1]]),
    )  # fmt: skip
