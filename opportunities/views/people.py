"""Handing an opportunity over, and choosing who works on it."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import visibility
from accounts.models import User
from config.web.revisions import StaleWrite
from opportunities.actions import add_collaborator, remove_collaborator
from opportunities.actions import assign as assign_opportunity
from opportunities.actions.collaborators import may_choose_collaborators
from opportunities.forms.people import AssignForm, CollaboratorForm
from opportunities.models import Collaborator, Opportunity
from opportunities.views.answers import dialog, done, seen_version, take, visible
from opportunities.views.conflicts import conflict_response


@require_http_methods(["GET", "POST"])
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the new owner, then hand over."""
    opportunity = visible(request, pk)
    assert isinstance(request.user, User)
    if not visibility.may_assign(request.user, opportunity.owner):
        raise PermissionDenied(_("Only a manager above the owner, or an administrator, hands opportunities over."))
    form = AssignForm(request.POST or None, user=request.user)
    if form.is_valid():
        try:
            saved = assign_opportunity(
                opportunity=opportunity, owner=form.cleaned_data["owner"], reason=form.cleaned_data["reason"],
                seen=seen_version(request), actor=request.user,
            )  # fmt: skip
        except StaleWrite as error:
            return conflict_response(request, error, action_url=request.path, fields=request.POST)
        except ValidationError as error:
            take(form, error)
        else:
            return _handed_over(request, saved)
    context = {"row": opportunity, "form": form, "version": request.POST.get("version", opportunity.version)}
    return dialog(request, "opportunities/assign.html", context, status=422 if form.is_bound else 200)


def _handed_over(request: HttpRequest, opportunity: Opportunity) -> HttpResponse:
    words = _("%(title)s was handed over to %(person)s.") % {"title": opportunity.title, "person": opportunity.owner}
    return done(request, opportunity, words)


@require_http_methods(["GET", "POST"])
def collaborators(request: HttpRequest, pk: int) -> HttpResponse:
    """Who works on it beside its owner; POST `user` adds somebody, `remove` (a login name) takes somebody off."""
    opportunity = visible(request, pk)
    assert isinstance(request.user, User)
    if not may_choose_collaborators(opportunity, request.user):
        raise PermissionDenied(_("Only the owner and the managers above choose who works on this opportunity."))
    form = CollaboratorForm()
    if request.method == "POST":
        form = CollaboratorForm(request.POST)
        if _change(request, opportunity, form):
            return done(request, opportunity, _("Saved."), undo=False)
    added = Collaborator.objects.filter(opportunity=opportunity).select_related("user").order_by("user__sort_key", "pk")
    context = {"row": opportunity, "form": form, "people": [entry.user for entry in added]}
    return dialog(request, "opportunities/collaborators.html", context, status=422 if form.is_bound else 200)


def _change(request: HttpRequest, opportunity: Opportunity, form: CollaboratorForm) -> bool:
    assert isinstance(request.user, User)
    if "remove" in request.POST:
        entry = Collaborator.objects.filter(opportunity=opportunity, user__username=_name(request)).first()
        if entry is not None:
            remove_collaborator(opportunity=opportunity, user=entry.user, actor=request.user)
        return True
    if not form.is_valid():
        return False
    try:
        add_collaborator(opportunity=opportunity, user=form.cleaned_data["user"], actor=request.user)
    except ValidationError as error:
        take(form, error)
        return False
    return True


def _name(request: HttpRequest) -> str:
    return request.POST["remove"].replace("\x00", "")
