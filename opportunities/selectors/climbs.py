"""Open opportunities with what says whether they climb: heights now and 30 days ago, last progress. One query."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery

from accounts.calendar import OrgCalendar
from accounts.models import User
from config.web.composed import composed
from opportunities.models import Checkpoint, Opportunity, OpportunityVersion, Outcome, Stage
from opportunities.rules.evidence import FACTORS, Heights, evidenced
from opportunities.rules.progress import LOOK_BACK_DAYS, days_without_progress, has_fallen, stagnation
from opportunities.rules.readings import inflated
from opportunities.selectors.heights import NAME, floors_now, with_heights

BEFORE = "heights_before"
BEFORE_IT = "before_it"  # of a version, the one that it ended
COLUMNS = (
    "id", "version", "title", "customer_id", "customer__name", "customer__tier", "amount", "stage_id", "win_rate",
    "next_step", "next_step_due", "entered_on", "unproven_from_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Climb:
    """An open opportunity on its way; `heights` and `evidenced` are None while it is unassessed."""

    id: int
    version: int
    title: str
    customer_id: int
    customer: str
    tier: str
    amount: Decimal | None
    stage: Stage
    win_rate: Decimal
    next_step: str
    next_step_due: date | None
    moved_without_proof: bool
    heights: Heights | None
    evidenced: Decimal | None
    total_before: int | None
    days_without_progress: int
    stagnant: str
    has_fallen: bool
    went_back: bool

    @property
    def unassessed(self) -> bool:
        return self.heights is None

    @property
    def inflated(self) -> bool:
        return inflated(self.win_rate, self.evidenced)

    @property
    def regressed(self) -> bool:
        """Moved back, or a height fell, in the last 30 days."""
        return self.went_back or self.has_fallen

    @property
    def weakest(self) -> str:
        return (self.heights or Heights()).weakest

    @property
    def next_level(self) -> int:
        """The level of the weakest factor's next checkpoint, 7 above the top."""
        return (self.heights or Heights()).of(self.weakest) + 1


def climbs(owner: User, stages: list[Stage], calendar: OrgCalendar, day: date) -> list[Climb]:
    """The climbs of a person's open opportunities, the largest amount first."""
    floors, by_id = floors_now(stages), {stage.pk: stage for stage in stages}
    return [_climb(row, by_id, floors, calendar, day) for row in _rows(calendar, day, owner=owner.pk)]


@composed
def _rows(calendar: OrgCalendar, day: date, *, owner: int) -> QuerySet[Any]:
    mine = Opportunity.objects.filter(owner=owner).in_use().open()
    rows = _annotated(mine, calendar, day).order_by(F("amount").desc(nulls_last=True), "-id")
    columns = [*COLUMNS, "advanced_at", "proved_at", "went_back_at", f"{NAME}__id", f"{BEFORE}__id"]
    columns += [f"{name}__{factor}" for name in (NAME, BEFORE) for factor in FACTORS]
    return rows.values(*columns)


def _annotated(queryset: QuerySet[Any], calendar: OrgCalendar, day: date) -> QuerySet[Any]:
    end = calendar.end_of_day(day - timedelta(days=LOOK_BACK_DAYS))
    held = Q(heights__valid_from__lt=end, heights__valid_to__gte=end)
    since = calendar.start_of_day(day - timedelta(days=LOOK_BACK_DAYS - 1))
    back = _moves().filter(
        valid_from__gte=since, before_it__outcome=Outcome.OPEN, before_it__stage__position__gt=F("stage__position")
    )
    # The moment, as EXISTS would be answered from a list of everybody's moves.
    return with_heights(queryset).annotate(
        **{BEFORE: FilteredRelation("heights", condition=held)},
        advanced_at=Subquery(progress().values("valid_from")[:1]),
        proved_at=Subquery(_verified()),
        went_back_at=Subquery(back.order_by("-valid_from").values("valid_from")[:1]),
    )


def _moves() -> QuerySet[Any]:
    """Entries into open stages of the outer opportunity, joined to what stood BEFORE_IT, which is none at creation."""
    ended = Q(opportunity__versions__valid_to=F("valid_from"))
    entries = OpportunityVersion.objects.filter(
        opportunity=OuterRef("pk"), outcome=Outcome.OPEN, entered_at=F("valid_from")
    )
    return entries.annotate(**{BEFORE_IT: FilteredRelation("opportunity__versions", condition=ended)})


def progress() -> QuerySet[Any]:
    """Moves to a later open stage and reopenings, the latest first (FINE-PRINT 32)."""
    closed = [outcome for outcome in Outcome.values if outcome != Outcome.OPEN]
    forward = Q(before_it__outcome=Outcome.OPEN, before_it__stage__position__lt=F("stage__position"))
    return _moves().filter(forward | Q(before_it__outcome__in=closed)).order_by("-valid_from")


def _verified() -> QuerySet[Any]:
    standing = Checkpoint.objects.filter(
        opportunity=OuterRef("pk"), withdrawn_at__isnull=True, verified_at__isnull=False
    )
    return standing.order_by("-verified_at").values("verified_at")[:1]


def _climb(row: dict[str, Any], stages: dict[int, Stage], floors: Any, calendar: OrgCalendar, day: date) -> Climb:
    heights, before = _heights(row, NAME), _heights(row, BEFORE)
    stage = stages[row["stage_id"]]
    progressed: datetime | None = max(filter(None, (row["advanced_at"], row["proved_at"])), default=None)
    days = days_without_progress(calendar.local_date(progressed) if progressed else None, row["entered_on"], day)
    return Climb(
        customer=row["customer__name"],
        tier=row["customer__tier"],
        stage=stage,
        moved_without_proof=row["unproven_from_id"] is not None,
        heights=heights,
        evidenced=evidenced(heights.verified, floors, nothing=Decimal(0)) if heights else None,
        total_before=before.total if before else None,
        days_without_progress=days,
        stagnant=stagnation(days, stage.expected_days),
        has_fallen=bool(heights and before and has_fallen(heights.verified, before.verified)),
        went_back=row["went_back_at"] is not None,
        **{
            name: row[name]
            for name in ("id", "version", "title", "customer_id", "amount", "win_rate", "next_step", "next_step_due")
        },
    )


def _heights(row: dict[str, Any], name: str) -> Heights | None:
    if row[f"{name}__id"] is None:
        return None
    return Heights(verified=tuple(row[f"{name}__{factor}"] for factor in FACTORS))
