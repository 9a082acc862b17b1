"""The first start of an empty installation, for administrators: the guide, and the demo in and out again."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from kombu.exceptions import OperationalError

from accounts.actions import refuse_unless_admin
from accounts.conflicts import Conflict, conflict_of
from accounts.form_pages import form_page, take
from accounts.forms import OrganisationForm
from accounts.models import User
from accounts.selectors import organisation
from config.web.revisions import StaleWrite
from config.web.templatetags.ui import sentences
from opportunities.models import Stage
from pipeline.actions import edit_organisation, nobody_is_here, start_empty
from pipeline.demo.loading import load_demo
from pipeline.demo.removal import contents, hindrance, remove_demo
from pipeline.tasks import run_nightly_now
from pipeline.views.organisation import label_of, words_of


@require_http_methods(["GET", "HEAD", "POST"])
def guide(request: HttpRequest) -> HttpResponse:
    """The steps of the first start. Once there is a customer there is nothing left to guide through."""
    user = _admin(request)
    if not nobody_is_here():
        return redirect("board")
    row = organisation()
    form, conflict = OrganisationForm(request.POST or None, row=row), None
    if request.method == "POST" and form.is_valid():
        try:
            edit_organisation(actor=user, **form.settled())
        except StaleWrite as error:
            conflict = conflict_of(error, request.user)
        except ValidationError as error:
            take(form, error)
        else:
            messages.success(request, _("The organisation was saved."))
            return redirect("first_start")
    return _guide(request, form, conflict)


def _guide(request: HttpRequest, form: OrganisationForm, conflict: Conflict | None) -> HttpResponse:
    row = form.row
    context = {
        "form": form, "conflict": conflict, "row": row, "is_named": bool(row.name), "stages": Stage.objects.in_use(),
        "edits": form.is_bound or not row.name or "edit" in request.GET,
        "people": User.objects.aggregate(n=Count("pk"))["n"],
        "facts": [
            (label_of(name), words_of(name, getattr(row, name))) for name in OrganisationForm.Meta.fields
        ],
        "people_url": _address("people"), "workspace_url": _address("workspace"),
    }  # fmt: skip
    return render(request, "start/guide.html", context, status=409 if conflict else 422 if form.is_bound else 200)


@require_POST
def empty(request: HttpRequest) -> HttpResponse:
    """Begin with an empty pipeline."""
    user = _admin(request)
    try:
        start_empty(actor=user)
    except ValidationError as error:
        messages.error(request, sentences(error.messages))
        return redirect("first_start")
    messages.success(request, _("Everything is set up. The sales team can begin."))
    return redirect("board")


@require_POST
def demo(request: HttpRequest) -> HttpResponse:
    """Load the demo company, and ask the worker for its past nights; without one they come later."""
    user = _admin(request)
    try:
        load_demo(actor=user)
    except ValidationError as error:
        messages.error(request, sentences(error.messages))
        return redirect("first_start")
    try:
        run_nightly_now.apply_async(retry=False)
    except (OperationalError, OSError):
        messages.warning(request, _("No worker answers. Past days are read live until one has stored them."))
    messages.success(request, _("This is the demo company. Settings → Remove the demo empties it again."))
    return redirect("dashboard")


class RemovalForm(forms.Form):
    """The name of the company that goes, typed by hand."""

    name = forms.CharField(label=gettext_lazy("Type the company's name to confirm"), max_length=200, required=True)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays, have the name typed, and empty the demo."""
    user = _admin(request)
    form = RemovalForm(request.POST or None)
    return form_page(
        request, form, lambda: remove_demo(name=form.cleaned_data["name"], actor=user), title=_("Remove the demo"),
        said=_("The demo is gone. The installation is as on its first day."), back=reverse("home"),
        submit=_("Delete everything"), danger=True, cancel=reverse("settings"),
        parent=(reverse("settings"), _("Settings")),
        template="start/remove.html", row=organisation(), found=contents(), hindrance=hindrance(),
    )  # fmt: skip


def _admin(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    refuse_unless_admin(request.user)
    return request.user


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
