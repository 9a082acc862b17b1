"""The versions that are there already, in the terms of an import: keys, cents, ten-thousandths."""

from collections.abc import Sequence
from typing import Any

from opportunities import rules
from opportunities.models import OpportunityVersion
from pipeline.interchange.history import Version

VERSION_KEYS = (
    "opportunity__key", "valid_from", "actor__username", "reason", "stage__key", "outcome", "win_rate", "amount",
    "expected_close_date", "owner__username", "team__key", "product__key", "next_step", "next_step_due", "entered_at",
    "entered_on", "furthest",
)  # fmt: skip
STATE_ORDER = (
    "stage_id", "outcome", "win_rate", "amount", "expected_close_date", "owner_id", "team_id", "product_id",
    "next_step", "next_step_due", "entered_at", "entered_on", "furthest",
)  # fmt: skip


def as_version(row: Sequence[Any]) -> Version:
    """A row of VERSION_KEYS."""
    _key, at, actor, reason, *held = row
    values = dict(zip(STATE_ORDER, held, strict=True))
    values["win_rate"] = int(values["win_rate"].scaleb(4))
    values["amount"] = None if values["amount"] is None else int(values["amount"].scaleb(2))
    return Version(at, rules.State(**values), actor, reason)


def known_versions(keys: list[str]) -> dict[str, list[Version]]:
    """The versions of these opportunities, earliest first."""
    rows = OpportunityVersion.objects.filter(opportunity__key__in=keys).order_by("opportunity_id", "valid_from")
    found: dict[str, list[Version]] = {}
    for row in rows.values_list(*VERSION_KEYS):
        found.setdefault(row[0], []).append(as_version(row))
    return found
