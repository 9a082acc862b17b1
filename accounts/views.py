"""Pages about the person signed in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import actions
from accounts.forms import PreferencesForm, ProfileForm
from accounts.models import User

LANDING = {User.Role.EXECUTIVE: "dashboard"}


def home(request: HttpRequest) -> HttpResponse:
    """Executives land on the dashboard, everybody else on the board."""
    assert isinstance(request.user, User)
    return redirect(LANDING.get(User.Role(request.user.role), "board"))


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Language, theme, narrow navigation, shortcuts: remembered on the server, from any page."""
    assert isinstance(request.user, User)
    form = PreferencesForm(request.POST, instance=User.objects.get(pk=request.user.pk))
    form.is_valid()
    sent = {name: value for name, value in form.cleaned_data.items() if name in request.POST}
    actions.edit_profile(user=request.user, changes=sent)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return redirect(target if safe else "home")


def profile(request: HttpRequest) -> HttpResponse:
    """The person's own name, address, language and appearance."""
    assert isinstance(request.user, User)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        user = actions.edit_profile(user=request.user, changes=form.cleaned_data)
        with translation.override(user.language):
            messages.success(request, _("Your profile was saved."))
        return redirect("profile")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/profile.html", {"form": form}, status=status)
