"""Heights in SQL: as of a moment, with the evidenced and the counted win rate (METHOD.md §2, FINE-PRINT 10-16).

`with_heights` joins the heights that held; the expressions below build on that join (HELD), for opportunities and for
their versions alike, or without one on the opportunity's own copy of its heights now (NOW), so that lists, boards and
sums count the same as `rules.evidence` does.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db.models import F, FilteredRelation, Func, Q, QuerySet
from django.db.models.functions import Coalesce, Least
from django.db.models.lookups import LessThan

from config.web.money import RateField, to_ten_thousandths
from opportunities.models import Outcome, Stage, StageSetting
from opportunities.querysets import FOREVER
from opportunities.rules.evidence import FACTORS, Heights, StageFloors, floors_of

NAME = "held_heights"
HELD, NOW = f"{NAME}__", "now_"  # what the names of verified heights begin with: joined, or now on an opportunity


def with_heights(queryset: QuerySet[Any], end: datetime = FOREVER) -> QuerySet[Any]:
    """Opportunities, or versions, with the heights that held at `end` (default: now) joined; none while unassessed."""
    if end == FOREVER:
        held = Q(heights__valid_to=FOREVER)
    else:
        held = Q(heights__valid_from__lt=end, heights__valid_to__gte=end)
    return queryset.annotate(**{NAME: FilteredRelation("heights", condition=held)})


def height(factor: str) -> F:
    """The verified height of a factor; NULL while unassessed."""
    return F(f"{NAME}__{factor}")


VERIFIED = tuple(f"at_{factor}" for factor in FACTORS)
CLAIMED = tuple(f"claimed_{factor}" for factor in FACTORS)
_verified_of, _claimed_of = itemgetter(*VERIFIED), itemgetter(*CLAIMED)


def with_columns(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Opportunities with their heights now as the columns VERIFIED and CLAIMED; NULL while unassessed."""
    verified = {name: height(factor) for name, factor in zip(VERIFIED, FACTORS, strict=True)}
    claimed = {name: F(f"{NAME}__{name}") for name in CLAIMED}
    return with_heights(queryset).annotate(**verified, **claimed)


def heights_on(row: Mapping[str, Any]) -> Heights | None:
    """The heights of a row of `with_columns`, given as {column: value}; None while unassessed."""
    if row[VERIFIED[0]] is None:
        return None
    return Heights(claimed=_claimed_of(row), verified=_verified_of(row))


def verified_on(row: Any) -> dict[str, int | None]:
    """{factor: verified height now} of an opportunity; None while unassessed."""
    return {factor: getattr(row, f"{NOW}{factor}") for factor in FACTORS}


def is_unassessed(yes: bool = True, heights: str = HELD) -> Q:
    """Whether there is not a single record (FINE-PRINT 12); `yes` False: whether there is one."""
    return Q(**{f"{heights}demand__isnull": yes})  # a column that the indexes have


class EvidencedRate(Func):
    """The evidenced win rate; NULL while unassessed, 0 where not even the first stage's floors are met.

    It writes its CASE itself: to put thirty conditions together took Django longer than a page's other statements.
    """

    def __init__(self, stages: tuple[StageFloors, ...], *heights: Any) -> None:
        super().__init__(*heights, output_field=RateField())
        self.stages = sorted(stages, key=lambda stage: -stage.position)

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        columns = [compiler.compile(source)[0] for source in self.get_source_expressions()]
        met = (f"WHEN {_met(stage, columns)} THEN {to_ten_thousandths(stage.win_rate):d}" for stage in self.stages)
        return f"CASE WHEN {columns[0]} IS NULL THEN NULL {' '.join(met)} ELSE 0 END", []


def _met(stage: StageFloors, columns: Sequence[str]) -> str:
    wanted = [f"{column} >= {floor:d}" for column, floor in zip(columns, stage.floors, strict=True) if floor]
    return " AND ".join(wanted) or f"{columns[0]} IS NOT NULL"


def evidenced_rate(stages: Iterable[StageFloors], heights: str = HELD) -> EvidencedRate:
    """The EvidencedRate of rows whose verified heights are the columns that begin so."""
    return EvidencedRate(tuple(stages), *(F(f"{heights}{factor}") for factor in FACTORS))


def counted_rate_of_open(stages: Iterable[StageFloors], heights: str = HELD) -> Least:
    """min(declared, evidenced) of one that is assessed, else the declared one (FINE-PRINT 12, 16); all rows are open.

    It does not look at the outcome, which the indexes of open ones don't hold.
    """
    return Least(F("win_rate"), Coalesce(evidenced_rate(stages, heights), F("win_rate")), output_field=RateField())


def is_inflated(stages: Iterable[StageFloors], heights: str = HELD) -> Q:
    """Open, assessed, and declared higher than the evidence supports."""
    return Q(outcome=Outcome.OPEN) & Q(LessThan(evidenced_rate(stages, heights), F("win_rate")))


def floors_now(stages: Iterable[Stage]) -> list[StageFloors]:
    """What the open stages in use demand now; `stages` are all of them."""
    shown = [stage for stage in stages if stage.is_open and stage.retired_at is None]
    return [_floors(stage, stage) for stage in shown]


def floors_at(end: datetime, stages: Sequence[Stage]) -> list[StageFloors]:
    """What the open stages demanded at `end`, those in use then. One query, none for now (FOREVER)."""
    return floors_at_each([end], stages)[0]


def floors_at_each(ends: Sequence[datetime], stages: Sequence[Stage]) -> list[list[StageFloors]]:
    """Likewise at several moments. One query, none when all of them are now."""
    past = any(end != FOREVER for end in ends)
    settings = list(StageSetting.objects.filter(stage__outcome=Outcome.OPEN).order_by("valid_from")) if past else []
    return [floors_now(stages) if end == FOREVER else _floors_then(end, stages, settings) for end in ends]


def _floors_then(end: datetime, stages: Iterable[Stage], settings: Iterable[StageSetting]) -> list[StageFloors]:
    held: dict[int, StageSetting] = {}
    for setting in settings:
        if setting.stage_id not in held or setting.valid_from < end:  # before the first entry the first one holds
            held[setting.stage_id] = setting
    shown = [stage for stage in stages if stage.is_open and (stage.retired_at is None or stage.retired_at >= end)]
    return [_floors(stage, held.get(stage.pk, stage)) for stage in shown]


def _floors(stage: Stage, held: Stage | StageSetting) -> StageFloors:
    return StageFloors(stage.pk, stage.position, held.win_rate, floors_of(held.floor, held.floors))
