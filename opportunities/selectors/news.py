"""What others changed in a person's open opportunities since they last looked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, F, Q, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import User
from opportunities.models import Checkpoint, Decision, GradeChange, Look, Opportunity, OpportunityVersion
from opportunities.selectors.page import Entry, entry_between

MOST = 10
HAPPENED = (  # what may happen to a record, its moment, its actor
    ("added", "recorded_at", "recorded_by"),
    ("confirmed", "confirmed_at", "confirmed_by"),
    ("withdrawn", "withdrawn_at", "withdrawn_by"),
)
AT_FIRST = timedelta(days=7)  # how far back for somebody who has never looked


@dataclass(frozen=True, slots=True)
class News:
    """Something that somebody else did in an opportunity: `entry` is a change of it.

    Else `how` says what became of `checkpoint` (added, confirmed, lowered, withdrawn), or is a decision (go, no_go).
    """

    at: datetime
    opportunity: Opportunity
    actor: User | None
    entry: Entry | None = None
    checkpoint: Checkpoint | None = None
    how: str = ""


def looked_at(user: User) -> datetime:
    """Up to when the person has looked. One query."""
    look = Look.objects.filter(user=user).first()
    return look.looked_at if look else timezone.now() - AT_FIRST


def news_for(user: User, since: datetime) -> list[News]:
    """The latest of what others did in the person's own opportunities, at most MOST. At most five queries."""
    found = [*_changes(user, since), *_records(user, since), *_lowered(user, since), *_decided(user, since)]
    return sorted(found, key=lambda each: each.at, reverse=True)[:MOST]


def _changes(user: User, since: datetime) -> Iterable[News]:
    names = ("stage", "owner", "team", "product", "actor")
    rows = OpportunityVersion.objects.filter(opportunity__owner=user, opportunity__archived_at=None)
    others = rows.filter(valid_from__gt=since).exclude(actor=user).exclude(actor=None)
    latest = list(others.select_related(*names, "opportunity__customer").order_by("-valid_from")[:MOST])
    ends = Q(pk__in=[])
    for version in latest:
        ends |= Q(opportunity=version.opportunity_id, valid_to=version.valid_from)
    before = {(row.opportunity_id, row.valid_to): row for row in rows.filter(ends).select_related(*names)}
    for version in latest:
        entry = entry_between(version, before.get((version.opportunity_id, version.valid_from)))
        yield News(version.valid_from, version.opportunity, version.actor, entry=entry)


def _records(user: User, since: datetime) -> Iterator[News]:
    """What happened to records: those to which something happened last, the latest first."""
    moments = (_by_others(user, since, at, by) for _how, at, by in HAPPENED)
    rows = Checkpoint.objects.filter(**_own(user)).annotate(last=Greatest(*moments)).filter(last__gt=since)
    names = ("opportunity__customer", "rung", *(by for _how, _at, by in HAPPENED))
    for row in rows.select_related(*names).order_by("-last")[:MOST]:
        for how, at, by in HAPPENED:
            moment, actor = getattr(row, at), getattr(row, by)
            if moment and moment > since and actor and actor != user:
                yield News(moment, row.opportunity, actor, checkpoint=row, how=how)


def _by_others(user: User, since: datetime, at: str, by: str) -> Case:
    """The moment in the column `at` when somebody else did it after `since`, else `since`."""
    others = Q(**{f"{at}__gt": since, f"{by}__isnull": False}) & ~Q(**{by: user})
    return Case(When(others, then=F(at)), default=Value(since, DateTimeField()), output_field=DateTimeField())


def _decided(user: User, since: datetime) -> Iterable[News]:
    rows = Decision.objects.filter(decided_at__gt=since, **_own(user)).exclude(decided_by=user)
    for row in rows.select_related("opportunity__customer", "decided_by").order_by("-decided_at")[:MOST]:
        yield News(row.decided_at, row.opportunity, row.decided_by, how=row.decision)


def _own(user: User, path: str = "opportunity") -> dict[str, Any]:
    return {f"{path}__owner": user, f"{path}__archived_at": None}


def _lowered(user: User, since: datetime) -> Iterable[News]:
    rows = GradeChange.objects.filter(at__gt=since, **_own(user, "checkpoint__opportunity")).exclude(actor=user)
    related = ("checkpoint__opportunity__customer", "checkpoint__rung", "actor")
    for row in rows.select_related(*related).order_by("-at")[:MOST]:
        yield News(row.at, row.checkpoint.opportunity, row.actor, checkpoint=row.checkpoint, how="lowered")
