"""Set-based writes of versions, for settings that touch many opportunities at once."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, Max
from django.utils import timezone

from accounts.models import User
from opportunities import rules
from opportunities.actions.writing import TICK
from opportunities.models import Opportunity, OpportunityVersion
from opportunities.querysets import FOREVER


def moment_for_all() -> datetime:
    """Now, and in any case after the last change of any opportunity that a setting may touch."""
    last = Opportunity.objects.filter(changed_at__gte=timezone.now()).aggregate(last=Max("changed_at"))["last"]
    return max(timezone.now(), last + TICK) if last else timezone.now()


def touch(rows: Any, at: datetime, **held: Any) -> int:
    """Set-based change of what opportunities hold; `begin_versions` follows it with their versions."""
    return rows.update(changed_at=at, last_change=None, version=F("version") + 1, **held)


def begin_versions(at: datetime, actor: User | None, reason: str) -> None:
    """Versions from `at` on of all opportunities whose `changed_at` was set to `at`; those before end there."""
    touched = Opportunity.objects.filter(changed_at=at)
    OpportunityVersion.objects.filter(opportunity__in=touched.values("pk"), valid_to=FOREVER).update(valid_to=at)
    held = ", ".join(_column(name) for name in rules.HELD)
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO opportunities_opportunityversion"
            f" (opportunity_id, valid_from, valid_to, actor_id, reason, {held})"
            f" SELECT id, %s, %s, %s, %s, {held} FROM opportunities_opportunity WHERE changed_at = %s",
            [adapt(at), adapt(FOREVER), actor.pk if actor else None, reason, adapt(at)],
        )


def _column(name: str) -> str:
    return OpportunityVersion._meta.get_field(name).column  # type: ignore[union-attr, return-value]


def recompute_furthest() -> None:
    """The furthest stage so far of every version and opportunity, after the stages were put into another order."""
    reached = (
        "(SELECT MAX(CASE WHEN s.outcome = 'won' THEN %s WHEN s.outcome = 'open' THEN s.position ELSE 0 END)"
        " FROM opportunities_opportunityversion p JOIN opportunities_stage s ON s.id = p.stage_id"
        " WHERE p.opportunity_id = {opportunity} {until})"
    )
    versions = reached.format(
        opportunity="opportunities_opportunityversion.opportunity_id",
        until="AND p.valid_from <= opportunities_opportunityversion.valid_from",
    )
    opportunities = reached.format(opportunity="opportunities_opportunity.id", until="")
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE opportunities_opportunityversion SET furthest = {versions}", [rules.WON])
        cursor.execute(f"UPDATE opportunities_opportunity SET furthest = {opportunities}", [rules.WON])
