"""What the frame of every page needs: of the database the person signed in, and how much they have not read."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.notifications import MOST, unread_count


@dataclass(frozen=True)
class Section:
    """One entry of the navigation; `name` is its URL name, `key` what follows G on the keyboard."""

    name: str
    label: Any
    icon: str
    key: str
    sellers: bool = False  # only for those who sell
    judges: bool = False  # only for those who have people in their charge
    count: str = ""  # the URL name that says how much waits there


TABS = 4  # on a phone; the rest stands behind *More*
SECTIONS = (
    Section("my_day", gettext_lazy("My day"), "sun", "D", sellers=True),
    Section("board", gettext_lazy("Deals"), "layout-kanban", "B"),
    Section("activities", gettext_lazy("Activities"), "calendar", "A"),
    Section("customers", gettext_lazy("Customers"), "building", "C"),
    Section("confirmations", gettext_lazy("To confirm"), "user-check", "", judges=True, count="confirmations_count"),
    Section("targets", gettext_lazy("Targets"), "target-arrow", "T"),
    Section("products", gettext_lazy("Products"), "package", ""),
    Section("playbook", gettext_lazy("Playbook"), "book", ""),
    Section("dashboard", gettext_lazy("Dashboard"), "chart-histogram", "E"),
)
SETTINGS = Section("settings", gettext_lazy("Settings"), "settings", "S")
# Addresses that belong to a section without standing below its own.
ALSO = {
    "board": ("/opportunities/",),
    "customers": ("/contacts/", "/plans/", "/orders/", "/contracts/", "/nps/"),
    "targets": ("/profiles/",),
}


def shell(request: HttpRequest) -> dict[str, Any]:
    """`shell`: navigation, theme, width and shortcuts of this person's frame, worked out when a page has a frame."""
    return {"shell": SimpleLazyObject(partial(frame, request))}


def frame(request: HttpRequest) -> dict[str, Any]:
    """The frame's values; for somebody who is not signed in only theme and language."""
    user = getattr(request, "user", None)
    person = user if isinstance(user, User) else None
    return {
        "person": person,
        "sections": (sections := [entry(request, each) for each in SECTIONS if person and shown(each, person)]),
        "tabs": sections[:TABS],
        "more": sections[TABS:],
        "settings": entry(request, SETTINGS) if person and person.is_admin else None,
        "theme": person.theme if person else User.Theme.AUTO,
        "rail": bool(person and person.rail),
        "shortcuts": bool(person and person.shortcuts),
        "language": getattr(request, "LANGUAGE_CODE", "en"),
        "here": request.get_full_path(),
        "strings": strings(),
        "quick": quick(request) if person and person.sells else "",
        "unread": SimpleLazyObject(partial(unread, person)) if person else "",
    }


ABOUT = {"opportunity": "deal", "customer": "customer"}  # pages of one row, by URL name, and what it is to an activity


def quick(request: HttpRequest) -> str:
    """The address of the quick form of an activity, about what the page shows."""
    match = request.resolver_match
    url = reverse("activity_new")
    about = ABOUT.get(match.url_name or "") if match else None
    return f"{url}?{about}={match.kwargs['pk']}" if match and about else url


def shown(section: Section, person: User) -> bool:
    """Whether the section is this person's: executives and administrators sell nothing, some have nobody below."""
    if section.judges:
        return person.is_manager and person.team_id is not None
    return person.sells or not section.sellers


def unread(person: User) -> str:
    """How many unread notifications the bell shows, empty for none. One query."""
    count = unread_count(person)
    return f"{MOST}+" if count > MOST else str(count or "")


def entry(request: HttpRequest, section: Section) -> dict[str, Any]:
    """A section with its address and whether the page shown belongs to it."""
    url = reverse(section.name)
    inside = request.path.startswith((url, *ALSO.get(section.name, ())))
    count_url = reverse(section.count) if section.count else ""
    return {"section": section, "url": url, "current": inside, "count_url": count_url}


def strings() -> dict[str, str]:
    """What scripts say; {names} in braces are filled in the browser."""
    return {
        "undo": _("Undo"),
        "close": _("Close"),
        "retry": _("Try again"),
        "clear": _("Clear"),
        "searching": _("Searching…"),
        "nothing_found": _("Nothing found"),
        "create_named": _("Create “{name}”"),
        "network": _("No connection: nothing was saved. What you typed is still here."),
        "timeout": _("The server took too long to answer. What you typed is still here."),
        "server": _("Something went wrong on the server, nothing was saved. Number {id}."),
        "refused": _("The server refused this. Nothing was saved."),
        "forbidden": _("You may not do this. Nothing was saved."),
        "gone": _("This is no longer here, or outside of what you may see."),
        "busy": _("An import is running. Nothing was saved; please try again in a moment."),
        "full": _("The disk of the server is full. Nothing was saved; please tell your administrator."),
        "too_large": _("This is too large. Nothing was saved."),
        "too_many": _("Too many attempts. Please wait a moment."),
        "unsent": _("Your session had ended. Sign in again: what you typed is kept."),
        "unsent_back": _("What you had typed is here again. Check it and save."),
        "saved": _("Saved"),
    }
