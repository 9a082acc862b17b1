"""What a person sees who wrote too late, whatever the row: who changed what, when, theirs and mine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.dates import MONTHS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AuditEntry, User
from config.web.money import RateField
from config.web.revisions import Revised, StaleWrite
from config.web.templatetags.formats import MISSING, day_full, moment, money_full, percent

LONGEST_VERSION = 9
LINES = {"criteria": gettext_lazy("Criteria")}  # rows of a row that are written as a whole with it
WORDS: dict[str, Callable[[Any], str]] = {  # fields whose values have words of their own
    "fiscal_year_start_month": lambda month: str(MONTHS[month]),
    "working_days": lambda days: " ".join(str(WEEKDAYS_ABBR[day - 1]) for day in days),
}


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that somebody changed meanwhile: their value and mine, in words; none of one that I do not set."""

    label: str
    theirs: str
    mine: str | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A stale write; `version` is the row's present one. `components/conflict.html` shows it."""

    who: User | None
    when: str
    fields: list[Clash]
    version: int


def conflict_of(error: StaleWrite, reader: Any) -> Conflict:
    """The stale write in words; `who` is the last person who changed one of the fields in question.

    A row that the reader may not see is told of like none.
    """
    entry = _last_change(error)
    return Conflict(
        who=entry.actor if entry else None,
        when=moment(entry.at) if entry else "",
        fields=[_clash(error, name, reader) for name in error.conflicts],
        version=error.row.version,
    )


def _last_change(error: StaleWrite) -> AuditEntry | None:
    trail = AuditEntry.objects.filter(
        model=error.row._meta.model_name, object_id=error.row.pk, object_version__gt=error.seen
    )
    wanted = set(error.conflicts)
    return next((entry for entry in trail.select_related("actor")[:100] if wanted & set(entry.changes)), None)


def _clash(error: StaleWrite, name: str, reader: Any) -> Clash:
    field: Any = error.row._meta.get_field(name)
    label = str(LINES.get(name) or field.verbose_name)
    return Clash(
        label=label[:1].upper() + label[1:],
        theirs=in_words(field, _in_sight(getattr(error.row, name), reader)),
        mine=in_words(field, error.yours[name]) if name in error.yours else None,
    )


def _in_sight(value: Any, reader: Any) -> Any:
    rows: Any = type(value)._default_manager.all() if isinstance(value, models.Model) else None
    if rows is None or not hasattr(rows, "visible_to"):
        return value
    return rows.visible_to(reader).filter(pk=value.pk).first()


def in_words(field: "models.Field[Any, Any]", value: Any) -> str:
    """A field's value as a person reads it."""
    if field.many_to_many or field.one_to_many:
        rows = value if isinstance(value, list) else value.all()
        return _(", ").join(str(row) for row in rows) or MISSING
    if value is None or value == "":
        return MISSING
    if field.name in WORDS:
        return WORDS[field.name](value)
    if isinstance(value, dict | list):
        return _several(value, getattr(field.model, "words", {}).get(field.name, {})) or MISSING
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(field, RateField):
        return percent(value, 2).replace(".00%", "%")
    if isinstance(value, Decimal):
        return money_full(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day_full(value)
    return str(dict(field.flatchoices).get(value, value))


def _several(value: dict[str, Any] | list[Any], words: Mapping[str, Any]) -> str:
    """`power 5, goal 3`; what one of them holds several of stands between strokes, in `words` where it has any."""
    if isinstance(value, list):
        return _(", ").join(str(words.get(str(each), each)) for each in value)
    pairs = ((name, each if isinstance(each, list) else [each]) for name, each in sorted(value.items()))
    return _(", ").join(
        f"{name} {'/'.join(str(words.get(str(each), each)) for each in several)}" for name, several in pairs
    )


def version_in(data: Any, name: str = "version") -> int:
    """The version that the editor saw; none at all counts as the oldest, so that a careless write is refused."""
    text = str(data.get(name, ""))
    return int(text) if text.isdecimal() and len(text) <= LONGEST_VERSION else 0


def settled(row: Revised, changes: dict[str, Any], data: Any) -> dict[str, Any]:
    """`changes` and `seen` of an edit, after the choice that `components/conflict.html` offers.

    With `keep=mine` all of it is written over the version that the conflict showed; with `keep=theirs` what was
    changed since stays as it is, and the rest is written.
    """
    seen, shown = version_in(data), version_in(data, "current_version")
    keep = data.get("keep", "")
    if keep not in ("mine", "theirs") or not shown:
        return {"changes": changes, "seen": seen}
    if keep == "theirs":
        theirs = row.changed_since(seen, changes)
        changes = {name: value for name, value in changes.items() if name not in theirs}
    return {"changes": changes, "seen": shown}
