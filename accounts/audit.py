"""The audit trail: written by the actions, in the transaction of the write itself."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.utils import timezone

from accounts.models import AuditEntry, User
from config.web import context
from config.web.logs import NOBODY, current_id
from config.web.revisions import Revised

LONGEST_TEXT = 500


def _plain(value: Any) -> Any:
    """A value as it is kept in the trail: keys of rows, ISO dates, text cut to a length."""
    if isinstance(value, models.Model):
        return getattr(value, "username", None) or getattr(value, "key", None) or str(value.pk)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value[:LONGEST_TEXT] if isinstance(value, str) else value


def beginning(row: models.Model, *, without: Iterable[str] = ()) -> dict[str, tuple[Any, Any]]:
    """What people set on a new row, as `changes` of its creation: {field: (None, value)}, without empty fields.

    References are rows that the caller has put there. The key, which programs call the row by, is left out.
    """
    unset = {"key", *without}
    return first_values(
        row,
        (each.name for each in row._meta.fields if each.editable and not each.primary_key and each.name not in unset),
    )


def first_values(row: models.Model, names: Iterable[str]) -> dict[str, tuple[Any, Any]]:
    """Likewise of these fields alone."""
    values = {name: getattr(row, name) for name in names}
    return {name: (None, value) for name, value in values.items() if not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    """Whether a field holds nothing; a number does, also 0."""
    return not value if isinstance(value, bool | str | list | dict) else value is None


def _request_id() -> str:
    """The id of the request or of the worker's task, which the log lines bear too; empty for a command."""
    found = current_id()
    return "" if found == NOBODY else found


def record(
    action: str, *, row: models.Model, actor: User | None, changes: dict[str, tuple[Any, Any]] | None = None
) -> AuditEntry:
    """Write one row of the trail: `changes` is {field: (from, to)}.

    Fields in the row's `audit_hidden` are named without their values (FINE-PRINT 54); its `audit_part_of` is the column
    that says of which row it is a part.
    """
    entry = _entry(action, row, actor, changes)
    entry.save(force_insert=True)
    return entry


def record_acts(
    acts: Iterable[tuple[str, dict[str, tuple[Any, Any]]]], *, row: models.Model, actor: User | None
) -> None:
    """Likewise a row of the trail for each of several (action, changes) on one row, in one statement."""
    AuditEntry.objects.bulk_create([_entry(action, row, actor, changes) for action, changes in acts])


def _entry(
    action: str, row: models.Model, actor: User | None, changes: dict[str, tuple[Any, Any]] | None
) -> AuditEntry:
    hidden = getattr(row, "audit_hidden", ())
    kept = {
        field: None if field in hidden else [_plain(old), _plain(new)] for field, (old, new) in (changes or {}).items()
    }
    return AuditEntry(
        actor=actor,
        door=context.door.get(),
        action=action,
        model=row._meta.model_name or "",
        object_id=row.pk,
        label="" if hidden else str(row)[:300],
        object_version=row.version if isinstance(row, Revised) else None,
        changes=kept,
        request_id=_request_id(),
        part_of=getattr(row, getattr(row, "audit_part_of", ""), None),
    )


def record_many(
    action: str, *, model: type[models.Model], label: str, actor: User | None, changes: dict[str, Any]
) -> AuditEntry:
    """One row of the trail for a write of many rows of a model, such as a file of an import."""
    return AuditEntry.objects.create(
        actor=actor,
        door=context.door.get(),
        action=action,
        model=model._meta.model_name or "",
        label=label[:300],
        changes=changes,
        request_id=_request_id(),
    )


def record_rows(
    action: str, *, rows: models.QuerySet[Any], label: str, actor: User, changes: dict[str, tuple[Any, Any]]
) -> None:
    """One row of the trail for each of `rows`, which one set-based write has changed alike, in one statement.

    `label` is the column that names a row.
    """
    plain = {field: [_plain(old), _plain(new)] for field, (old, new) in changes.items()}
    columns: dict[str, Any] = {
        "at": models.Value(timezone.now(), models.DateTimeField()),
        "actor_id": models.Value(actor.pk, models.BigIntegerField()),
        "door": models.Value(context.door.get(), models.CharField()),
        "action": models.Value(action, models.CharField()),
        "model": models.Value(rows.model._meta.model_name, models.CharField()),
        "object_id": models.F("pk"),
        "label": models.F(label),
        "object_version": models.F("version"),
        "changes": models.Value(plain, models.JSONField()),
        "request_id": models.Value(_request_id(), models.CharField()),
    }
    select, parameters = rows.order_by().values_list(*columns.values()).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {AuditEntry._meta.db_table} ({', '.join(columns)}) {select}", parameters)
