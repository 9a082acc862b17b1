"""Ideal customers: the list, the page of one with whom it fits, and what one does with it."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.form_pages import confirm_page, form_page
from accounts.models import User
from config.web.templatetags.formats import percent
from customers import actions
from customers.actions.profiles import may_write_profiles, refuse_unless_author
from customers.models import IdealProfile
from customers.profile_forms import ProfileForm
from customers.profile_words import asked_of, said_of
from customers.rules.profiles import FITS_FROM
from customers.selectors import profiles as selectors
from customers.views.customers import form_methods
from customers.views.lists import page_of, without

LONGEST = 200
SHOWS = ("fits", "new", "all")


@require_safe
def profile_list(request: HttpRequest) -> HttpResponse:
    """The profiles in use with how many customers fit and how many are pursued; `archived=true`: those too."""
    assert isinstance(request.user, User)
    user, archived = request.user, request.GET.get("archived") == "true"
    profiles = selectors.profiles_with_criteria()
    page: Any = page_of(request, selectors.with_pursued(profiles if archived else profiles.in_use(), user))
    rows = selectors.profile_rows(list(page.object_list), user)
    page.object_list = [(row, asked_of(row.profile)) for row in rows]
    context = {"page": page, "archived": archived, "may_write": may_write_profiles(user), "from_on": _from_on()}
    return render(request, "customers/profiles/list.html", context)


@require_safe
def profile_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A profile's criteria, and the customers without an open deal by their fit: `show`, `q`, `sort`, `page`."""
    assert isinstance(request.user, User)
    user, sort = request.user, request.GET.get("sort", "")
    profile = get_object_or_404(selectors.with_pursued(selectors.profiles_with_criteria(), user), pk=pk)
    show, text = _show(request), request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    found = selectors.scored(profile, user, text)
    counts = selectors.counts_of(found, profile)
    ids = selectors.sorted_fits(selectors.narrowed_to(found, profile, show), sort)
    page: Any = page_of(request, ids, count=getattr(counts, show))
    rows = selectors.fit_rows(page.object_list, profile, user, sort)
    page.object_list = [(row, said_of(row.findings)) for row in rows]
    context = {
        "profile": profile, "asked": asked_of(profile), "page": page, "show": show, "counts": counts, "text": text,
        "sort": sort if sort.removeprefix("-") in selectors.ORDERINGS else selectors.BEST_FIRST, "from_on": _from_on(),
        "pace": FITS_FROM,
        "may_write": may_write_profiles(user), "archived": profile.archived_at is not None,
        "segments": _segments(counts), "without_show": without(request.GET, "show"),
    }  # fmt: skip
    return render(request, "customers/profiles/page.html", context)


def _from_on() -> str:
    """From which fit on a customer fits, in words."""
    return percent(FITS_FROM / 100)


def _segments(counts: selectors.FitCounts) -> list[tuple[str, str, int]]:
    return [
        ("fits", _("Fit well"), counts.fits), ("new", _("Not pursued yet"), counts.new), ("all", _("All"), counts.all),
    ]  # fmt: skip


def _show(request: HttpRequest) -> str:
    asked = request.GET.get("show", "")
    return asked if asked in SHOWS else SHOWS[0]


# --- Writes -------------------------------------------------------------------------------------


def address(profile: IdealProfile) -> str:
    return reverse("profile_page", args=[profile.pk])


def above(profile: IdealProfile | None = None) -> tuple[str, str]:
    """The page above a form: the profile's, else the list."""
    return (address(profile), profile.name) if profile else (reverse("profiles"), _("Ideal customers"))


def _writable(request: HttpRequest, pk: int) -> IdealProfile:
    """404 for one that is not there, 403 for those who only read."""
    profile: IdealProfile = get_object_or_404(selectors.profiles_with_criteria(), pk=pk)
    refuse_unless_author(request.user)  # type: ignore[arg-type]
    return profile


@form_methods
def profile_create(request: HttpRequest) -> HttpResponse:
    """A new profile with its criteria."""
    user: Any = request.user
    refuse_unless_author(user)
    form = ProfileForm(request.POST or None)
    return form_page(
        request, form, lambda: actions.create_profile(actor=user, **form.changes()),
        title=_("New ideal customer"), submit=_("Create profile"), said=_("The profile was created."),
        back=address, cancel=reverse("profiles"), parent=above(), template="customers/profiles/form.html",
    )  # fmt: skip


@form_methods
def profile_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What a profile says."""
    user: Any = request.user
    profile = _writable(request, pk)
    form = ProfileForm(request.POST or None, row=profile)
    return form_page(
        request, form, lambda: actions.edit_profile(profile=profile, actor=user, **form.settled()),
        title=_("Edit the ideal customer"), said=_("The profile was saved."), back=address(profile),
        parent=above(profile), template="customers/profiles/form.html",
    )  # fmt: skip


@form_methods
def profile_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of use, after a question."""
    profile = _writable(request, pk)
    return confirm_page(
        request, profile, partial(actions.archive_profile, profile=profile),
        title=_("Archive %(name)s?") % {"name": profile.name}, submit=_("Archive"), danger=True,
        text=_("It leaves the lists. Customers who are pursued for it stay on the target list."),
        said=_("The profile was archived."), back=address(profile), parent=above(profile),
    )  # fmt: skip


@form_methods
def profile_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Back into use."""
    profile = _writable(request, pk)
    return confirm_page(
        request, profile, partial(actions.restore_profile, profile=profile),
        title=_("Restore %(name)s?") % {"name": profile.name}, submit=_("Restore"),
        said=_("The profile was restored."), back=address(profile), parent=above(profile),
    )  # fmt: skip
