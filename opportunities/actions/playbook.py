"""Writes about the playbook: every save keeps a version of its wording (METHOD.md §6)."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, edits, search
from accounts.models import User
from opportunities.actions.files import refuse_unless_author
from opportunities.models import PlaybookEntry, PlaybookVersion
from opportunities.rules.evidence import FACTORS, TOP

WORDING = ("title_zh", "title_en", "body_zh", "body_en")
FIELDS = ("kind", *WORDING, "rungs")
LINKS = ("stages", "products")
RUNGS = tuple(f"{factor}:{level}" for factor in FACTORS for level in range(1, TOP + 1))


@transaction.atomic
def create_entry(*, actor: User, **fields: Any) -> PlaybookEntry:
    """A new entry (managers and administrators): FIELDS, LINKS as lists of rows, `key` from an importing system."""
    refuse_unless_author(actor)
    links = {name: list(fields.pop(name, ())) for name in LINKS}
    row = PlaybookEntry(**{**fields, "rungs": ordered(fields.get("rungs", ()))})
    _refuse_unfit(row)
    edits.create(row, actor=actor, besides={name: _keys(rows) for name, rows in links.items()})
    for name, rows in links.items():
        getattr(row, name).set(rows)
    _keep_version(row, actor)
    return row


@transaction.atomic
def edit_entry(*, entry: PlaybookEntry, changes: dict[str, Any], seen: int | None, actor: User) -> PlaybookEntry:
    """Set fields of FIELDS and LINKS. StaleWrite when somebody changed one of them since `seen`."""
    refuse_unless_author(actor)
    row = edits.locked(entry)
    _refuse_if_archived(row)
    found = _differences(row, changes)
    row.refuse_if_stale(seen, {name: changes[name] for name in found})
    if not found:
        return row
    plain = {name: new for name, (_old, new) in found.items() if name not in LINKS}
    for name, value in plain.items():
        setattr(row, name, value)
    _refuse_unfit(row)
    row.mark_changed(found)
    row.full_clean()
    row.save(update_fields=[*plain, "version", "changed_in"])
    if search.is_searched(row, plain):
        search.index(row)
    for name in set(found) & set(LINKS):
        getattr(row, name).set(changes[name])
    audit.record("edit", row=row, actor=actor, changes=found)
    _keep_version(row, actor)
    return row


def archive_entry(*, entry: PlaybookEntry, seen: int | None, actor: User) -> PlaybookEntry:
    """Out of lists and offers; archiving twice changes nothing."""
    return _set_archived(entry, seen, actor, "archive", lambda row: row.archived_at or timezone.now())


def restore_entry(*, entry: PlaybookEntry, seen: int | None, actor: User) -> PlaybookEntry:
    """Back into lists and offers."""
    return _set_archived(entry, seen, actor, "restore", lambda _row: None)


@transaction.atomic
def _set_archived(
    entry: PlaybookEntry, seen: int | None, actor: User, action: str, moment: Callable[[PlaybookEntry], Any]
) -> PlaybookEntry:
    refuse_unless_author(actor)
    row = edits.locked(entry)
    return edits.edit(row, changes={"archived_at": moment(row)}, seen=seen, actor=actor, action=action)


def ordered(rungs: Iterable[str]) -> list[str]:
    """Rungs once each, in the order of the ladders; ValidationError for one that there is not."""
    given = set(rungs)
    if given - set(RUNGS):
        raise ValidationError({"rungs": _("There is no such choice.")})
    return [rung for rung in RUNGS if rung in given]


def _differences(row: PlaybookEntry, changes: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    plain = {name: value for name, value in changes.items() if name in FIELDS}
    if "rungs" in plain:
        plain["rungs"] = ordered(plain["rungs"])
    found = edits.differences(row, plain)
    for name in LINKS:
        if name in changes:
            before, after = _keys(getattr(row, name).all()), _keys(changes[name])
            found |= {name: (before, after)} if before != after else {}
    return found


def _keys(rows: Iterable[Any]) -> list[str]:
    return sorted(row.key for row in rows)


def _refuse_unfit(row: PlaybookEntry) -> None:
    """Refuse an entry without wording, and one that is longer than a column of text checks by itself."""
    longest = PlaybookEntry._meta.get_field("body_zh").max_length or 0
    too_long = _("At most %(limit)s characters.") % {"limit": longest}
    errors = {name: too_long for name in ("body_zh", "body_en") if len(getattr(row, name)) > longest}
    if not (row.title_zh.strip() or row.title_en.strip()):
        errors["title_zh"] = _("Give it a title in one language at least.")
    if not (row.body_zh.strip() or row.body_en.strip()):
        errors["body_zh"] = _("Write the text in one language at least.")
    if errors:
        raise ValidationError(errors)


def _refuse_if_archived(row: PlaybookEntry) -> None:
    if row.archived_at is not None:
        raise ValidationError(_("This entry is archived. Restore it first."), code="archived")


def _keep_version(row: PlaybookEntry, actor: User | None) -> None:
    """The next version of a locked entry; an import may have brought numbers of its own."""
    wording = {name: getattr(row, name) for name in WORDING}
    last = row.versions.aggregate(last=Max("number"))["last"] or 0
    PlaybookVersion.objects.create(entry=row, number=last + 1, saved_by=actor, **wording)


def ship_playbook() -> None:
    """The shipped entries that are missing, and their stages where they have lost them; the others stay as they are."""
    import_module("opportunities.migrations.0009_shipped_playbook").ship_playbook(apps, None)
