"""Inviting people, the page behind an invitation's link, and the writes on the tree of teams."""

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import invitations, people, teams
from accounts.actions import refuse_unless_admin
from accounts.form_pages import confirm_page, form_page
from accounts.models import Invitation, Team, User
from accounts.people_forms import FirstPasswordForm, InviteForm, TeamForm
from accounts.selectors import organisation
from config.web.templatetags.ui import sentences

form_methods = require_http_methods(["GET", "HEAD", "POST"])
MOST = 200
PAGE_SIZE = 50


# --- Inviting


@form_methods
def person_new(request: HttpRequest) -> HttpResponse:
    """A new person with their invitation; then the page with the link."""
    user: Any = request.user
    refuse_unless_admin(user)
    form = InviteForm(request.POST or None, initial={"language": user.language})
    return form_page(
        request, form, lambda: people.invite_person(actor=user, base=invitations.base_of(request), **form.changes()),
        title=_("Invite somebody"), submit=_("Invite"), said=_("The invitation is made."),
        back=lambda invitation: f"{reverse('invitations')}#invitation-{invitation.pk}", cancel=reverse("people"),
        parent=(reverse("people"), _("People")),
    )  # fmt: skip


@require_POST
def people_invite(request: HttpRequest) -> HttpResponse:
    """Invite those whose ids are `people`, at most 200, each on their own; a new link where there is one."""
    user: Any = request.user
    refuse_unless_admin(user)
    ids = [int(text) for text in request.POST.getlist("people")[:MOST] if text.isdecimal() and len(text) < 18]
    made = 0
    for person in User.objects.filter(pk__in=ids).order_by("sort_key", "pk"):
        try:
            invitations.invite(person=person, actor=user, base=invitations.base_of(request))
            made += 1
        except ValidationError as error:
            messages.error(request, sentences(error.messages))
    if not made:
        messages.warning(request, _("Nobody was invited."))
        return redirect("people")
    said = ngettext("%(count)s invitation is made.", "%(count)s invitations are made.", made) % {"count": made}
    messages.success(request, said)
    return redirect("invitations")


@require_safe
def invitation_list(request: HttpRequest) -> HttpResponse:
    """The invitations that still work, with their links."""
    refuse_unless_admin(request.user)  # type: ignore[arg-type]
    found = Invitation.objects.usable().select_related("user", "created_by").order_by("-id")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    base = invitations.base_of(request)
    page.object_list = [(row, invitations.link_to(row, base)) for row in page.object_list]
    context = {"page": page, "days": settings.INVITATION_DAYS}
    return render(request, "settings/invitations.html", context)


@require_POST
def invitation_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a link back."""
    user: Any = request.user
    refuse_unless_admin(user)
    invitations.revoke(invitation=get_object_or_404(Invitation.objects.select_related("user"), pk=pk), actor=user)
    messages.success(request, _("The invitation was taken back: its link does not work any more."))
    return redirect("invitations")


# --- The link


@login_not_required
@never_cache
@sensitive_post_parameters("password1", "password2")
@form_methods
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Set the first password and be signed in; 404 with one page for every link that does not work."""
    try:
        found = invitations.opened_by(token)
        with translation.override(found.user.language):
            return _first_password(request, token, found)
    except invitations.LinkDoesNotWork:
        return render(request, "accounts/invitation_gone.html", status=404)


def _first_password(request: HttpRequest, token: str, found: Invitation) -> HttpResponse:
    form = FirstPasswordForm(request.POST or None, user=found.user)
    if form.is_valid():
        person = invitations.accept(token=token, password=form.cleaned_data["password1"])
        login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
        return redirect("home")
    context = {"form": form, "invitation": found, "company": organisation().name}
    response = render(request, "accounts/invitation.html", context, status=422 if form.is_bound else 200)
    response["Content-Language"] = found.user.language
    return response


# --- Teams


def _tree() -> dict[str, Any]:
    home = reverse("team_tree")
    return {"back": home, "parent": (home, _("Teams"))}


def _team(request: HttpRequest, pk: int) -> Team:
    refuse_unless_admin(request.user)  # type: ignore[arg-type]
    return get_object_or_404(Team.objects.select_related("parent"), pk=pk)


@form_methods
def team_new(request: HttpRequest) -> HttpResponse:
    """A new team; `?parent=` (key) is the team above that is offered first."""
    user: Any = request.user
    refuse_unless_admin(user)
    form = TeamForm(request.POST or None)
    key = request.GET.get("parent", "").replace("\x00", "")
    if not form.is_bound and (parent := Team.objects.in_use().filter(key=key).first()):
        form.fields["parent"].offer(parent)  # type: ignore[attr-defined]
        form.initial["parent"] = parent
    return form_page(
        request, form, lambda: teams.new_team(actor=user, **form.changes()),
        title=_("New team"), submit=_("Create team"), said=_("The team was created."), **_tree(),
    )  # fmt: skip


@form_methods
def team_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, another place in the tree."""
    team = _team(request, pk)
    user: Any = request.user
    form = TeamForm(request.POST or None, row=team)
    return form_page(
        request, form, lambda: teams.edit_team(team=team, actor=user, **form.settled()),
        title=_("Edit “%(team)s”") % {"team": team}, said=_("The team was saved."),
        text=_("Moved, it takes all below it along. Who sees what, and reports of past days, follow the tree at once."),
        **_tree(),
    )  # fmt: skip


@form_methods
def team_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of the tree, after a question."""
    team = _team(request, pk)
    return confirm_page(
        request, team, partial(teams.archive_team, team=team),
        title=_("Archive “%(team)s”?") % {"team": team}, submit=_("Archive"), danger=True,
        text=_("It leaves the tree and all choices. Its past figures stay, and it can be restored."),
        said=_("The team was archived."), **_tree(),
    )  # fmt: skip


@require_POST
def team_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into the tree."""
    team = _team(request, pk)
    user: Any = request.user
    try:
        teams.restore_team(team=team, seen=None, actor=user)
    except ValidationError as error:
        messages.error(request, sentences(error.messages))
    else:
        messages.success(request, _("The team was restored."))
    return redirect("team_tree")
