"""What changed of one opportunity, when, by whom, why."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from accounts.api.fields import MomentField
from accounts.models import User
from opportunities.models import Opportunity
from opportunities.selectors.page import Change, timeline_of


def timeline_answer(row: Opportunity, request: Request) -> dict[str, Any]:
    """A page of changes, the newest first; references by key, people by login name."""
    given = request.query_params.get("page", "1")
    if not (given.isascii() and given.isdecimal() and 0 < int(given[:7]) < 10**6):
        raise NotFound
    found = timeline_of(row, number=int(given[:7]))
    entries = [
        {
            "at": MomentField().to_representation(entry.at),
            "actor": _plain(entry.actor),
            "reason": entry.reason,
            "created": entry.created,
            "changes": [_change(change) for change in entry.changes],
        }
        for entry in found.entries
    ]
    return {"results": entries, "next": found.number + 1 if found.has_next else None}


def _change(change: Change) -> dict[str, Any]:
    if change.kind == "win_rate":
        return {"field": "declared", "from": float(change.before), "to": float(change.after)}
    return {"field": change.kind, "from": _plain(change.before), "to": _plain(change.after)}


def _plain(value: Any) -> Any:
    if isinstance(value, User):
        return value.username
    if isinstance(value, models.Model):
        return getattr(value, "key", None)
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
