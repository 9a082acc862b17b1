"""Settings: the people and what becomes of their portfolio, the tree of teams."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import refuse_unless_admin
from accounts.filters import PeopleFilter
from accounts.form_pages import confirm_page, form_page, take
from accounts.models import Team, User
from accounts.people import reactivate_person
from accounts.people_forms import PersonForm
from accounts.selectors import today
from accounts.states import STATES, with_state
from customers.views.lists import matching, narrowed, page_of
from opportunities import actions
from opportunities.forms.portfolio import HandOverForm
from opportunities.selectors import people as selectors
from opportunities.selectors.portfolio import portfolio_of, portions

form_methods = require_http_methods(["GET", "HEAD", "POST"])
MOST_SHARES = 300


def _above() -> dict[str, Any]:
    home = reverse("people")
    return {"back": home, "parent": (home, _("People"))}


def _person(request: HttpRequest, pk: int) -> User:
    """403 for all but administrators, 404 for nobody."""
    refuse_unless_admin(request.user)  # type: ignore[arg-type]
    return get_object_or_404(User.objects.select_related("team"), pk=pk)


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everybody: `q`, `role`, `team` (with those below), `state`, `sort`, `page`."""
    refuse_unless_admin(request.user)  # type: ignore[arg-type]
    filters = PeopleFilter(request.GET, queryset=with_state(User.objects.all(), today()), request=request)
    sort = request.GET.get("sort", "")
    page = page_of(request, selectors.person_rows(matching(filters), sort=sort))
    context = {
        "filters": filters,
        "page": page,
        "sort": sort or "name",
        "narrowed": narrowed(filters),
        "roles": User.Role.choices,
        "states": STATES,
        "teams": Team.objects.in_use(),
        "invitable": any(person.state == "not_invited" for person in page.object_list),
    }
    return render(request, "settings/people.html", context)


@form_methods
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, address, role, team, language, dates."""
    person = _person(request, pk)
    user: Any = request.user
    form = PersonForm(request.POST or None, row=person)
    return form_page(
        request, form, lambda: actions.edit_person(person=person, actor=user, **form.settled()),
        title=_("Edit %(name)s") % {"name": person}, said=_("The person was saved."),
        text=_("A new team counts from now on: their customers and open deals follow, past days keep the old one."),
        **_above(),
    )  # fmt: skip


@form_methods
def person_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody sign in again, after a question."""
    person = _person(request, pk)
    return confirm_page(
        request, person, partial(reactivate_person, person=person),
        title=_("Reactivate %(name)s?") % {"name": person}, submit=_("Reactivate"),
        text=_("They sign in as before. What was handed over stays where it is, and API tokens stay ended."),
        said=_("The person is active again."), **_above(),
    )  # fmt: skip


@form_methods
def person_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody's customers and open deals to others; they stay."""
    return _hand_over(request, _person(request, pk), ends=False)


@form_methods
def person_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Likewise, and end their access; or end it alone."""
    return _hand_over(request, _person(request, pk), ends=True)


def _hand_over(request: HttpRequest, person: User, *, ends: bool) -> HttpResponse:
    """POST `act`: preview (as chosen), spread (evenly again), confirm, and leave: deactivate without handing over."""
    act = request.POST.get("act", "")
    form = HandOverForm(request.POST if act not in ("", "leave") else None, person=person)
    status = 200
    if act == "leave" and ends:
        status = _try(form, lambda: _ended(request, person))
    elif form.is_bound and not form.is_valid():
        status = 422
    elif act == "confirm":
        status = _try(form, lambda: _confirmed(request, person, form, ends))
    if status == 204:
        return redirect("people")
    return _drawn(request, person, form, ends=ends, status=status)


def _try(form: HandOverForm, write: Any) -> int:
    """204 when it was written, 409 when the portfolio has changed, 422 when it was refused."""
    try:
        write()
    except actions.PortfolioChanged as error:
        _say(form, error)
        return 409
    except ValidationError as error:
        _say(form, error)
        return 422
    return 204


def _say(form: HandOverForm, error: ValidationError) -> None:
    if form.is_bound:
        take(form, error)
    else:
        form.refused = error.messages


def _ended(request: HttpRequest, person: User) -> None:
    user: Any = request.user
    actions.deactivate_person(person=person, seen=None, actor=user)
    messages.success(request, _("%(name)s was deactivated.") % {"name": person})


def _confirmed(request: HttpRequest, person: User, form: HandOverForm, ends: bool) -> None:
    user: Any = request.user
    given: dict[str, Any] = {
        "person": person, "actor": user, "shares": form.split(portfolio_of(person)),
        "reason": form.cleaned_data["reason"],
    }  # fmt: skip
    seen = request.POST.get("seen", "")
    if ends:
        actions.deactivate_person(**given, portfolio_seen=seen, seen=None)
        said = _("%(name)s was deactivated and the portfolio handed over.")
    else:
        actions.hand_over_portfolio(**given, seen=seen)
        said = _("The portfolio of %(name)s was handed over.")
    messages.success(request, said % {"name": person})


def _drawn(request: HttpRequest, person: User, form: HandOverForm, *, ends: bool, status: int) -> HttpResponse:
    found = portfolio_of(person)
    previewed = form.is_bound and bool(form.cleaned_data.get("to"))
    split = form.split(found, evenly=request.POST.get("act") == "spread") if previewed else {}
    context = {
        "person": person,
        "form": form,
        "ends": ends,
        "portfolio": found,
        "portions": portions(found.shares, split) if split else [],
        "rows": [(share, split[share.customer_id].username) for share in found.shares[:MOST_SHARES]] if split else [],
        "receivers": sorted({user.pk: user for user in split.values()}.values(), key=lambda user: user.sort_key),
        "left_out": max(len(found.shares) - MOST_SHARES, 0),
    }
    if split:
        context["receivers"] = sorted(form.cleaned_data["to"], key=lambda user: (user.sort_key, user.pk))
    return render(request, "settings/hand_over.html", context, status=status)


@require_safe
def team_tree(request: HttpRequest) -> HttpResponse:
    """The teams in use as a tree, and those that are archived."""
    refuse_unless_admin(request.user)  # type: ignore[arg-type]
    archived = Team.objects.exclude(archived_at=None)
    return render(request, "settings/teams.html", {"nodes": selectors.team_nodes(), "archived": archived})
