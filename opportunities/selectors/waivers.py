"""Waivers of a gate that is enforced: the one of an opportunity, and those that wait for a person."""

from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery

from accounts import visibility
from accounts.models import User
from accounts.selectors import today
from opportunities.models import Outcome, Waiver
from opportunities.selectors.records import to_be_confirmed

SHOWN = 200


def named(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Waivers with the rows that they are shown with."""
    return queryset.select_related(
        "opportunity__customer", "opportunity__owner__team", "source", "stage", "asked_by", "decided_by"
    )


def with_waiver(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Opportunities with their last waiver, for `latest_waiver`, and whether this person may decide it (`judges`)."""
    last = Waiver.objects.filter(opportunity=OuterRef("pk")).order_by("-id").values("pk")[:1]
    waits = waiting_for(user).order_by().filter(opportunity=OuterRef("pk"))
    return (
        rows.annotate(last_waiver_id=Subquery(last), judges=Exists(waits))
        .annotate(last_waiver=FilteredRelation("waivers", condition=Q(waivers__pk=F("last_waiver_id"))))
        .select_related("last_waiver__source", "last_waiver__stage", "last_waiver__asked_by", "last_waiver__decided_by")
    )


def latest_waiver(row: Any) -> Waiver | None:
    """Of a row of `with_waiver`: the last one while it waits or was refused, and nothing has moved since."""
    found: Waiver | None = getattr(row, "last_waiver", None)
    if found is None or found.state == Waiver.State.GRANTED or found.asked_at < row.entered_at:
        return None
    return found


def waiting_for(user: User) -> QuerySet[Any]:
    """The waivers that this person may grant or refuse now (actions.checkpoints.may_judge), the oldest first.

    Those of an opportunity that has been moved since are left out.
    """
    asked = Waiver.objects.filter(state=Waiver.State.ASKED, opportunity__archived_at__isnull=True)
    here = asked.filter(opportunity__stage=F("source"), opportunity__entered_at__lte=F("asked_at"))
    others = here.filter(stage__retired_at__isnull=True, stage__outcome=Outcome.OPEN).exclude(asked_by=user)
    if user.is_admin:
        above = visibility.managers_above_each("opportunity__owner").active_on(today())
        others = others.exclude(Exists(above.exclude(pk=OuterRef("asked_by"))))
    elif user.is_manager and user.team is not None:
        in_charge = others.filter(opportunity__owner__team__path__startswith=user.team.path)
        others = in_charge.exclude(opportunity__owner=user)
    else:
        return others.none()
    return others.order_by("id")


def waiting_count(user: User) -> int:
    """How many records and waivers this person may judge now. Two queries."""
    return to_be_confirmed(user).order_by().count() + waiting_for(user).order_by().count()


def waivers_waiting(user: User) -> list[Waiver]:
    """Likewise with their names, at most SHOWN. One query."""
    return list(named(waiting_for(user))[:SHOWN])
