"""The audit trail as people read it: pages of any length, every entry in words.

Rows of the apps above are reached by the name of their model, as in `visibility.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models.functions import Cast
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.conflicts import in_words
from accounts.models import AuditEntry, Kind, User
from config.web.templatetags.formats import MISSING

ROWS = 50
CHUNK = 500
OUR_APPS = ("accounts", "customers", "opportunities", "pipeline")
DOORS = {
    "browser": _("Browser"),
    "api": pgettext_lazy("door", "API"),
    "import": pgettext_lazy("door", "Import"),
    "worker": _("Worker"),
    "command": _("Command line"),
}
ACTIONS = {
    "create": _("Created"),
    "edit": _("Changed"),
    "move": _("Moved to another stage"),
    "undo": _("Took the last change back"),
    "add_checkpoint": _("Recorded evidence"),
    "confirm_checkpoint": _("Confirmed evidence"),
    "lower_grade": _("Lowered the grade of evidence"),
    "withdraw_checkpoint": _("Withdrew evidence"),
    "ask_waiver": _("Asked for a waiver of the gate"),
    "waiver_granted": _("Granted a waiver of the gate"),
    "waiver_refused": _("Refused a waiver of the gate"),
    "reschedule": _("Planned it for another moment"),
    "cancel_activity": _("Cancelled the activity"),
    "debrief": _("Debriefed"),
    "coach": _("Wrote or took back a coaching note"),
    "make_calendar_feed": _("Made a calendar address"),
    "revoke_calendar_feed": _("Revoked the calendar address"),
    "finish": _("Finished it"),
    "reopen": _("Opened it again"),
    "drop": _("Dropped it"),
    "decide": _("Decided Go or No-Go"),
    "add_file": _("Added a file"),
    "remove_file": _("Removed a file"),
    "assign": _("Handed over"),
    "assess": _("Assessed"),
    "carry_over": _("Carried over to the plan of the next year"),
    "renew": _("Renewed the contract"),
    "erase": _("Erased the personal data"),
    "set_tier": _("Gave the tier of the assessment"),
    "override_tier": _("Overrode the tier"),
    "archive": pgettext_lazy("audit", "Archived"),
    "restore": pgettext_lazy("audit", "Restored"),
    "delete": pgettext_lazy("audit", "Deleted"),
    "add_collaborator": _("Added somebody who works on it"),
    "remove_collaborator": _("Removed somebody who worked on it"),
    "follow_team": _("Followed the owner into another team"),
    "reorder": _("Put into another order"),
    "retire": _("Taken out of use"),
    "reorder_views": _("Put the saved views into another order"),
    "choose_default_view": _("Chose the view that a page opens with"),
    "invite": _("Invited"),
    "accept_invitation": _("Accepted the invitation"),
    "revoke_invitation": _("Took the invitation back"),
    "deactivate": _("Deactivated"),
    "reactivate": _("Reactivated"),
    "set_password": _("Set a password"),
    "create_token": _("Made an API token"),
    "revoke_token": _("Revoked an API token"),
    "already_served": _("Tried to create a customer that is served already"),
    "merge": pgettext_lazy("audit", "Merged"),
    "undo_merge": _("Took a merge back"),
    "import": pgettext_lazy("audit", "Imported"),
    "export": pgettext_lazy("audit", "Exported"),
    "upload": _("Uploaded a workspace"),
    "confirm": _("Confirmed an import"),
    "check_again": _("Checked an upload again"),
    "cancel": _("Cancelled an import"),
    "request": _("Asked for an export"),
    "download": _("Downloaded an export"),
    "start": _("Ended the guide of the first start"),
    "load_demo": _("Loaded the demo company"),
    "remove_demo": _("Removed the demo company"),
    "notification_preferences": _("Changed what they are told"),
}
KINDS = {
    "opportunity": _("Opportunity"),
    "customer": _("Customer"),
    "contact": _("Contact"),
    "product": _("Product"),
    "order": pgettext_lazy("audit", "Order"),
    "contract": _("Contract"),
    "npsresponse": _("NPS answer"),
    "supplier": _("Supplier"),
    "unit": _("Unit of a customer"),
    "coverage": _("White space"),
    "customertier": _("Tier of a customer"),
    "assessment": _("Assessment"),
    "tierrules": _("Tier rules"),
    "idealprofile": _("Ideal customer"),
    "profilecriterion": _("Criterion of an ideal customer"),
    "targetcustomer": _("Target customer"),
    "stakeholder": _("Somebody on the power map"),
    "jointtask": _("Task of the joint plan"),
    "strategysheet": _("Strategy sheet"),
    "competitor": _("Competitor"),
    "accountplan": _("Account plan"),
    "planline": _("Line of an account plan"),
    "jointaction": _("Joint action"),
    "activity": _("Activity"),
    "activitykind": _("Kind of activity"),
    "stage": _("Stage"),
    "user": _("Person"),
    "team": _("Team"),
    "organisation": _("Organisation"),
    "savedview": _("Saved view"),
    "accesstoken": _("API token"),
    "invitation": _("Invitation"),
    "importrun": pgettext_lazy("audit", "Import"),
    "exportrun": pgettext_lazy("audit", "Export"),
    "checkpoint": _("Record of evidence"),
    "gradechange": _("Lowered grade"),
    "decision": _("Go / No-Go decision"),
    "waiver": _("Waiver of the gate"),
    "factor": _("Factor of the method"),
    "rung": _("Rung"),
    "methodsetting": _("Setting of the method"),
    "stagesetting": _("Setting of a stage"),
    "attachment": _("File"),
    "playbookentry": _("Playbook entry"),
    "playbookversion": _("Version of a playbook entry"),
    "playbookentry_stages": _("Stage of a playbook entry"),
    "playbookentry_products": _("Product of a playbook entry"),
    "activity_contacts": _("Person of an activity"),
    "collaborator": _("Works on it too"),
    "userteam": _("Change of team"),
}
LABELS = {  # of what is no field, or has a name for programs alone
    "reason": _("Reason"),
    "opportunity": _("Opportunity"),
    "total": _("Total"),
    "collaborator": _("Works on it too"),
    "criteria": _("Criteria"),
    "opportunities_to": _("Its deals moved to"),
    "archived_at": _("Archived on"),
    "deactivated_at": _("Deactivated on"),
    "retired_at": _("Retired on"),
    "cancelled_at": _("Cancelled on"),
    "coached_at": _("Coached on"),
    "grade_needs": _("What grades need"),
    "success_factors": _("Nine success factors"),
    "created": _("New rows"),
    "updated": _("Changed rows"),
    "views": _("Saved views"),
    "default": _("Opens first"),
    "rows": _("Rows"),
    "open_joint_actions": _("Open joint actions"),
    "open_milestones": _("Open milestones"),
    "merged": _("Merged customer"),
    "merged_into": _("Merged into"),
    "by": _("By"),
    "file": _("File"),
    "token": _("Token"),
    "scope": _("It may"),
    "expires_at": _("Expires"),
}
OF_OTHERS = {  # what rows of one kind tell of rows of another
    ("user", "scope"): "accesstoken", ("user", "expires_at"): "accesstoken", ("opportunity", "decision"): "decision",
}  # fmt: skip
FACTORS = {  # of evidence the trail keeps `power_4`
    "demand": _("Demand"),
    "power": _("Power"),
    "goal": pgettext_lazy("factor", "Goal"),
    "value": pgettext_lazy("factor", "Value"),
    "coordination": _("Coordination"),
}
WAYS = {"bell": _("In Ascent"), "mail": _("Mail")}  # of notifications it keeps `handed_over.bell`
REFERENCES = {"collaborator": "user", "opportunities_to": "stage", "customer": "customer"}  # beside fields
SEVERAL = ", "  # between the keys of several rows
LINKS = {  # the page of a row, by URL name: with the row's id, or one for all
    "opportunity": "opportunity",
    "customer": "customer",
    "contact": "contact_edit",
    "user": "person_edit",
    "team": "team_edit",
    "product": "products",
    "stage": "settings_stages",
    "methodsetting": "settings_method",
    "tierrules": "tier_rules",
    "rung": "settings_method",
    "factor": "settings_method",
    "organisation": "settings_organisation",
}
Names = dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Change:
    """One field, from and to in words: no `before` in a new row, neither where values are not kept or not shown."""

    label: str
    before: str = ""
    after: str = ""
    shown: bool = True

    def __str__(self) -> str:
        if not self.shown:
            return self.label
        return f"{self.label}: {self.before} → {self.after}" if self.before else f"{self.label}: {self.after}"


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words; `url` is the page of its row while that is there. A contact has no `name` (FINE-PRINT 54)."""

    entry: AuditEntry
    door: str
    verb: str
    kind: str
    name: str
    url: str
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, the newest first; `newer` and `older` are the ids to go on from, None at an end."""

    lines: list[Line]
    newer: int | None
    older: int | None


# --- Pages ------------------------------------------------------------------------------------


def page_of(
    entries: models.QuerySet[AuditEntry], reader: User, *, before: int | None = None, after: int | None = None,
    values_of: Iterable[str] | None = None,
) -> Page:  # fmt: skip
    """The newest entries, or those before or after an id. It reads one page whatever the length of the trail.

    `values_of`: the kinds of rows whose values are shown; None for all.
    """
    rows = entries.select_related("actor")
    if after is not None:
        found = list(rows.filter(id__gt=after).order_by("id")[: ROWS + 1])
        shown, newer, older = found[:ROWS][::-1], len(found) > ROWS, True
    else:
        found = list((rows if before is None else rows.filter(id__lt=before)).order_by("-id")[: ROWS + 1])
        shown, newer, older = found[:ROWS], before is not None, len(found) > ROWS
    return Page(
        lines=lines_of(shown, reader, values_of=values_of),
        newer=shown[0].pk if shown and newer else None,
        older=shown[-1].pk if shown and older else None,
    )


def entries_about(row: models.Model, paths: Mapping[type[Any], str]) -> models.QuerySet[AuditEntry]:
    """Every write about the row and what hangs on it; `paths` lead from each kind of that to the row.

    A union of what the index of each kind gives: an OR would read the whole trail.
    """
    own = AuditEntry.objects.filter(model=row._meta.model_name, object_id=row.pk).order_by()
    parts = [own.values("pk"), *(_about(model, path, row) for model, path in paths.items())]
    return AuditEntry.objects.filter(pk__in=parts[0].union(*parts[1:]))


def _about(model: type[Any], path: str, row: models.Model) -> models.QuerySet[Any, Any]:
    rows = model._base_manager.filter(**{path: row}).order_by().values("pk")
    return AuditEntry.objects.filter(model=model._meta.model_name, object_id__in=rows).order_by().values("pk")


def every_line(entries: models.QuerySet[AuditEntry], reader: User) -> Iterator[Line]:
    """All entries in words, the newest first, read in pieces as they are asked for."""
    chunk: list[AuditEntry] = []
    for entry in entries.select_related("actor").order_by("-id").iterator(chunk_size=CHUNK):
        chunk.append(entry)
        if len(chunk) == CHUNK:
            yield from lines_of(chunk, reader)
            chunk = []
    yield from lines_of(chunk, reader)


# --- Words ------------------------------------------------------------------------------------


def lines_of(entries: Sequence[AuditEntry], reader: User, *, values_of: Iterable[str] | None = None) -> list[Line]:
    """The entries in words, with the names of what they refer to as far as the reader may see it. One query."""
    names = _names(entries, reader)
    kinds = None if values_of is None else set(values_of)
    return [_line(entry, names, reader, kinds is None or entry.model in kinds) for entry in entries]


def _line(entry: AuditEntry, names: Names, reader: User, with_values: bool) -> Line:
    there = (f"#{entry.model}", str(entry.object_id)) in names and (entry.model != "contact" or reader.sells)
    return Line(
        entry=entry,
        door=str(DOORS.get(entry.door, entry.door)),
        verb=str(ACTIONS.get(entry.action, entry.action)),
        kind=str(KINDS.get(entry.model, entry.model)),
        name=entry.label,
        url=_url(entry) if there else "",
        changes=[_change(entry, name, pair, names, reader, with_values) for name, pair in _in_order(entry)],
    )


def _in_order(entry: AuditEntry) -> list[tuple[str, Any]]:
    """The changes in the order of the row's fields, what is no field last: PostgreSQL keeps its own order."""
    places = _places(entry.model)
    return sorted(entry.changes.items(), key=lambda change: places.get(change[0], len(places)))


def _url(entry: AuditEntry) -> str:
    name = LINKS[entry.model]
    try:
        return reverse(name, args=[entry.object_id])
    except NoReverseMatch:
        return reverse(name)


def _change(entry: AuditEntry, name: str, pair: Any, names: Names, reader: User, with_values: bool) -> Change:
    field, label = _field(entry.model, name), _label(entry.model, name)
    if not with_values or not isinstance(pair, list) or len(pair) != 2:
        return Change(label, shown=False)
    before, after = (_words(field, _referred(entry.model, name), value, names, reader) for value in pair)
    return Change(label, "" if entry.action == "create" else before, after)


def _label(model: str, name: str) -> str:
    """What a change is of, as people call it; a reference that its model gives no name by what it leads to."""
    field = _field(model, name)
    label = LABELS.get(name) or (_unnamed(name) if field is None else field.verbose_name)
    if field is not None and isinstance(label, str):  # made of the column's name; what people read is lazy
        label = KINDS.get(_referred(model, name) or "", label)
    return str(label)[:1].upper() + str(label)[1:]


def _unnamed(name: str) -> str:
    """What is called neither by a field nor by LABELS: a rung, a way of being told, else its own name."""
    factor, _underscore, level = name.partition("_")
    if factor in FACTORS and level.isdecimal():
        return f"{FACTORS[factor]} {level}"
    kind, _dot, way = name.partition(".")
    if way in WAYS and kind in Kind.values:
        return f"{Kind(kind).label}: {WAYS[way]}"
    return name.replace("_", " ")


def _words(field: Any, referred: str | None, value: Any, names: Names, reader: User) -> str:
    if value is None or value == "":
        return MISSING
    if referred is not None:
        named = (names.get((referred, key)) or (key if reader.is_admin else MISSING) for key in _keys(field, value))
        return _(", ").join(named)
    if field is None:
        return in_words(models.CharField(), value)
    try:
        return in_words(field, field.to_python(value))
    except (ValidationError, TypeError, ValueError):
        return str(value)


def _keys(field: Any, value: Any) -> list[str]:
    """The keys of the rows that a value names: of several where there may be several."""
    if isinstance(value, list):
        return value
    return str(value).split(SEVERAL) if field is not None and field.many_to_many else [str(value)]


@cache
def _models() -> dict[str, type[models.Model]]:
    """{name: model} of our apps."""
    return {model._meta.model_name or "": model for model in apps.get_models() if model._meta.app_label in OUR_APPS}


@cache
def _places(model: str) -> dict[str, int]:
    found = _models().get(model)
    return {field.name: place for place, field in enumerate(found._meta.get_fields())} if found else {}


def _field(model: str, name: str) -> Any:
    try:
        found = _models()[OF_OTHERS.get((model, name), model)]._meta.get_field(name)
    except (KeyError, FieldDoesNotExist):
        return None
    return found if isinstance(found, models.Field) else None


def _referred(model: str, name: str) -> str | None:
    """The kind of row that a value names by its key or login name; None for a plain value."""
    field = _field(model, name)
    if isinstance(field, models.ForeignKey | models.ManyToManyField):
        return str(field.related_model._meta.model_name)  # type: ignore[union-attr]
    return REFERENCES.get(name)


# --- Names ------------------------------------------------------------------------------------


def _names(entries: Sequence[AuditEntry], reader: User) -> Names:
    """{(kind, key): name} of what the entries refer to, {("#kind", id): name} of rows that are still there, one query.

    What the reader may not see is left out.
    """
    keys: dict[str, set[str]] = {}
    ids: dict[str, set[int]] = {}
    for entry in entries:
        if entry.model in LINKS and entry.object_id is not None:
            ids.setdefault(entry.model, set()).add(entry.object_id)
        for name, pair in entry.changes.items():
            referred = _referred(entry.model, name)
            if referred is not None and isinstance(pair, list):
                named = (key for value in pair if value for key in _keys(_field(entry.model, name), value))
                keys.setdefault(referred, set()).update(named)
    parts = [_by_key(kind, values, reader) for kind, values in sorted(keys.items()) if kind in _models()]
    parts += [_by_id(kind, values, reader) for kind, values in sorted(ids.items())]
    if not parts:
        return {}
    first, *rest = parts
    return {(kind, key): name for kind, key, name in (first.union(*rest, all=True) if rest else first)}


def _by_key(kind: str, keys: set[str], reader: User) -> models.QuerySet[Any, Any]:
    column = "username" if kind == "user" else "key"
    return _seen(kind, reader).filter(**{f"{column}__in": keys}).values_list(_text(kind), column, _name_of(kind))


def _by_id(kind: str, ids: set[int], reader: User) -> models.QuerySet[Any, Any]:
    rows = _seen(kind, reader).filter(pk__in=ids)
    return rows.values_list(_text(f"#{kind}"), Cast("pk", models.CharField()), _name_of(kind))


def _seen(kind: str, reader: User) -> Any:
    rows: Any = _models()[kind]._default_manager.order_by()
    return rows.visible_to(reader) if hasattr(rows, "visible_to") else rows


def _text(value: str) -> models.Value:
    return models.Value(value, models.CharField())


def _name_of(kind: str) -> str | models.Value | Cast:
    """What names such a row, a column or the year of a plan; rules and wordings have nothing."""
    if kind == "accountplan":
        return Cast("year", models.CharField())
    columns = {field.name for field in _models()[kind]._meta.fields}
    spoken = "name_zh" if (get_language() or "").startswith("zh") else "name_en"
    return next((name for name in (spoken, "name", "title") if name in columns), _text(""))


def at_local(moment: datetime, zone: Any) -> str:
    """The moment for a spreadsheet: ISO 8601 with the offset, to the second."""
    return moment.astimezone(zone).isoformat(timespec="seconds")
