"""What people are told about imports, exports and nightly runs, in words (accounts/notifications.py)."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from accounts.models import Notification, User
from accounts.notifications import Words
from config.web.templatetags.formats import day_full
from pipeline.models import ExportRun, ImportRun, NightlyRun

IMPORTS, EXPORTS = "importrun", "exportrun"


def run_ended(notes: list[Notification], reader: User) -> list[Words | None]:
    """The state that an import or export of the reader's is in by now. At most two queries."""
    rows = {
        IMPORTS: _runs(ImportRun.objects.filter(requested_by=reader), notes, IMPORTS),
        EXPORTS: _runs(ExportRun.objects.filter(requested_by=reader), notes, EXPORTS),
    }
    return [_run_ended(rows.get(note.model, {}).get(note.object_id), note.model) for note in notes]


def _runs(queryset: QuerySet[Any], notes: list[Notification], model: str) -> dict[Any, Any]:
    ids = [note.object_id for note in notes if note.model == model]
    return queryset.defer("report").in_bulk(ids) if model == IMPORTS else queryset.in_bulk(ids)


def _run_ended(run: ImportRun | ExportRun | None, model: str) -> Words | None:
    if run is None:
        return None
    words = {"state": run.get_state_display()}
    if model == IMPORTS:
        return Words(_("Your import: %(state)s") % words, _address("import_run", run.key))
    return Words(_("Your export: %(state)s") % words, _address("workspace"))


def _address(name: str, *args: str) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return reverse("settings")


def night_failed(notes: list[Notification], reader: User) -> list[Words | None]:
    """Which night failed at what. No query."""
    return [_night_failed(note.params) for note in notes]


def _night_failed(params: dict[str, Any]) -> Words:
    words = {"day": day_full(date.fromisoformat(params["day"])), "step": NightlyRun.Step(params["step"]).label}
    return Words(_("The nightly run of %(day)s failed: %(step)s") % words, reverse("nightly"))
