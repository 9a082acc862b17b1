"""The erasure of a contact's personal data on request (FINE-PRINT 54): it reaches into every part of the product."""

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits, idempotency, search
from accounts.actions import refuse_unless_admin
from accounts.models import User
from customers.models import ERASED, PERSONAL, Contact, Erasure
from opportunities.actions import forget_sensitive_notes
from pipeline.models import ImportRun
from pipeline.runs import storage
from pipeline.runs.reports import BAD_ROWS


@transaction.atomic
def erase_contact(*, contact: Contact, reason: str, actor: User) -> Contact:
    """Forget a contact's name, phone, mail and notes for good (administrators); the row, its role and history stay.

    Sensitive notes about the person, the cells that import reports quote, and kept answers of the API go too. Twice
    changes nothing.
    """
    refuse_unless_admin(actor)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    row = edits.locked(contact)
    if row.erased_at is not None:
        return row
    known = {value for value in (row.name, row.email, row.phone, row.notes) if value}
    found = edits.differences(row, dict.fromkeys(PERSONAL, "") | {"name": ERASED, "erased_at": timezone.now()})
    for name, (_old, new) in found.items():
        setattr(row, name, new)
    row.mark_changed(found)
    row.save(update_fields=[*found, "version", "changed_in"])
    search.index(row)
    forget_sensitive_notes(contact=row, actor=actor)
    _forget_in_reports(row.key, known)
    idempotency.forget({row.key, *known})
    Erasure.objects.create(contact=row, erased_by=actor, reason=reason.strip())
    changes = {name: found[name] for name in PERSONAL if name in found}
    audit.record("erase", row=row, actor=actor, changes=changes)
    return row


def _forget_in_reports(key: str, known: set[str]) -> None:
    """Import reports quote cells of contacts.csv, on the run and in a file beside it: those of this person go."""
    for run in ImportRun.objects.filter(report__isnull=False).iterator(50):
        report: dict[str, Any] = run.report or {}
        rows = [*report.get("bad_rows", ()), *report.get("overwritten", ())]
        if sum(_blank(row, key, known) for row in rows):  # each of them
            run.save(update_fields=["report"])
        _forget_in_file(storage.folder_of(run) / BAD_ROWS, key, known)


def _forget_in_file(path: Path, key: str, known: set[str]) -> None:
    if not path.exists():
        return
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if sum(_blank(row, key, known) for row in rows):  # each of them
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def _blank(row: dict[str, Any], key: str, known: set[str]) -> bool:
    """Blank the person's cells in a row of a report; whether there were any."""
    if row.get("file") != "contacts.csv":
        return False
    personal = row.get("field", row.get("column")) in PERSONAL
    theirs = personal and row.get("key", key) == key  # a row without a key may be anybody's
    cells = [name for name in ("value", "ours", "theirs") if row.get(name) and (theirs or row[name] in known)]
    row.update(dict.fromkeys(cells, ""))
    return bool(cells)
