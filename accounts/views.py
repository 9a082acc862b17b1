"""Pages about the person signed in, and the settings of the organisation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions
from accounts.form_pages import form_page
from accounts.forms import PreferencesForm, ProfileForm
from accounts.models import Organisation, User
from accounts.selectors import organisation

form_methods = require_http_methods(["GET", "HEAD", "POST"])
LANDING = {User.Role.EXECUTIVE: "dashboard", User.Role.REP: "my_day"}


def home(request: HttpRequest) -> HttpResponse:
    """Reps land on their day, executives on the dashboard, others on the board; administrators first on the guide."""
    assert isinstance(request.user, User)
    if request.user.is_admin and organisation().set_up_at is None:
        return redirect("first_start")
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


@form_methods
def profile(request: HttpRequest) -> HttpResponse:
    """The person's own name, address, language and appearance."""
    assert isinstance(request.user, User)
    user = User.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST or None, row=user)
    return form_page(
        request, form, lambda: _save_profile(user, form), title=_("Profile"), said=_saved_in(form, user),
        back=reverse("profile"), cancel="", template="accounts/profile.html", row=user,
    )  # fmt: skip


def _save_profile(user: User, form: ProfileForm) -> User:
    return actions.edit_profile(user=user, **form.settled())


def _saved_in(form: ProfileForm, user: User) -> str:
    """The message in the language that was chosen just now."""
    chosen = form.data.get("language", "")
    with translation.override(chosen if chosen in User.Language.values else user.language):
        return _("Your profile was saved.")


def always(_organisation: Organisation) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the settings, by its URL name; `shown` says whether this organisation needs it.

    `everybodys` ones explain figures, so everybody reads them (METHOD.md §10); the others are the administrators'.
    """

    name: str
    title: Any
    text: Any
    icon: str
    shown: Callable[[Organisation], bool] = always
    everybodys: bool = False


# Pages of the apps above stand here by name; one that is not there is left out.
SETTINGS = (
    Entry(
        "first_start",
        gettext_lazy("First steps"),
        gettext_lazy("Organisation, stages, people, and how to begin."),
        "flag",
        lambda found: found.set_up_at is None,
    ),
    Entry(
        "people",
        gettext_lazy("People"),
        gettext_lazy("Invite, change role and team, deactivate with a hand-over."),
        "users",
    ),
    Entry(
        "team_tree",
        gettext_lazy("Teams"),
        gettext_lazy("The tree of teams: new, renamed, moved, archived."),
        "sitemap",
    ),
    Entry(
        "settings_organisation",
        gettext_lazy("Organisation"),
        gettext_lazy("Name, industry, currency, time zone, fiscal year, working week."),
        "building-community",
        everybodys=True,
    ),
    Entry(
        "settings_stages",
        gettext_lazy("Stages and win rates"),
        gettext_lazy("Names in both languages, order, win rates, expected days."),
        "route",
        everybodys=True,
    ),
    Entry(
        "settings_method",
        gettext_lazy("Method and gate"),
        gettext_lazy("Floors, milestones, the gate, what grades need, the five ladders."),
        "stairs-up",
        everybodys=True,
    ),
    Entry(
        "tier_rules",
        gettext_lazy("Tiers"),
        gettext_lazy("Weights of the scorecard, points of each tier, contact cadence, plans, reviews."),
        "pyramid",
        everybodys=True,
    ),
    Entry(
        "activity_kinds",
        gettext_lazy("Kinds of activity"),
        gettext_lazy("What people plan and record with customers, and what each kind counts as."),
        "calendar",
        everybodys=True,
    ),
    Entry(
        "products",
        gettext_lazy("Products"),
        gettext_lazy("What you sell, and what can be chosen for a deal."),
        "package",
        everybodys=True,
    ),
    Entry(
        "workspace",
        gettext_lazy("Import and export"),
        gettext_lazy("A company's whole history in or out, as a folder of CSV files."),
        "database",
    ),
    Entry(
        "audit",
        gettext_lazy("Audit trail"),
        gettext_lazy("Who changed what, when, and through which door."),
        "clipboard-list",
    ),
    Entry(
        "contacts_kept",
        gettext_lazy("Contacts nobody meets any more"),
        gettext_lazy("Whom we still keep although nothing was done with them for years."),
        "user-off",
    ),
    Entry(
        "nightly",
        gettext_lazy("Nightly runs"),
        gettext_lazy("When the figures of each day were stored."),
        "moon",
    ),
    Entry(
        "demo_remove",
        gettext_lazy("Remove the demo"),
        gettext_lazy("Everything of the demo company goes; the installation is as on its first day."),
        "trash",
        lambda found: found.is_demo,
    ),
)


@require_safe
def settings_index(request: HttpRequest) -> HttpResponse:
    """What administrators set up; for everybody else what they may read of it."""
    assert isinstance(request.user, User)
    found, admin = organisation(), request.user.is_admin
    shown = (entry for entry in SETTINGS if entry.shown(found) and (admin or entry.everybodys))
    entries = [(entry, url) for entry in shown if (url := _address(entry.name))]
    return render(request, "settings/index.html", {"entries": entries})


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
