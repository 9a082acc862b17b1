"""The tier rules in force, and who changed them when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Subquery
from django.utils import timezone

from accounts.models import AuditEntry, User
from customers.models import TierRules
from customers.rules.tiers import RULE_FIELDS

MOST = 20


def rules_at(moment: datetime) -> TierRules:
    """The rules that hold at a moment."""
    return TierRules.objects.filter(valid_from__lte=moment).latest("valid_from")


def rules_now() -> TierRules:
    """The rules that hold now."""
    return rules_at(timezone.now())


def how_treated() -> dict[str, Subquery]:
    """What the rules of now say of the treatment of tiers, to be read beside rows of any kind (`treatment_of`)."""
    latest = TierRules.objects.filter(valid_from__lte=timezone.now()).order_by("-valid_from")
    return {name: Subquery(latest.values(name)[:1]) for name in ("cadence_days", "plan_required", "review_depth")}


@dataclass(frozen=True, slots=True)
class RulesChange:
    """Rules that came into force: by whom, and (field, key, before, after) of what is other than before.

    `who` is None where nobody of this workspace changed them (an import); `key` is "" for a field of one value.
    """

    valid_from: datetime
    who: User | None
    changes: list[tuple[str, str, Any, Any]]


def rules_history() -> list[RulesChange]:
    """The latest changes of the rules, the newest first; the first rules are no change. Two queries."""
    rows = list(TierRules.objects.order_by("-valid_from")[: MOST + 1])
    entries = AuditEntry.objects.filter(model="tierrules", object_id__in=[row.pk for row in rows])
    who = {entry.object_id: entry.actor for entry in entries.select_related("actor")}
    return [
        RulesChange(row.valid_from, who.get(row.pk), _changes(before, row))
        for row, before in zip(rows, rows[1:], strict=False)
    ]


def _changes(before: TierRules, after: TierRules) -> list[tuple[str, str, Any, Any]]:
    found: list[tuple[str, str, Any, Any]] = []
    for field in RULE_FIELDS:
        old, new = getattr(before, field), getattr(after, field)
        if isinstance(new, dict):
            found += [(field, key, old.get(key), new[key]) for key in new if old.get(key) != new[key]]
        elif old != new:
            found.append((field, "", old, new))
    return found
