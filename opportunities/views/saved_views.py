"""Saved views of board and table: the bar above them, and the pages that keep them.

`?view=KEY` opens a view, `?view=all` none. What is open is `saved=KEY` beside the filters themselves, which may since
have been changed by hand: so every address says all of its filters, to whomever it is given.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import saved_views as actions
from accounts.form_pages import ConfirmForm, form_page, gone_to
from accounts.models import SavedView, User
from opportunities.filters import checked, kept
from opportunities.forms.saved_views import NewViewForm, SavedViewForm, UpdateForm
from opportunities.selectors.saved_views import counts_of, views_of

form_methods = require_http_methods(["GET", "HEAD", "POST"])
ALL = "all"
IN_BAR = 20
PAGES = {SavedView.Page.BOARD: "board", SavedView.Page.TABLE: "opportunity_table"}
UP, DOWN = "up", "down"


@dataclass(frozen=True, slots=True)
class Tab:
    """A view of the bar with its address on this page and how many rows it holds for the reader."""

    view: SavedView
    url: str
    count: int


@dataclass(frozen=True, slots=True)
class ViewsBar:
    """What `opportunities/_views.html` draws.

    `count` is of all open ones, None while nothing is counted. `active` is the open view, `changed` whether its filters
    were changed by hand; `is_all`: nothing is filtered. `query` is what would be saved,
    `here` the address of these filters for anybody, `again` the query that draws the bar anew.
    """

    page: str
    url: str
    tabs: list[Tab]
    count: int | None
    active: Tab | None
    changed: bool
    is_all: bool
    query: str
    here: str
    again: str
    mine: bool
    may_delete: bool


# --- Opening ----------------------------------------------------------------------------------


def opening(request: HttpRequest, views: list[SavedView], page: str) -> HttpResponse | None:
    """A redirect to the view that `?view=` asks for, or without any query to the default one of the page."""
    wanted = request.GET.get("view", "")
    if wanted == ALL:
        return None
    if wanted:
        view = next((view for view in views if view.key == wanted), None)
        if view is not None:
            return redirect(address(request.path, view))
        messages.warning(request, _("There is no such view, or it is not shared with you."))
        return redirect(_without_view(request))
    if request.GET:
        return None
    default = next((view for view in views if view.is_default and view.page == page), None)  # type: ignore[attr-defined]
    return redirect(address(request.path, default)) if default else None


def address(path: str, view: SavedView) -> str:
    """Where the view is open: its filters, and that they are its own."""
    return f"{path}?saved={view.key}{'&' if view.query else ''}{view.query}"


def _without_view(request: HttpRequest) -> str:
    query = request.GET.copy()
    query["view"] = ALL
    return f"{request.path}?{query.urlencode()}"


# --- The bar ----------------------------------------------------------------------------------


def views_bar(request: HttpRequest, views: list[SavedView], page: str, query: QueryDict) -> ViewsBar:
    """The bar of a page over what `query` asks for; one query, none while there is no view."""
    url = reverse(PAGES[SavedView.Page(page)])
    shown = views[:IN_BAR] + [view for view in views[IN_BAR:] if view.key == query.get("saved")]
    total, numbers = counts_of(shown, request) if shown else (None, [])
    tabs = [Tab(view, address(url, view), number) for view, number in zip(shown, numbers, strict=True)]
    active = next((tab for tab in tabs if tab.view.key == query.get("saved")), None)
    now = kept(query)
    user: Any = request.user
    return ViewsBar(
        page=page,
        url=url,
        tabs=tabs,
        count=total,
        active=active,
        changed=active is not None and now != kept(QueryDict(active.view.query)),
        is_all=active is None and not _filters(now),
        query=now,
        here=f"{url}?{now or f'view={ALL}'}",
        again=urlencode({"on": page, **({"saved": active.view.key} if active else {})}) + (f"&{now}" if now else ""),
        mine=active is not None and active.view.owner_id == user.pk,
        may_delete=active is not None and actions.may_delete(active.view, user),
    )


def _filters(query: str) -> bool:
    """Whether a kept query holds more than an order."""
    return bool(query) and not query.startswith("sort=")


@require_safe
def bar(request: HttpRequest) -> HttpResponse:
    """The bar alone, with fresh counts, after something has changed: `?on=board` and the page's query."""
    page = request.GET.get("on", "")
    page = page if page in SavedView.Page.values else SavedView.Page.BOARD
    views = views_of(_reader(request))
    return render(request, "opportunities/_views.html", {"views": views_bar(request, views, page, request.GET)})


def _reader(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


# --- Keeping ----------------------------------------------------------------------------------


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All views that a person sees, in their order; below them what they may delete besides."""
    user = _reader(request)
    views = views_of(user)
    own = {view.pk for view in views}
    others = SavedView.objects.reachable_by(user).exclude(pk__in=own).select_related("owner__team", "team")
    context = {
        "views": [(view, _link(view), _rights(view, user)) for view in views],
        "others": others.order_by("team__name", "name", "id"),
    }
    return render(request, "opportunities/saved_views.html", context)


def _link(view: SavedView) -> str:
    return f"{reverse(PAGES[SavedView.Page(view.page)])}?view={view.key}"


def _rights(view: SavedView, user: User) -> dict[str, bool]:
    return {"edit": view.owner_id == user.pk, "delete": actions.may_delete(view, user)}


def _above() -> dict[str, Any]:
    home = reverse("saved_views")
    return {"back": home, "parent": (home, _("Saved views"))}


def _found(request: HttpRequest, pk: int, among: str = "visible_to") -> SavedView:
    """A view that the person sees, or with `reachable_by` may delete; 404 for any other."""
    rows: models.QuerySet[SavedView] = getattr(SavedView.objects, among)(_reader(request))
    return get_object_or_404(rows.select_related("owner__team"), pk=pk)


def _own(request: HttpRequest, pk: int) -> SavedView:
    """Likewise, and 403 for whoever is not its owner."""
    view = _found(request, pk)
    actions.refuse_unless_owner(view, _reader(request))
    return view


@form_methods
def new(request: HttpRequest) -> HttpResponse:
    """Save the filters of a page under a name: `?page=board&query=…`."""
    given = {name: request.GET.get(name, "") for name in ("page", "query")}
    form = NewViewForm(request.POST or None, user=_reader(request), initial=given)
    return form_page(
        request, form, lambda: _save(request, form), title=_("Save as a view"), said=_("The view was saved."),
        back=_opened, cancel=reverse("board"), parent=(reverse("saved_views"), _("Saved views")),
    )  # fmt: skip


def _save(request: HttpRequest, form: NewViewForm) -> SavedView:
    given = form.changes()
    return actions.save_view(actor=_reader(request), **{**given, "query": checked(given["query"], request)})


def _opened(view: SavedView) -> str:
    return address(reverse(PAGES[SavedView.Page(view.page)]), view)


@form_methods
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a view, share it or keep it for oneself."""
    view, user = _own(request, pk), _reader(request)
    form = SavedViewForm(request.POST or None, row=view, user=user)
    return form_page(
        request, form, lambda: actions.edit_view(view=view, actor=user, **form.settled()),
        title=_("Edit “%(view)s”") % {"view": view}, said=_("The view was saved."), **_above(),
    )  # fmt: skip


@form_methods
def update(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a view the filters of the page: `query`."""
    view, user = _own(request, pk), _reader(request)
    query = request.POST.get("query", request.GET.get("query", ""))
    form = UpdateForm(request.POST or None, row=view, query=query)

    def write() -> SavedView:
        return actions.edit_view(view=view, changes={"query": checked(query, request)}, seen=form.seen, actor=user)

    return form_page(
        request, form, write, title=_("Update “%(view)s”?") % {"view": view}, submit=_("Update"), back=_opened,
        text=_("It will hold the filters and the order that the page shows now."), said=_("The view was saved."),
        parent=_above()["parent"],
    )  # fmt: skip


@form_methods
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then take the view away from everybody who sees it."""
    view, user = _found(request, pk, "reachable_by"), _reader(request)
    actions.refuse_unless_deletable(view, user)
    form = ConfirmForm(request.POST or None, row=view)
    text = _("Its filters are gone for everybody who uses it. The deals stay as they are.")
    return form_page(
        request, form, lambda: actions.delete_view(view=view, actor=user), danger=True, submit=_("Delete"),
        title=_("Delete “%(view)s”?") % {"view": view}, text=text, said=_("The view was deleted."), **_above(),
    )  # fmt: skip


@require_POST
def default(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the view's page open with it (`chosen` is not empty), or no longer."""
    view = _found(request, pk)
    chosen = bool(request.POST.get("chosen"))
    actions.choose_default_view(view=view, chosen=chosen, actor=_reader(request))
    said = _("The page opens with “%(view)s” from now on.") if chosen else _("The page opens with all deals again.")
    messages.success(request, said % {"view": view} if chosen else said)
    return gone_to(request, _opened(view) if request.POST.get("from") == "bar" else reverse("saved_views"))


@require_POST
def order(request: HttpRequest) -> HttpResponse:
    """Another order for oneself: `order` names the views, or `move` = up:ID / down:ID."""
    user = _reader(request)
    views = views_of(user)
    actions.reorder_views(order=_wanted(request, views), actor=user)
    return gone_to(request, reverse("saved_views"))


def _wanted(request: HttpRequest, views: list[SavedView]) -> list[SavedView]:
    """The views in the order asked for; those that are not named come last."""
    way, _colon, text = request.POST.get("move", "").partition(":")
    place = next((n for n, view in enumerate(views) if str(view.pk) == text), None)
    if way in (UP, DOWN) and place is not None:
        other = place - 1 if way == UP else place + 1
        if 0 <= other < len(views):
            views[place], views[other] = views[other], views[place]
        return views
    named = {text: n for n, text in enumerate(request.POST.get("order", "").split(","))}
    return sorted(views, key=lambda view: named.get(str(view.pk), len(named)))
