"""Working the heights of an opportunity out again from its records, and what follows from them."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import IntegerField, Value

from opportunities.models import Checkpoint, HeightsVersion, Opportunity
from opportunities.querysets import FOREVER
from opportunities.rules.evidence import FACTORS, Heights, Record, timeline
from opportunities.selectors.heights import CLAIMED, NOW, VERIFIED

LEVELS = (*FACTORS, *CLAIMED)
WRITTEN = ("valid_to", *LEVELS)
LINE = (
    "pk", "factor", "level", "recorded_at", "grade", "confirmed_at", "withdrawn_at",
    "grade_changes__at", "grade_changes__pk", "grade_changes__before", "grade_changes__after",
)  # fmt: skip
COPIED = tuple(f"{NOW}{factor}" for factor in FACTORS)


def record_of(row: Checkpoint) -> Record:
    """A checkpoint for the rules; `grade_changes` of a saved one must be loaded or are asked for."""
    changes = sorted(row.grade_changes.all(), key=lambda change: (change.at, change.pk)) if row.pk else []
    first = changes[0].before if changes else row.grade
    grades = ((row.recorded_at, first), *((change.at, change.after) for change in changes))
    return Record(row.factor, row.level, row.recorded_at, grades, row.confirmed_at, row.withdrawn_at)


def records_of(opportunity: Opportunity) -> list[Record]:
    """Every record of an opportunity, withdrawn ones too. One query, a line for each grade that was lowered."""
    return _records(opportunity.checkpoints.values_list(*LINE))


def _records(lines: Iterable[tuple[Any, ...]]) -> list[Record]:
    in_order = sorted(lines, key=lambda line: (line[0], line[7:9]))
    return [_record(list(same)) for _pk, same in groupby(in_order, key=itemgetter(0))]


def _record(lines: list[tuple[Any, ...]]) -> Record:
    _pk, factor, level, recorded_at, grade, confirmed_at, withdrawn_at, _at, _change, first, _after = lines[0]
    lowered = [(at, after) for *_rest, at, _change, _before, after in lines if at is not None]
    return Record(factor, level, recorded_at, ((recorded_at, first or grade), *lowered), confirmed_at, withdrawn_at)


def settle_heights(opportunity: Opportunity) -> Heights | None:
    """Write the heights anew where they differ from what the records give; the heights now, None while unassessed.

    The opportunity shows them from then on as one that was read `with_columns`.
    """
    records, held = _records_and_heights(opportunity)
    wanted = list(versions_of(opportunity.pk, records))
    same = _common(held, wanted)
    begin = {row.valid_from for row in wanted[same:]}
    gone = [row.pk for row in held[same:] if row.valid_from not in begin]
    if gone:
        HeightsVersion.objects.filter(pk__in=gone).delete()
    HeightsVersion.objects.bulk_create(
        wanted[same:], update_conflicts=True, unique_fields=["opportunity", "valid_from"], update_fields=WRITTEN
    )
    before, heights = (rows[-1].heights if rows else None for rows in (held, wanted))
    _copy(opportunity, before, heights)
    _show(opportunity, heights)
    return heights


def _records_and_heights(opportunity: Opportunity) -> tuple[list[Record], list[HeightsVersion]]:
    """All records, and the heights as they are written, in one query: a write has few."""
    no = {f"no_{name}": Value(None, IntegerField()) for name in (*LINE, *LEVELS)}
    proofs = opportunity.checkpoints.order_by().annotate(**no).values_list(*LINE, *(f"no_{name}" for name in LEVELS))
    kept = {"pk": "pk", "recorded_at": "valid_from", "confirmed_at": "valid_to"}
    columns = [kept.get(name, f"no_{name}") for name in LINE]
    heights = opportunity.heights.order_by().annotate(**no).values_list(*columns, *LEVELS)
    lines: list[tuple[Any, ...]] = list(proofs.union(heights, all=True))
    held = [_held(opportunity, line) for line in lines if line[1] is None]
    records = _records(line[: len(LINE)] for line in lines if line[1] is not None)
    return records, sorted(held, key=lambda row: row.valid_from)


def _held(opportunity: Opportunity, line: tuple[Any, ...]) -> HeightsVersion:
    levels = dict(zip(LEVELS, line[len(LINE) :], strict=True))
    return HeightsVersion(pk=line[0], opportunity=opportunity, valid_from=line[3], valid_to=line[5], **levels)


def _copy(opportunity: Opportunity, before: Heights | None, heights: Heights | None) -> None:
    """Keep the verified heights on the opportunity too; it is changed with them, lest it be saved with older ones."""
    was, now = (each.verified if each else (None,) * len(FACTORS) for each in (before, heights))
    copy = dict(zip(COPIED, now, strict=True))
    if was != now:
        Opportunity.objects.filter(pk=opportunity.pk).update(**copy)
    vars(opportunity).update(copy)


def _show(opportunity: Opportunity, heights: Heights | None) -> None:
    levels = (None,) * len(WRITTEN) if heights is None else (*heights.verified, *heights.claimed)
    for name, level in zip((*VERIFIED, *CLAIMED), levels, strict=False):
        setattr(opportunity, name, level)


def versions_of(opportunity_id: int, records: list[Record]) -> Iterable[HeightsVersion]:
    """The heights that these records give, unsaved, in order."""
    steps = timeline(records)
    ends = [*(at for at, _heights in steps[1:]), FOREVER][: len(steps)]
    for (at, heights), end in zip(steps, ends, strict=True):
        verified = dict(zip(FACTORS, heights.verified, strict=True))
        claimed = {f"claimed_{name}": level for name, level in zip(FACTORS, heights.claimed, strict=True)}
        yield HeightsVersion(opportunity_id=opportunity_id, valid_from=at, valid_to=end, **verified, **claimed)


def _common(held: list[HeightsVersion], wanted: list[HeightsVersion]) -> int:
    """How many of the first entries are equal in all but their id."""
    for index, (one, other) in enumerate(zip(held, wanted, strict=False)):
        if _facts(one) != _facts(other):
            return index
    return min(len(held), len(wanted))


def _facts(row: HeightsVersion) -> tuple[object, ...]:
    return (row.valid_from, row.valid_to, row.heights)
