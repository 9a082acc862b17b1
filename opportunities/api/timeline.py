"""What happened to one opportunity, when, by whom, why."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from accounts.api.fields import MomentField
from accounts.models import User
from opportunities.models import Opportunity
from opportunities.selectors.page import Change
from opportunities.selectors.timeline import ADDED, DECISION, LOWERED, Event, timeline_of


def timeline_answer(row: Opportunity, request: Request) -> dict[str, Any]:
    """A page of events, the newest first; references by key, people by login name."""
    given = request.query_params.get("page", "1")
    if not (given.isascii() and given.isdecimal() and 0 < int(given[:7]) < 10**6):
        raise NotFound
    found = timeline_of(row, number=int(given[:7]))
    return {
        "results": [_event(event) for event in found.events],
        "next": found.number + 1 if found.has_next else None,
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "at": MomentField().to_representation(event.at),
        "kind": event.kind,
        "actor": event.login or None,
        "reason": event.reason,
        "created": event.created,
        "changes": [_change(change) for change in event.changes],
        "factor": event.factor or None,
        "level": event.level or None,
        "grade": event.grade if event.kind in (ADDED, LOWERED) else None,
        "decision": event.grade if event.kind == DECISION else None,
        "text": "" if event.text == event.reason else event.text,
    }


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
