"""Open opportunities with what says whether they climb: heights now and 30 days ago, last progress. Two queries."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import Case, F, FilteredRelation, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When

from accounts.calendar import OrgCalendar
from accounts.models import User
from config.web.composed import prepared
from config.web.lookups import Among
from opportunities.models import Checkpoint, Decision, Opportunity, OpportunityVersion, Outcome, Stage
from opportunities.rules import days_in_stage
from opportunities.rules.decisions import PUSHES, asked_again
from opportunities.rules.evidence import FACTORS, Heights, evidenced
from opportunities.rules.progress import (
    LOOK_BACK_DAYS,
    LastMoves,
    days_without_progress,
    has_fallen,
    last_moves,
    stagnation,
)
from opportunities.rules.readings import inflated
from opportunities.selectors.heights import NOW, floors_now
from opportunities.selectors.strategy import pushes_since_decision

BEFORE = "heights_before"
FEW = 32  # opportunities are asked for by their ids at once, at the least
Places = tuple[tuple[int, int], ...]  # (open stage, its position)

ENTRY = ("opportunity_id", "valid_from", "outcome", "stage_id")
VERIFIED_OF = {name: itemgetter(*(f"{name}{factor}" for factor in FACTORS)) for name in (NOW, f"{BEFORE}__")}
DECIDED = ("decided_at", "look_again_on")  # of the latest decision
NO_MOVES = LastMoves(None, None)
BEFORE_IT = "before_it"  # of a version, the one that it ended
COLUMNS = (
    "id", "version", "title", "customer_id", "customer__name", "customer__tier", "amount", "stage_id", "win_rate",
    "next_step", "next_step_due", "entered_on", "unproven_from_id",
)  # fmt: skip


class Climb(NamedTuple):
    """An open opportunity on its way; `heights` and `evidenced` are None while it is unassessed.

    `asks_to_decide`: Go / No-Go is asked again, for its days in the stage or for the day that the decision named, and
    once `with_pushes` has looked also for the pushes of its expected close.
    """

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
    asks_to_decide: bool

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
    proven = cache(partial(evidenced, stages=floors, nothing=Decimal(0)))  # few heights are of one alone
    since = calendar.start_of_day(day - timedelta(days=LOOK_BACK_DAYS - 1))
    moved = last_moves(_entries(owner=owner.pk), dict(_places_of(stages)))
    rows = _rows(owner=owner.pk, before=calendar.end_of_day(day - timedelta(days=LOOK_BACK_DAYS)))
    for row in rows:
        advanced_at, went_back_at = moved.get(row["id"], NO_MOVES)
        row |= {"advanced_at": advanced_at, "went_back": went_back_at is not None and went_back_at >= since}
    return [_climb(row, by_id, proven, calendar, day) for row in rows]


def _own(owner: int) -> QuerySet[Any]:
    return Opportunity.objects.filter(owner=owner).in_use().open()  # type: ignore[no-any-return]


@prepared
def _rows(*, owner: int, before: datetime) -> QuerySet[Any]:
    held = Q(heights__valid_from__lt=before, heights__valid_to__gte=before)
    latest = Decision.objects.filter(OF_OUTER).order_by("-decided_at", "-id")
    annotated = {
        BEFORE: FilteredRelation("heights", condition=held),
        "proved_at": Subquery(_verified()),
        **{name: Subquery(latest.values(name)[:1]) for name in DECIDED},
    }
    columns = [*COLUMNS, "proved_at", *DECIDED, *(f"{name}{factor}" for name in VERIFIED_OF for factor in FACTORS)]
    rows = _own(owner).annotate(**annotated).order_by(F("amount").desc(nulls_last=True), "-id")
    return rows.values(*columns)


def with_pushes(shown: Sequence[Climb]) -> list[Climb]:
    """These, and whether the pushes of their expected close ask for a decision. At most one query.

    For those that are shown: it reads every version of theirs.
    """
    ids = [climb.id for climb in shown if not climb.asks_to_decide]
    places = max(FEW, 1 << len(ids).bit_length())  # nobody's in those left over: statements are few
    asked = {f"of_{place}": pk for place, pk in enumerate(ids + [0] * (places - len(ids)))}
    often = {pk for pk, pushes in _pushes_of(**asked) if pushes >= PUSHES} if ids else set()
    return [climb._replace(asks_to_decide=True) if climb.id in often else climb for climb in shown]


@prepared
def _pushes_of(**ids: int) -> QuerySet[Any]:
    rows = Opportunity.objects.filter(pk__in=ids.values()).order_by()
    return rows.annotate(pushes=pushes_since_decision()).values_list("pk", "pushes")


@prepared
def _entries(*, owner: int) -> QuerySet[Any]:
    """The stages that the person's open opportunities entered, each one's in turn, read from an index alone.

    All together, and sought by an array of ids, which keeps PostgreSQL from the index of the exclusion constraint:
    asked for opportunity by opportunity it takes several times as long.
    """
    own = Q(Among(F("opportunity_id"), _own(owner).order_by().values("pk").query))
    entries = OpportunityVersion.objects.filter(own, entered_at=F("valid_from"))
    return entries.order_by("opportunity_id", "valid_from").values_list(*ENTRY)


def _moves(of: Q, places: Places) -> QuerySet[Any]:
    """Entries into open stages among these versions, joined to what stood BEFORE_IT, which is none at creation."""
    ended = Q(opportunity__versions__valid_to=F("valid_from"))
    entries = OpportunityVersion.objects.filter(of, outcome=Outcome.OPEN, entered_at=F("valid_from"))
    joined = entries.annotate(**{BEFORE_IT: FilteredRelation("opportunity__versions", condition=ended)})
    before = {"outcome_before": F(f"{BEFORE_IT}__outcome"), "place_before": _place(f"{BEFORE_IT}__stage", places)}
    return joined.annotate(place=_place("stage", places), **before)


def _place(stage: str, places: Places) -> Case:
    """The position of a stage, told instead of joined: two joins took longer to plan than the rest."""
    known = (When(**{stage: pk}, then=Value(position)) for pk, position in places)
    return Case(*known, output_field=IntegerField())


CLOSED = [outcome for outcome in Outcome.values if outcome != Outcome.OPEN]
IS_PROGRESS = Q(outcome_before=Outcome.OPEN, place_before__lt=F("place")) | Q(outcome_before__in=CLOSED)
OF_OUTER = Q(opportunity=OuterRef("pk"))  # of the opportunity of an outer query


def progress(stages: Iterable[Stage]) -> QuerySet[Any]:
    """Moves to a later open stage and reopenings of the outer opportunity, the latest first (FINE-PRINT 32)."""
    return _moves(OF_OUTER, _places_of(stages)).filter(IS_PROGRESS).order_by("-valid_from")


def _places_of(stages: Iterable[Stage]) -> Places:
    return tuple((stage.pk, stage.position) for stage in stages if stage.is_open)


def _verified() -> QuerySet[Any]:
    standing = Checkpoint.objects.filter(
        opportunity=OuterRef("pk"), withdrawn_at__isnull=True, verified_at__isnull=False
    )
    return standing.order_by("-verified_at").values("verified_at")[:1]


def _climb(row: dict[str, Any], stages: dict[int, Stage], proven: Any, calendar: OrgCalendar, day: date) -> Climb:
    heights, before = (_heights(verified_of(row)) for verified_of in VERIFIED_OF.values())
    stage = stages[row["stage_id"]]
    progressed: datetime | None = max(filter(None, (row["advanced_at"], row["proved_at"])), default=None)
    days = days_without_progress(calendar.local_date(progressed) if progressed else None, row["entered_on"], day)
    return Climb(
        customer=row["customer__name"],
        tier=row["customer__tier"],
        stage=stage,
        moved_without_proof=row["unproven_from_id"] is not None,
        heights=heights,
        evidenced=proven(heights.verified) if heights else None,
        total_before=before.total if before else None,
        days_without_progress=days,
        stagnant=stagnation(days, stage.expected_days),
        has_fallen=bool(heights and before and has_fallen(heights.verified, before.verified)),
        went_back=row["went_back"],
        asks_to_decide=_asks_to_decide(row, stage, calendar, day),
        **{
            name: row[name]
            for name in ("id", "version", "title", "customer_id", "amount", "win_rate", "next_step", "next_step_due")
        },
    )


def _asks_to_decide(row: dict[str, Any], stage: Stage, calendar: OrgCalendar, day: date) -> bool:
    decided_on = calendar.local_date(row["decided_at"]) if row["decided_at"] else None
    return bool(
        asked_again(
            days=days_in_stage(row["entered_on"], day),
            expected=stage.expected_days,
            decided_after=(decided_on - row["entered_on"]).days if decided_on else None,
            pushes=0,
            look_again_on=row["look_again_on"],
            day=day,
        )
    )


def _heights(verified: tuple[Any, ...]) -> Heights | None:
    return None if verified[0] is None else Heights(verified=verified)
