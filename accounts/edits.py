"""The plain edit: what every `edit_…` and `create_…` action of a row without a history of its own does.

Rows are locked in one order everywhere, imports included, so that no two acts wait for each other: people, then
settings (teams, stages, the method), then opportunities, then customers, then what hangs on these; of one kind by ids.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from accounts import audit, search
from accounts.models import Team, User
from config.web.revisions import Revised

Row = TypeVar("Row", bound=Revised)
UNIQUE = {"key", "username", "email"}


def locked(row: Row) -> Row:
    """The row as it is now, locked until the transaction ends; rows that name it are not held up."""
    return row.__class__._default_manager.select_for_update(of=("self",), no_key=True).get(pk=row.pk)


def hold(rows: Any) -> Any:
    """The same rows, which nobody else changes until the transaction ends."""
    list(rows.select_for_update().order_by("pk").values_list("pk"))
    return rows


def kept(person: int | OuterRef) -> Any:
    """The row of this person, which stays in its team until the transaction ends; rows that name it are not held up."""
    return User.objects.filter(pk=person).select_for_update(no_key=True)


def team_kept(person: int | OuterRef) -> Subquery:
    """The team of somebody (an id, or where an outer query has it), for the statement that locks what they get."""
    return Subquery(kept(person).values("team"))


def in_team(person: User, team: int | None) -> User:
    """The person, in the team that was found for them meanwhile; a query where it is another one."""
    if person.team_id != team:
        person.team = None if team is None else Team.objects.get(pk=team)
    return person


def differences(row: models.Model, changes: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """{field: (from, to)} of those `changes` that really change something."""
    pairs = {field: (getattr(row, field), value) for field, value in changes.items()}
    return {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}


@transaction.atomic
def create(
    row: Row, *, actor: User | None, made_up: Iterable[str] = (), besides: dict[str, Any] | None = None
) -> Row:  # fmt: skip
    """Check and save a new row, with its line in the audit trail; its references are rows that the caller has.

    `made_up` are fields that nobody gave, such as a random key: nobody is asked whether another row has them.
    `besides` is what the caller saves with it and the trail tells of as well: {name: value}.
    """
    row.full_clean(exclude=[*made_up, *(field.name for field in row._meta.fields if field.is_relation)])
    insert(row)
    search.index(row, is_new=True)
    said = {name: (None, value) for name, value in (besides or {}).items() if value}
    audit.record("create", row=row, actor=actor, changes=audit.beginning(row, without=made_up) | said)
    return row


def insert(row: models.Model) -> None:
    """Save a new row; a key that somebody took since it was checked is an error of the form."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        key = getattr(row, "key", None)
        if key is None or not row.__class__._base_manager.filter(key=key).exists():
            raise
        raise ValidationError({"key": row.unique_error_message(row.__class__, ("key",))}) from error


@transaction.atomic
def edit(row: Row, *, changes: dict[str, Any], seen: int | None, actor: User | None, action: str = "edit") -> Row:
    """Set the fields of `changes` on a row as its editor saw it in version `seen`.

    Raises StaleWrite when one of them was changed by somebody since, ValidationError for a value that is not
    accepted; either way nothing is written. Without a real change nothing is written and the version stays.
    """
    return edit_locked(locked(row), changes=changes, seen=seen, actor=actor, action=action)


def edit_locked(
    row: Row, *, changes: dict[str, Any], seen: int | None, actor: User | None, action: str = "edit",
    besides: dict[str, Any] | None = None,
) -> Row:  # fmt: skip
    """Likewise on a row that is locked already; `besides` are columns that nobody edits and a real change sets."""
    found = differences(row, changes)
    row.refuse_if_stale(seen, {field: changes[field] for field in found})
    if not found:
        return row
    for field, (_old, new) in found.items():
        setattr(row, field, new)
    row.mark_changed(found)
    row.full_clean(exclude=_sure(row, found), validate_unique=bool(UNIQUE & set(found)))
    for field, value in (besides or {}).items():
        setattr(row, field, value)
    _save(row, [*found, *(besides or {}), "version", "changed_in"])
    if search.is_searched(row, found):
        search.index(row)
    audit.record(action, row=row, actor=actor, changes=found)
    return row


def _sure(row: models.Model, changed: Iterable[str]) -> list[str]:
    """The fields that need no check: those that stay, and references to rows, which the caller has."""
    fields = row._meta.fields
    return [
        field.name for field in fields
        if field.name not in changed or (field.is_relation and getattr(row, field.attname) is not None)
    ]  # fmt: skip


def _save(row: Revised, names: list[str]) -> None:
    """Save these fields; a value that somebody took since it was checked is an error of the form."""
    if not UNIQUE & set(names):
        row.save(update_fields=names)
        return
    try:
        with transaction.atomic():
            row.save(update_fields=names)
    except IntegrityError as error:
        raise ValidationError(_("Somebody has just taken this value.")) from error
