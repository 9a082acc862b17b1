"""What a move would meet at the gate: the standing of an opportunity, and what of it is missing (METHOD.md §2)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from accounts.selectors import today
from opportunities.models import Decision, MethodSetting, Opportunity, OpportunityVersion, Stage, Stakeholder
from opportunities.rules import gate
from opportunities.rules.evidence import FACTORS, floors_of
from opportunities.selectors.heights import height, with_heights


def gated(stages: Iterable[Stage]) -> list[gate.Gated]:
    """The open stages in use, as the gate knows them."""
    return [as_gated(stage) for stage in stages if stage.is_open and stage.retired_at is None]


def as_gated(stage: Stage) -> gate.Gated:
    return gate.Gated(
        id=stage.pk,
        position=stage.position,
        win_rate=stage.win_rate,
        floors=floors_of(stage.floor, stage.floors),
        milestones=tuple(stage.milestones),
    )


def with_standing(queryset: QuerySet[Any], day: date | None = None) -> QuerySet[Any]:
    """Opportunities with what `standing_on` reads from them: verified heights, the latest decision, vetoes.

    Whoever composes the statement once says on which `day` it is carried out.
    """
    standing = {f"at_{factor}": height(factor) for factor in FACTORS}
    latest = Subquery(latest_decision().values("decision")[:1])
    return with_heights(queryset).annotate(**standing, decided=latest, blocked=Exists(blocking(day)))


def standing_on(row: Any) -> gate.Standing:
    """The standing of a row of `with_standing`."""
    return gate.Standing(
        verified=tuple(getattr(row, f"at_{factor}") or 0 for factor in FACTORS),
        go=row.decided == Decision.Choice.GO,
        veto_clear=not row.blocked,
    )


def standing_of(opportunity: Opportunity) -> gate.Standing:
    """The standing of an opportunity as it is now. One query."""
    return standing_on(with_standing(Opportunity.objects.filter(pk=opportunity.pk)).only("pk").get())


def latest_decision() -> QuerySet[Any]:
    """The decisions on the opportunity of an outer query, the latest first."""
    return Decision.objects.filter(opportunity=OuterRef("pk")).order_by("-decided_at", "-id")


def blocking(day: date | None = None) -> QuerySet[Any]:
    """Those on the veto list of the opportunity of an outer query who are opposed without a plan in force."""
    return Stakeholder.objects.in_use().filter(is_blocking(day), opportunity=OuterRef("pk"))


def is_blocking(day: date | None = None) -> Q:
    """Whether a stakeholder is opposed, may say no, and nothing is planned about it by anybody who is here today."""
    here = User.objects.active_on(day or today()).filter(pk=OuterRef("veto_plan_owner"))
    unplanned = Q(veto_plan="") | ~Q(Exists(here))
    return Q(may_veto=True, veto_state=Stakeholder.VetoState.OPPOSED) & unplanned


def origin_of(opportunity: Opportunity) -> Stage | None:
    """The open stage that a move starts from: its own, of a closed one the stage it was closed from."""
    if opportunity.is_open:
        return opportunity.stage
    before = OpportunityVersion.objects.filter(opportunity=opportunity, outcome="open")
    last = before.order_by("-valid_from").select_related("stage").first()
    return last.stage if last else None


def missing_between(
    standing: gate.Standing, source: Stage | None, target: Stage, stages: Iterable[Stage]
) -> gate.Missing:
    """What a move from `source` (None: from before the first stage) to `target` lacks; none unless it goes forward."""
    position = source.position if source else 0
    if not target.is_open or target.position <= position:
        return gate.Missing()
    return gate.missing(position, as_gated(target), gated(stages), standing)


def with_needs(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Opportunities with what `needs_on` reads from them."""
    return queryset.annotate(
        grade_needs=Subquery(MethodSetting.objects.order_by("-valid_from").values("grade_needs")[:1])
    )


def needs_on(row: Any) -> dict[str, Any]:
    """What each grade needs now, of a row of `with_needs`."""
    found: dict[str, Any] = row.grade_needs
    return MethodSetting().grade_needs if found is None else found


def method_now() -> MethodSetting:
    """Gate mode and needs of grades as they hold now. One query."""
    found = MethodSetting.objects.order_by("-valid_from").first()
    return found or MethodSetting()
