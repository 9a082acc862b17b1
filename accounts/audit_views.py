"""The page of the audit trail, and its export."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import trail, trail_words
from accounts.actions import refuse_unless_admin
from accounts.filters import AuditFilter
from accounts.models import AuditEntry, User
from accounts.selectors import today
from config.web.context import get_zone
from config.web.spreadsheets import FORMATS, spreadsheet

MOST_IN_A_SHEET = 100_000


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Who changed what, the newest first, for administrators."""
    user = _admin(request)
    filters = _filters(request)
    page = trail.page_of(_matching(filters), user, **asked(request))
    people = filters.form.cleaned_data.get("actor") if filters.is_valid() else None
    context = {
        "page": page,
        "filters": filters,
        "chosen": list(people or []),
        "doors": trail_words.DOORS.items(),
        "actions": sorted(trail_words.ACTIONS.items(), key=lambda pair: str(pair[1])),
        "kinds": trail_words.KINDS.items(),
        "narrowed": any(request.GET.get(name) for name in filters.filters),
        "query": _query(request),
    }
    return render(request, "accounts/audit.html", context)


def _filters(request: HttpRequest) -> AuditFilter:
    """What the form asks for; a field that was left empty asks for nothing."""
    given = QueryDict(mutable=True)
    for name, values in request.GET.lists():
        given.setlist(name, [value for value in values if value.strip()])
    return AuditFilter(given, queryset=AuditEntry.objects.all(), request=request)


def asked(request: HttpRequest) -> dict[str, Any]:
    """From which id on, and in which direction; nothing for what makes no sense."""
    for name in ("after", "before"):
        text = request.GET.get(name, "")
        if text.isascii() and text.isdigit() and len(text) < 19:
            return {name: int(text)}
    return {}


def _query(request: HttpRequest) -> str:
    """The filters, without the place in the list."""
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    return query.urlencode()


def _admin(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    refuse_unless_admin(request.user)
    return request.user


def _matching(filters: AuditFilter) -> Any:
    """None of them for a filter that means nothing, so that a slip does not show everything."""
    return filters.qs if filters.is_valid() else filters.queryset.none()


@require_safe
def export(request: HttpRequest, format: str) -> HttpResponseBase:
    """The filtered trail: `csv` of any length, or `xlsx` of at most 100,000 rows."""
    user = _admin(request)
    if format not in FORMATS:
        raise Http404
    entries = _matching(_filters(request))
    if format == "xlsx" and entries.order_by("-id")[MOST_IN_A_SHEET : MOST_IN_A_SHEET + 1].exists():
        messages.error(request, _("These are more than 100,000 entries. Filter them, or take the CSV file."))
        return redirect(f"{reverse('audit')}?{_query(request)}")
    rows = (cells(line) for line in trail.every_line(entries, user))
    name = _("audit-%(day)s") % {"day": today().isoformat()}
    return spreadsheet(format, name=name, title=_("Audit trail"), heads=heads(), rows=rows)


def heads() -> list[str]:
    """The heads of the columns, in the active language."""
    return [
        _("Number"), _("When"), _("Login name"), _("Person"), _("Door"), _("Action"), _("Kind of row"),
        _("Row number"), _("Row"), _("Changes"), _("Request number"),
    ]  # fmt: skip


def cells(line: trail.Line) -> list[Any]:
    """One entry, a value a column."""
    entry = line.entry
    return [
        entry.pk, trail.at_local(entry.at, get_zone()), entry.actor.username if entry.actor else "",
        str(entry.actor or ""), line.door, line.verb, line.kind, entry.object_id, line.name,
        "; ".join(str(change) for change in line.changes), entry.request_id,
    ]  # fmt: skip
