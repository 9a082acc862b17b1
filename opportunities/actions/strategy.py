"""The strategy sheet of an opportunity, and who else wants it (METHOD.md §6)."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import edits
from accounts.models import User
from opportunities.actions.of_opportunity import (
    lock_for_writing,
    only,
    refuse_archived_row,
    refuse_unless_reads_sensitive,
    set_archived,
)
from opportunities.models import Competitor, Opportunity, Rating, StrategySheet, SuccessFactor

FIELDS = (
    "sales_theme", "buying_factors", "price", "price_note", "price_floor", "success_factors", "missing_information",
    "resources",
)  # fmt: skip
LONGEST_FACT = 500


@transaction.atomic
def edit_strategy(*, opportunity: Opportunity, changes: dict[str, Any], seen: int | None, actor: User) -> StrategySheet:
    """Set fields of FIELDS on the sheet, which is made when it is first written to.

    `success_factors` holds those that change: {SuccessFactor: {"rating", "fact"}, or None to clear it}.
    PermissionDenied for a price floor that the actor does not read.
    """
    row = lock_for_writing(opportunity, actor)
    given = only(changes, FIELDS)
    now = StrategySheet.objects.select_for_update().filter(opportunity=row).first()
    if now is None:
        now = edits.create(StrategySheet(opportunity=row), actor=actor)
        author: int | None = actor.pk
    else:
        author = now.floor_by_id
    if "price_floor" in given:
        refuse_unless_reads_sensitive(row, actor, author)
    if "success_factors" in given:
        given["success_factors"] = _merged(now.success_factors, given["success_factors"])
    saved = edits.edit(now, changes=given, seen=seen, actor=actor)
    _keep_editor(now, saved, actor)
    return saved


def _keep_editor(before: StrategySheet, saved: StrategySheet, actor: User) -> None:
    if saved.version == before.version:
        return
    saved.updated_at, saved.updated_by = timezone.now(), actor
    if saved.price_floor != before.price_floor:
        saved.floor_by = actor if saved.price_floor is not None else None
    saved.save(update_fields=["updated_at", "updated_by", "floor_by"])


def _merged(now: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    checked = {name: _checked(name, value) for name, value in given.items()}
    return {name: value for name, value in {**now, **checked}.items() if value is not None}


def _checked(name: str, value: Any) -> dict[str, str] | None:
    """One factor as it is kept; ValidationError when it has no colour or no fact."""
    if name not in SuccessFactor.values:
        raise ValidationError({"success_factors": _("There is no such success factor.")})
    if value is None:
        return None
    if not isinstance(value, Mapping) or value.get("rating") not in Rating.values:
        raise ValidationError({"success_factors": _("Choose red, amber or green.")})
    fact = value.get("fact")
    if not isinstance(fact, str) or not fact.strip() or "\x00" in fact or len(fact) > LONGEST_FACT:
        raise ValidationError({"success_factors": _("A colour needs a fact, of at most 500 characters.")})
    return {"rating": str(value["rating"]), "fact": fact.strip()}


# --- Competitors ------------------------------------------------------------------------------

OF_COMPETITOR = ("name", "strength", "counter")


@transaction.atomic
def add_competitor(*, opportunity: Opportunity, actor: User, **fields: Any) -> Competitor:
    """Somebody else who wants this opportunity: their strength, our counter."""
    row = lock_for_writing(opportunity, actor)
    return edits.create(Competitor(opportunity=row, **only(fields, OF_COMPETITOR)), actor=actor)


@transaction.atomic
def edit_competitor(*, competitor: Competitor, changes: dict[str, Any], seen: int | None, actor: User) -> Competitor:
    """Set fields of OF_COMPETITOR."""
    lock_for_writing(competitor.opportunity, actor)
    refuse_archived_row(competitor)
    return edits.edit(competitor, changes=only(changes, OF_COMPETITOR), seen=seen, actor=actor)


@transaction.atomic
def archive_competitor(*, competitor: Competitor, seen: int | None, actor: User) -> Competitor:
    """Out of the sheet; restorable."""
    lock_for_writing(competitor.opportunity, actor)
    saved: Competitor = set_archived(competitor, True, seen=seen, actor=actor)
    return saved


@transaction.atomic
def restore_competitor(*, competitor: Competitor, seen: int | None, actor: User) -> Competitor:
    """Back on the sheet."""
    lock_for_writing(competitor.opportunity, actor)
    saved: Competitor = set_archived(competitor, False, seen=seen, actor=actor)
    return saved
