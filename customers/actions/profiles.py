"""Writes about ideal customers (step 1 of the eight): the profile of a product line with its criteria."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit, edits
from accounts.models import User
from customers.actions.shared import only, refuse_if_archived, set_archived
from customers.models import IdealProfile, ProfileCriterion
from customers.rules.profiles import MOST_CRITERIA, amount_of, tiers_from, words_of

PROFILE_FIELDS = ("name", "line")
Kind = ProfileCriterion.Kind


def refuse_unless_author(actor: User) -> None:
    """What an ideal customer looks like is everybody's to read, and set by managers and administrators."""
    if not may_write_profiles(actor):
        raise PermissionDenied(_("Only managers and administrators say what an ideal customer looks like."))


def may_write_profiles(user: User) -> bool:
    """Whether `refuse_unless_author` lets somebody through."""
    return user.is_manager or user.is_admin


@transaction.atomic
def create_profile(
    *, actor: User, name: str, criteria: Iterable[Mapping[str, Any]], line: str = "", **fields: Any
) -> IdealProfile:
    """A profile with its criteria, each {kind, value, weight}; `key` from an importing system."""
    refuse_unless_author(actor)
    profile = IdealProfile(name=name.strip(), line=line.strip(), **only(fields, ("key",)))
    rows = _rows(criteria, profile.line)
    edits.create(profile, actor=actor, besides={"criteria": _in_short(rows)})
    _put(profile, rows)
    return profile


@transaction.atomic
def edit_profile(*, profile: IdealProfile, changes: dict[str, Any], seen: int | None, actor: User) -> IdealProfile:
    """Set fields of PROFILE_FIELDS, and `criteria` as a whole. StaleWrite when somebody changed one of them since."""
    refuse_unless_author(actor)
    row = edits.locked(profile)
    refuse_if_archived(row)
    found = edits.differences(row, _trimmed(only(changes, PROFILE_FIELDS)))
    before = list(row.criteria.all())  # type: ignore[attr-defined]
    rows = _new_rows(row, before, changes, found)
    yours = {name: new for name, (_old, new) in found.items()} | ({} if rows is None else {"criteria": rows})
    row.refuse_if_stale(seen, yours)
    if not yours:
        return row
    for name, (_old, new) in found.items():
        setattr(row, name, new)
    row.mark_changed(yours)
    row.full_clean(validate_unique=False)
    row.save(update_fields=[*found, "version", "changed_in"])
    if rows is not None:
        found["criteria"] = (_in_short(before), _in_short(rows))
        _put(row, rows)
    audit.record("edit", row=row, actor=actor, changes=found)
    return row


def archive_profile(*, profile: IdealProfile, seen: int | None, actor: User) -> IdealProfile:
    """Out of lists and choices; whom one has set out to win for it stays on the target list."""
    refuse_unless_author(actor)
    return set_archived(profile, True, seen, actor)  # type: ignore[no-any-return]


def restore_profile(*, profile: IdealProfile, seen: int | None, actor: User) -> IdealProfile:
    """Back into lists and choices."""
    refuse_unless_author(actor)
    return set_archived(profile, False, seen, actor)  # type: ignore[no-any-return]


# --- Criteria -----------------------------------------------------------------------------------


def checked_value(kind: str, value: str, line: str) -> str:
    """What a criterion asks for as it is kept; ValidationError where it says nothing that can be asked."""
    if kind in (Kind.INDUSTRY, Kind.REGION):
        return _checked(", ".join(words_of(value)), gettext_lazy("Name at least one, with commas between them."))
    if kind == Kind.SPEND:
        return _checked(value if amount_of(value) else "", gettext_lazy("Enter an amount above 0."))
    if kind == Kind.TIER:
        return _checked(value if tiers_from(value) else "", gettext_lazy("Enter a tier: 5A, 4A, 3A, 2A or 1A."))
    if kind == Kind.BOUGHT_LINE:
        _checked(value.strip() or line, gettext_lazy("Name the product line."))
        return value.strip()
    return ""


def _checked(value: str, otherwise: Any) -> str:
    if not value:
        raise ValidationError(otherwise)
    return value


def _rows(criteria: Iterable[Mapping[str, Any]], line: str) -> list[ProfileCriterion]:
    try:
        rows = [_row(each, place, line) for place, each in enumerate(criteria)]
    except ValidationError as error:
        raise ValidationError({"criteria": error.messages}) from error
    if not 0 < len(rows) <= MOST_CRITERIA:
        said = _("An ideal customer has between one and %(most)s criteria.") % {"most": MOST_CRITERIA}
        raise ValidationError({"criteria": said})
    return rows


def _row(given: Mapping[str, Any], place: int, line: str) -> ProfileCriterion:
    kind, weight = given.get("kind", ""), given.get("weight")
    row = ProfileCriterion(kind=kind, weight=weight, position=place)  # type: ignore[misc]  # refused by clean_fields
    row.value = checked_value(kind, given.get("value", ""), line)
    row.clean_fields(exclude=["profile"])
    return row


def _new_rows(
    row: IdealProfile, before: list[ProfileCriterion], changes: dict[str, Any], found: dict[str, Any]
) -> list[ProfileCriterion] | None:
    """The criteria where they are other than they were; a line that goes is asked of them too."""
    given = changes.get("criteria")
    line = found["line"][1] if "line" in found else row.line
    if given is None and "line" not in found:
        return None
    kept = [{"kind": each.kind, "value": each.value, "weight": each.weight} for each in before]
    rows = _rows(kept if given is None else given, line)
    return None if _in_short(rows) == _in_short(before) else rows


def _in_short(rows: Iterable[ProfileCriterion]) -> str:
    """The criteria in a line for the audit trail."""
    return "; ".join(f"{row.kind} {row.value} ({row.weight})" for row in rows)


def _put(profile: IdealProfile, rows: list[ProfileCriterion]) -> None:
    profile.criteria.all().delete()  # type: ignore[attr-defined]
    for row in rows:
        row.profile = profile
    ProfileCriterion.objects.bulk_create(rows)


def _trimmed(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value.strip() for name, value in changes.items()}
