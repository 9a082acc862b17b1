"""Files whose columns are copied into one table: what is new, what differs, and the set-based writes."""

import json
from typing import Any

from django.db import connection, models
from django.utils import timezone

from accounts.selectors import calendar
from pipeline.interchange import cells, staging
from pipeline.interchange.columns import Column, File
from pipeline.interchange.contents import as_amount, cell
from pipeline.interchange.layout import USERS
from pipeline.interchange.report import Overwritten, Report
from pipeline.interchange.revising import pending_edits, revised


def compare(file: File, present: set[str], report: Report, *, keep: bool, counting: bool = True) -> None:
    """Stage what changes in rows that are there already; count created, updated and unchanged."""
    staging.execute(f"DELETE FROM {staging.changes_of(file)}")
    columns = [column for column in file.plain if column.name in present]
    writer = staging.Writer(staging.changes_of(file), staging.CHANGE_COLUMNS)
    count = report.file(file.name)
    for page in staging.pages(_comparison(file, columns), "s.csv_line"):
        for line, pk, version, imported, changed_in, key, *pairs in page:
            row = {"version": version, "imported_version": imported, "changed_in": _parsed(changed_in)}
            changed = _changed(file, columns, pairs, row, key, line, report, keep) if pk is not None else []
            if changed:
                writer.add([line, pk, version, *revised(row, changed)])
            if counting:
                count.created += pk is None
                count.updated += bool(changed)
                count.unchanged += pk is not None and not changed
    writer.flush()


def _parsed(changed_in: Any) -> dict[str, int]:
    return json.loads(changed_in) if isinstance(changed_in, str) else (changed_in or {})


def _comparison(file: File, columns: list[Column]) -> str:
    pairs = "".join(f', s."{column.name}", {_ours(column)}' for column in columns)
    known = "m.version, m.imported_version, m.changed_in" if file.revised else "NULL, NULL, NULL"
    table, name = file.model._meta.db_table, f's."{file.key[0]}"'
    return (
        f"SELECT s.csv_line, m.id, {known}, {name}{pairs}"
        f" FROM {file.table} s LEFT JOIN {table} m ON {_same(file)} WHERE {{page}}"
    )


def _identity(file: File) -> dict[str, str]:
    """Which columns of the table tell its rows apart: {column: SQL over the staged row s}."""
    if file.identity:
        return dict(file.identity)
    return {
        file.match if name == "key" else _field(file, file.column(name)).column: _value(file.column(name))
        for name in file.key
    }


def _same(file: File) -> str:
    return " AND ".join(f"m.{_quoted(column)} = {value}" for column, value in _identity(file).items())


def _ours(column: Column) -> str:
    if column.ours:
        return column.ours
    name = column.field_name
    return staging.key_of_reference(column.ref, f'm."{name}_id"') if column.ref else f'm."{name}"'


def _changed(
    file: File, columns: list[Column], pairs: list[Any], row: dict[str, Any], key: str, line: int, report: Report,
    keep: bool,
) -> list[str]:  # fmt: skip
    changed, edited = [], pending_edits(row)
    for column, said, ours in zip(columns, pairs[::2], pairs[1::2], strict=True):
        if _agree(column, said, ours):
            continue
        if column.field_name in edited:
            report.overwritten.append(
                Overwritten(file.name, key, column.name, _shown(column, ours), _shown(column, said))
            )
            if keep:
                _put_back(file, column, ours, line)
                continue
        changed.append(column.field_name)
    return changed


def _agree(column: Column, said: Any, ours: Any) -> bool:
    if column.keeps and said in (None, ""):
        return True
    if column.store == "json":
        return bool(_json(said) == _json(ours))
    return bool(said == ours)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _shown(column: Column, value: Any) -> str:
    """As it stands in an export."""
    if value is None:
        return ""
    if column.parse is cells.amount:
        return as_amount(value)
    if column.store == "flag":
        value = bool(value)
    elif column.store == "moment":
        value = staging.as_moment(value)
    elif column.store == "json":
        value = column.show(_json(value)) if column.show else value
    return cell(value, calendar().tz)


def _put_back(file: File, column: Column, ours: Any, line: int) -> None:
    staging.execute(f'UPDATE {file.table} SET "{column.name}" = %s WHERE csv_line = %s', [ours, line])


def lock_changed(file: File) -> bool:
    """Lock the rows that change; False when somebody has changed one of them since they were compared.

    Of rows without a version the file's columns are right whatever happened meanwhile.
    """
    if not file.revised:
        return True
    table, changes = file.model._meta.db_table, staging.changes_of(file)
    lock = " FOR NO KEY UPDATE OF m" if connection.features.has_select_for_update else ""
    rows = staging.fetch(f"SELECT m.version, c.seen FROM {table} m JOIN {changes} c ON c.id = m.id ORDER BY m.id{lock}")
    return all(version == seen for version, seen in rows)


def named_by_changes(file: File, column: Column) -> str:
    """SQL: the keys that a column holds in the lines that are new or change something."""
    cell, table = f's."{column.name}"', file.model._meta.db_table
    return (
        f"SELECT {cell} FROM {file.table} s JOIN {staging.changes_of(file)} c ON c.csv_line = s.csv_line"
        f" UNION SELECT {cell} FROM {file.table} s WHERE NOT EXISTS (SELECT 1 FROM {table} m WHERE {_same(file)})"
    )


def write(file: File, present: set[str]) -> None:
    """Insert what is new, update what differs."""
    new = _insert(file)
    _update(file, [column for column in file.plain if column.name in present])
    if new:
        _set_references_to_itself(file)


def _insert(file: File) -> int:
    """New rows; a reference to the file's own rows is set afterwards, when they are all there."""
    table, meta = file.model._meta.db_table, file.model._meta
    values = {**_identity(file), **({"version": "1", "imported_version": "1"} if file.revised else {})}
    values |= file.derived
    constants: dict[str, Any] = {}
    for column in file.stored:
        if not _is_later(file, column) and _field(file, column).column not in values:
            values[_field(file, column).column] = _value_of_new(file, column, constants)
    for field in meta.concrete_fields:
        if field.column not in values and not field.primary_key:
            values[field.column] = _constant(field, constants)
    return staging.execute(
        f"INSERT INTO {table} ({', '.join(map(_quoted, values))}) SELECT {', '.join(values.values())}"
        f" FROM {file.table} s WHERE NOT EXISTS (SELECT 1 FROM {table} m WHERE {_same(file)}) ORDER BY s.csv_line",
        [constants[name] for name in values if name in constants],
    )


def _value_of_new(file: File, column: Column, constants: dict[str, Any]) -> str:
    """What a new row has of a column: of one that keeps what is known, where its cell is empty, the field's default."""
    if not column.keeps:
        return _value(column)
    return f"COALESCE({_filled(column)}, {_constant(_field(file, column), constants)})"


def _filled(column: Column) -> str:
    return f"NULLIF({_value(column)}, '')" if column.store == "text" and not column.ref else _value(column)


def _is_later(file: File, column: Column) -> bool:
    return column.ref == file.name or (column.special and bool(column.ref))


def _constant(field: Any, constants: dict[str, Any]) -> str:
    if field.name == "password":
        from django.contrib.auth.hashers import make_password

        constants[field.column] = make_password(None)
        return "%s"
    value = timezone.now() if field.name == "created_at" else field.get_default()
    constants[field.column] = field.get_db_prep_save(value, connection)
    return f"CAST(%s AS {_cast(field)})"


def _cast(field: Any) -> str:
    if connection.vendor == "sqlite" and isinstance(field, models.DateField):  # a moment too, which it keeps as text
        return "text"
    return str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection))


def _field(file: File, column: Column) -> Any:
    return file.model._meta.get_field(column.field_name)  # type: ignore[return-value]


def _value(column: Column) -> str:
    expression = f's."{column.name}"'
    if column.store == "json" and connection.vendor == "postgresql":
        return f"CAST({expression} AS jsonb)"
    return staging.reference_key(column.ref, expression) if column.ref else expression


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _update(file: File, columns: list[Column]) -> None:
    table, changes = file.model._meta.db_table, staging.changes_of(file)
    if file is USERS and any(column.name == "email" for column in columns):  # an address may go to somebody else
        staging.execute(f"UPDATE {table} SET email = '' WHERE id IN (SELECT id FROM {changes})")
    sets = [f"{_quoted(_field(file, column).column)} = {_value_of_known(file, column)}" for column in columns]
    if file.revised:
        json_type = file.model._meta.get_field("changed_in").db_type(connection)  # type: ignore[union-attr]
        sets += ["version = c.version", "imported_version = c.imported"]
        sets += [f"changed_in = CAST(c.changed_in AS {json_type})"]
    if sets:
        staging.execute(
            f"UPDATE {table} SET {', '.join(sets)} FROM {file.table} s JOIN {changes} c ON c.csv_line = s.csv_line"
            f" WHERE {table}.id = c.id"
        )


def _value_of_known(file: File, column: Column) -> str:
    if not column.keeps:
        return _value(column)
    return f"COALESCE({_filled(column)}, {file.model._meta.db_table}.{_quoted(_field(file, column).column)})"


def _set_references_to_itself(file: File) -> None:
    table = file.model._meta.db_table
    for column in file.plain:
        if column.ref == file.name:
            target = _quoted(_field(file, column).column)
            staging.execute(
                f"UPDATE {table} SET {target} = {_value(column)} FROM {file.table} s"
                f' WHERE {table}."{file.match}" = s."key"'
                f' AND s."{column.name}" IS NOT NULL AND {table}.{target} IS NULL'
            )
