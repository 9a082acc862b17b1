"""What a person sees who wrote too late: who changed what when, theirs or mine, and nothing typed is lost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest, HttpResponse, QueryDict
from django_htmx.http import reswap, retarget

from accounts.models import AuditEntry
from config.web.revisions import StaleWrite
from config.web.templatetags.formats import MISSING, day_full, money_full
from opportunities.forms.fields import typed_amount
from opportunities.models import ForecastCategory, Opportunity
from opportunities.views.answers import dialog, is_htmx

NOT_POSTED_AGAIN = ("csrfmiddlewaretoken", "version")
DIALOG = "#dialog-body"


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that somebody changed meanwhile. `mine` is None for one that this write does not set itself."""

    name: str
    label: str
    theirs: str
    theirs_typed: str
    mine: str | None
    mine_typed: str
    entry: AuditEntry | None


def conflict_response(
    request: HttpRequest, error: StaleWrite, *, action_url: str, fields: Mapping[str, Any]
) -> HttpResponse:
    """409: each field that was changed meanwhile, by whom and when, to keep theirs or mine.

    `fields` is what was posted (`request.POST`); all of it goes to `action_url` again with the present version, with
    theirs or mine in the fields that clash. Names of posted fields must equal the action's. For htmx it is a fragment
    for the dialog, else a page.
    """
    clashes = clashes_of(error, fields)
    chosen = {clash.name for clash in clashes if clash.mine is not None}
    context = {
        "row": error.row,
        "clashes": clashes,
        "choices": len(chosen),
        "again": list(_typed(fields, without={*NOT_POSTED_AGAIN, *chosen})),
        "action_url": action_url,
    }
    return _answer(request, "opportunities/conflict.html", context)


def too_late_response(request: HttpRequest, error: Exception, opportunity: Opportunity) -> HttpResponse:
    """409: the undo came too late, in words."""
    return _answer(request, "opportunities/too_late.html", {"message": str(error), "row": opportunity})


def _answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = dialog(request, template, context, status=409)
    return reswap(retarget(response, DIALOG), "innerHTML") if is_htmx(request) else response


def clashes_of(error: StaleWrite, fields: Mapping[str, Any]) -> list[Clash]:
    """The fields in conflict with both values and the last entry of the audit trail that changed each."""
    entries = _entries(error)
    return [_clash(name, error, fields, entries.get(name)) for name in error.conflicts]


def _clash(name: str, error: StaleWrite, fields: Mapping[str, Any], entry: AuditEntry | None) -> Clash:
    theirs, sets = getattr(error.row, name), name in error.yours
    return Clash(
        name=name,
        label=label_of(name),
        theirs=shown(name, theirs),
        theirs_typed=typed(name, theirs),
        mine=shown(name, error.yours[name]) if sets else None,
        mine_typed=_mine_typed(name, error.yours[name], fields) if sets else "",
        entry=entry,
    )


def _mine_typed(name: str, value: Any, fields: Mapping[str, Any]) -> str:
    return typed(name, value) if name == "amount" else str(fields.get(name, typed(name, value)))


def _entries(error: StaleWrite) -> dict[str, AuditEntry]:
    """{field: the newest entry that changed it}; none for a change by an import or a setting of many rows."""
    found: dict[str, AuditEntry] = {}
    model = error.row._meta.model_name
    trail = AuditEntry.objects.filter(model=model, object_id=error.row.pk, object_version__gt=error.seen)
    for entry in trail.select_related("actor")[:100]:
        for name in entry.changes:
            found.setdefault(name, entry)
    return found


def _typed(fields: Mapping[str, Any], *, without: Iterable[str]) -> Iterable[tuple[str, str]]:
    lists = fields.lists() if isinstance(fields, QueryDict) else ((name, [value]) for name, value in fields.items())
    for name, values in lists:
        if name not in without:
            yield from ((name, str(value)) for value in values)


def label_of(name: str) -> str:
    """The name of an opportunity's field in the active language, beginning with a capital."""
    try:
        label = str(Opportunity._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    except FieldDoesNotExist:
        label = name
    return label[:1].upper() + label[1:]


def shown(name: str, value: Any) -> str:
    """A value of an opportunity's field as a person reads it."""
    if value is None or value == "":
        return MISSING
    if isinstance(value, Decimal):
        return money_full(value)
    if isinstance(value, date):
        return day_full(value)
    return str(ForecastCategory(value).label) if name == "forecast_category" else str(value)


def typed(name: str, value: Any) -> str:
    """A value of an opportunity's field as a form posts it: keys of rows, login names, ISO dates, amounts with unit."""
    if value is None or value == "":
        return ""
    if isinstance(value, Decimal):
        return typed_amount(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(getattr(value, "username", None) or getattr(value, "key", None) or value)
