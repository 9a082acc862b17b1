"""What people are told about imports, exports and nightly runs, in words (accounts/notifications.py)."""

from datetime import date
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Notification, User
from accounts.notifications import Words
from config.web.templatetags.formats import day_full
from pipeline.models import ExportRun, ImportRun, NightlyRun

IMPORTS, EXPORTS = "importrun", "exportrun"


def run_ended(notes: list[Notification], reader: User) -> list[Words | None]:
    """How an import or export of the reader's ended, which leads to its page. At most one query."""
    keys = _keys(notes, reader)
    return [_run_ended(note, keys) for note in notes]


def _keys(notes: list[Notification], reader: User) -> dict[int | None, str]:
    ids = [note.object_id for note in notes if note.model == IMPORTS]
    own = Q(requested_by=reader) | Q(confirmed_by=reader)
    return dict(ImportRun.objects.filter(own, pk__in=ids).values_list("pk", "key")) if ids else {}


def _run_ended(note: Notification, keys: dict[int | None, str]) -> Words | None:
    if note.model == EXPORTS:
        words = {"state": ExportRun.State(note.params["state"]).label}
        return Words(_("Your export: %(state)s") % words, reverse("workspace"))
    if note.object_id not in keys:
        return None
    words = {"state": ImportRun.State(note.params["state"]).label}
    return Words(_("Your import: %(state)s") % words, reverse("import_run", args=[keys[note.object_id]]))


def contacts_kept(notes: list[Notification], reader: User) -> list[Words | None]:
    """How many contacts nobody had met that day, which leads to their list. No query."""
    return [_contacts_kept(note.params) for note in notes]


def _contacts_kept(params: dict[str, Any]) -> Words:
    said = ngettext(
        "%(count)d contact is kept with whom nothing was done for %(years)d years (%(day)s)",
        "%(count)d contacts are kept with whom nothing was done for %(years)d years (%(day)s)",
        params["count"],
    )
    words = {"count": params["count"], "years": params["years"], "day": day_full(date.fromisoformat(params["day"]))}
    return Words(said % words, reverse("contacts_kept"))


def night_failed(notes: list[Notification], reader: User) -> list[Words | None]:
    """Which night failed at what. No query."""
    return [_night_failed(note.params) for note in notes]


def _night_failed(params: dict[str, Any]) -> Words:
    words = {"day": day_full(date.fromisoformat(params["day"])), "step": NightlyRun.Step(params["step"]).label}
    return Words(_("The nightly run of %(day)s failed: %(step)s") % words, reverse("nightly"))
