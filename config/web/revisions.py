"""Optimistic concurrency: which field of a row was last changed in which version of it.

A stale write is taken when nobody has changed the fields that it sets since the version its editor saw
(ARCHITECTURE.md rule 3); otherwise it is refused with both values.
"""

import secrets
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def random_key() -> str:
    """Identifier of a row that no importing system has named: 16 hexadecimal characters."""
    return secrets.token_hex(8)


def _has_null(value: Any) -> bool:
    return isinstance(value, str) and "\x00" in value


class StaleWrite(Exception):
    """Somebody changed a field that this write sets. Nothing was written."""

    def __init__(self, row: "Revised", yours: dict[str, Any], conflicts: Iterable[str], seen: int) -> None:
        self.row, self.yours, self.conflicts, self.seen = row, yours, sorted(conflicts), seen
        super().__init__(f"{row} changed since version {seen}: {', '.join(self.conflicts)}")


class Noted(models.Func):
    """`changed_in` with one field noted for the version that follows, for a set-based write that raises `version`."""

    output_field = models.JSONField()

    def __init__(self, field: str) -> None:
        self.noted = field
        super().__init__(models.F("changed_in"), models.F("version") + 1)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="JSON_SET(%(expressions)s)", arg_joiner=f", '$.{self.noted}', ", **context
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "JSONB_SET(%(expressions)s))"
        joiner = f", '{{{self.noted}}}', TO_JSONB("
        return self.as_sql(compiler, connection, template=template, arg_joiner=joiner, **context)


class Revised(models.Model):
    """A row with a version that only ever rises, and the version in which each field last changed."""

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    changed_in = models.JSONField(default=dict, editable=False)
    imported_version = models.PositiveIntegerField(null=True, editable=False)

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Any = None) -> None:
        """Django's own checks, and no NUL in a text, which PostgreSQL cannot hold."""
        super().clean_fields(exclude=exclude)
        names = {field.attname for field in self._meta.fields if field.name not in (exclude or ())}
        errors = {name: _("Null characters are not allowed.") for name in names if _has_null(getattr(self, name, ""))}
        if errors:
            raise ValidationError(errors)

    def changed_since(self, seen: int, fields: Iterable[str]) -> set[str]:
        """Those of `fields` that were changed after version `seen`."""
        return {field for field in fields if self.changed_in.get(field, 0) > seen}

    def refuse_if_stale(self, seen: int | None, yours: dict[str, Any], watched: Iterable[str] = ()) -> None:
        """Raise StaleWrite when a field of `yours` or `watched` was changed since version `seen` (None: not asked)."""
        if seen is None:
            return
        conflicts = self.changed_since(seen, {*yours, *watched})
        if conflicts:
            raise StaleWrite(self, yours, conflicts, seen)

    def mark_changed(self, fields: Iterable[str]) -> None:
        """Raise the version and note it for these fields; saving is the caller's."""
        self.version += 1
        self.changed_in = {**self.changed_in, **dict.fromkeys(fields, self.version)}
