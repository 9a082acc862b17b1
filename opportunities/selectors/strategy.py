"""The strategy sheet of an opportunity, who else wants it, and its Go / No-Go decisions."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Count, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts import visibility
from accounts.models import User
from accounts.selectors import calendar
from opportunities import rules
from opportunities.models import (
    Decision,
    Opportunity,
    OpportunityVersion,
    Rating,
    StrategySheet,
    SuccessFactor,
)
from opportunities.rules.decisions import asked_again

EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FactorRating:
    """One of the nine success factors: `rating` is red, amber, green, or empty."""

    key: str
    label: str
    rating: str
    rating_label: str
    fact: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet; `row` is unsaved while nobody has written to it. `reads_floor`: whether the price floor is shown."""

    row: StrategySheet
    reads_floor: bool
    factors: list[FactorRating]

    @property
    def exists(self) -> bool:
        return self.row.pk is not None

    @property
    def ratings(self) -> dict[str, int]:
        """How many factors are red, amber, green."""
        return {rating: sum(each.rating == rating for each in self.factors) for rating in Rating.values}


def _sheet(row: StrategySheet, opportunity: Opportunity, user: User) -> Sheet:
    factors = [_rating(key, str(label), row.success_factors.get(key, {})) for key, label in SuccessFactor.choices]
    return Sheet(row, reads_floor(row, opportunity, user), factors)


def sheet_of(opportunity: Opportunity) -> StrategySheet:
    """The sheet, unsaved while there is none."""
    found = StrategySheet.objects.filter(opportunity=opportunity).select_related("updated_by").first()
    return found or StrategySheet(opportunity=opportunity)


def reads_floor(row: StrategySheet, opportunity: Opportunity, user: User) -> bool:
    """Whether this person reads the price floor (METHOD.md §4)."""
    return visibility.reads_sensitive(user, opportunity.owner, row.floor_by_id)


def _rating(key: str, label: str, now: dict[str, str]) -> FactorRating:
    rating = now.get("rating", "")
    return FactorRating(key, label, rating, str(Rating(rating).label) if rating else "", now.get("fact", ""))


# --- Go / No-Go -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """The latest decision, None while there is none, and why it is asked for again: see `rules.asked_again`."""

    latest: Decision | None
    asked: tuple[str, ...]
    days: int
    expected: int
    pushes: int


@dataclass(frozen=True, slots=True)
class Brief:
    """The sheet in brief, and where Go / No-Go stands."""

    sheet: Sheet
    question: Question


def with_brief(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Opportunities with what `brief_of` reads of them, and how often the expected close was `pushed` at all."""
    last_first = Decision.objects.order_by("-decided_at", "-id")
    latest = last_first.filter(opportunity=OuterRef("pk")).values("pk")[:1]
    return (
        rows.annotate(latest_id=Subquery(latest))
        .annotate(latest=FilteredRelation("decisions", condition=Q(decisions__pk=F("latest_id"))))
        .select_related("strategy__updated_by", "latest__decided_by")
        .annotate(pushed=_pushes(), pushes=pushes_since_decision())
    )


def pushes_since_decision() -> Coalesce:
    """Of opportunities: how often the expected close was pushed since the latest decision, at all without one."""
    decisions = Decision.objects.filter(opportunity=OuterRef("opportunity")).order_by("-decided_at", "-id")
    return _pushes(valid_from__gt=Coalesce(Subquery(decisions.values("decided_at")[:1]), Value(EVER)))


def brief_of(row: Any, user: User, day: date) -> Brief:
    """The sheet and the question of a row of `with_brief` as of the local date `day`. No query."""
    sheet = getattr(row, "strategy", None) or StrategySheet(opportunity=row)
    decision: Decision | None = getattr(row, "latest", None)
    return Brief(_sheet(sheet, row, user), _question(row, decision, row.pushes, day))


def _question(opportunity: Opportunity, latest: Decision | None, pushes: int, day: date) -> Question:
    days, expected = rules.days_in_stage(opportunity.entered_on, day), opportunity.stage.expected_days
    decided_on = calendar().local_date(latest.decided_at) if latest else None
    asked = asked_again(
        days=days,
        expected=expected,
        decided_after=None if decided_on is None else (decided_on - opportunity.entered_on).days,
        pushes=pushes,
        look_again_on=latest.look_again_on if latest else None,
        day=day,
    )
    return Question(latest, asked if opportunity.is_open else (), days, expected, pushes)


def _pushes(**after: Any) -> Coalesce:
    """How often a set expected close was replaced by a later one (FINE-PRINT 36)."""
    versions = OpportunityVersion.objects.filter(opportunity=OuterRef("pk")).order_by()
    before = OpportunityVersion.objects.filter(
        opportunity=OuterRef("opportunity"), valid_to=OuterRef("valid_from")
    ).values("expected_close_date")[:1]
    pushed = versions.filter(**after).annotate(before=Subquery(before))
    later = pushed.filter(before__lt=F("expected_close_date")).values("opportunity").annotate(n=Count("pk"))
    return Coalesce(Subquery(later.values("n")), Value(0))
