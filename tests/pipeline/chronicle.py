"""Opportunities with a past, written as an import would: the rules walked change by change, rows in bulk."""

import itertools
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import Organisation, Team, User
from accounts.selectors import calendar
from customers.models import Customer
from opportunities import rules
from opportunities.actions.writing import stage_info
from opportunities.models import Opportunity, OpportunityVersion, Stage
from opportunities.querysets import FOREVER
from tests.pipeline import naive

_numbers = itertools.count(1)


def moment(text: str | datetime) -> datetime:
    """`2026-03-02 09:30` of the organisation's clock."""
    return text if isinstance(text, datetime) else calendar().moment(datetime.fromisoformat(text))


def opportunity(*changes: tuple[str | datetime, dict[str, Any]], key: str = "") -> Opportunity:
    """An opportunity of these changes; the first names stage (key) and owner, `amount` is text or None."""
    stages = {stage.key: stage for stage in Stage.objects.all()}
    states: list[tuple[datetime, rules.State]] = []
    for at_text, change in changes:
        at = moment(at_text)
        states.append((at, _state(states[-1][1] if states else None, at, dict(change), stages)))
    return _write(key or f"o{next(_numbers)}", states)


def _state(before: rules.State | None, at: datetime, change: dict[str, Any], stages: dict[str, Stage]) -> rules.State:
    on = calendar().local_date(at)
    held = {name: value for name, value in change.items() if name not in ("stage", "owner")}
    if held.get("amount") is not None:
        held["amount"] = Decimal(held["amount"])
    owner: User | None = change.get("owner")
    stage = stage_info(stages[change["stage"]]) if "stage" in change else None
    if before is None:
        assert stage is not None
        assert owner is not None
        return rules.begin(stage=stage, owner_id=owner.pk, team_id=owner.team_id, at=at, on=on, **held)
    if owner is not None:
        held["owner"] = (owner.pk, owner.team_id)
    if stage is not None:
        held["stage"] = stage
    return rules.apply(before, held, at=at, on=on)


def _write(key: str, states: list[tuple[datetime, rules.State]]) -> Opportunity:
    (began, _first), (changed, last) = states[0], states[-1]
    customer, _created = Customer.objects.get_or_create(key="customer", defaults={"name": "Customer"})
    row = Opportunity.objects.create(
        key=key, title=key, customer=customer, created_at=began, created_on=calendar().local_date(began),
        changed_at=changed, **{name: getattr(last, name) for name in rules.HELD},
    )  # fmt: skip
    ends = [at for at, _state in states[1:]] + [FOREVER]
    OpportunityVersion.objects.bulk_create(
        OpportunityVersion(
            opportunity=row, valid_from=at, valid_to=end, **{name: getattr(state, name) for name in rules.HELD}
        )
        for (at, state), end in zip(states, ends, strict=True)
    )
    return row


def world() -> naive.World:
    """What the database holds, for the naive walk."""
    lives: dict[str, naive.Life] = {}
    versions = OpportunityVersion.objects.select_related("opportunity", "stage", "owner", "team")
    for row in versions.order_by("opportunity", "valid_from"):
        amount = None if row.amount is None else int(row.amount * 100)
        team, rate = row.team.key if row.team else None, int(row.win_rate * 10_000)
        held = naive.Held(row.stage.key, amount, row.owner.username, team, row.entered_at, rate)
        lives.setdefault(row.opportunity.key, naive.Life(row.opportunity.key)).changes.append((row.valid_from, held))
    stages = {stage.key: (stage.position, stage.outcome) for stage in Stage.objects.all()}
    parents = {team.key: team.parent.key if team.parent else None for team in Team.objects.select_related("parent")}
    assert Organisation.objects.exists()
    return naive.World(calendar().tz, stages, parents, list(lives.values()))
