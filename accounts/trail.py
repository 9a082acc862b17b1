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
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.conflicts import in_words
from accounts.models import AuditEntry, Kind, User
from accounts.trail_words import ACTIONS, DOORS, FACTORS, KINDS, LABELS, WAYS
from config.web.templatetags.formats import MISSING

ROWS = 50
CHUNK = 500
OUR_APPS = ("accounts", "customers", "opportunities", "pipeline")
OF_OTHERS = {  # what rows of one kind tell of rows of another
    ("user", "scope"): "accesstoken", ("user", "expires_at"): "accesstoken", ("opportunity", "decision"): "decision",
}  # fmt: skip
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
    label = LABELS.get((model, name)) or LABELS.get(name) or (_unnamed(name) if field is None else field.verbose_name)
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
