"""The heights that follow from the records as they will be, computed page by page into staging (METHOD.md §3).

The same rules as in the actions; what is written is each record's present grade and since when it has been verified,
and the heights of every opportunity whose records change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from opportunities.actions.heights import COPIED, LEVELS, versions_of
from opportunities.models import Checkpoint, GradeChange, HeightsVersion, Opportunity
from opportunities.rules.evidence import FACTORS, Record
from pipeline.interchange import staging
from pipeline.interchange.files_of_evidence import CHECKPOINTS, GRADE_CHANGES, RECORD

PAGE = 200
RECORDS, CHANGES, HEIGHTS, OPPORTUNITY = (
    model._meta.db_table for model in (Checkpoint, GradeChange, HeightsVersion, Opportunity)
)
# What tells that records of an opportunity were made, judged or withdrawn meanwhile.
_FACTS = ("COUNT(DISTINCT k.id)", "MAX(k.id)", "MAX(k.confirmed_at)", "MAX(k.withdrawn_at)", "COUNT(g.id)")
_SAID = " || ' ' || ".join(f"COALESCE(CAST({fact} AS text), '')" for fact in _FACTS)
SIGNATURE = (
    f"SELECT {_SAID} FROM {OPPORTUNITY} o"
    f" JOIN {RECORDS} k ON k.opportunity_id = o.id LEFT JOIN {CHANGES} g ON g.checkpoint_id = k.id"
    f" WHERE o.key = {staging.PROVEN}.key"
)
Identity = tuple[str, int, datetime]


@dataclass(slots=True)
class Known:
    """A record as it will be; `lowered` are later grades by their moment."""

    grade: str
    confirmed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    lowered: dict[datetime, str] = field(default_factory=dict)

    def record(self, identity: Identity) -> Record:
        factor, level, recorded_at = identity
        grades = ((recorded_at, self.grade), *sorted(self.lowered.items()))
        return Record(factor, level, recorded_at, grades, self.confirmed_at, self.withdrawn_at)


Records = dict[str, dict[Identity, Known]]


class Surveyor:
    """Works out heights; `earliest` is the first moment from which they are others than they were."""

    def __init__(self) -> None:
        self.earliest: datetime | None = None
        self.moved: list[str] = []

    def compute(self) -> None:
        """For every opportunity of which a record is new or changes."""
        staging.execute(f"INSERT INTO {staging.PROVEN} (key) SELECT DISTINCT key FROM ({_touched()}) t")
        staging.execute(f"UPDATE {staging.PROVEN} SET seen = ({SIGNATURE})")
        for page in staging.pages(f"SELECT key FROM {staging.PROVEN} WHERE {{page}}", "key", size=PAGE):
            self._page([key for (key,) in page])
        staging.analyze(staging.PROVEN, staging.PROOF, staging.HEIGHTS)

    def write(self) -> None:
        """Grades, proofs and heights, after the records themselves; `moved` said whose records people changed since."""
        _settle_grades()
        for keys in _chunks(self.moved):
            self._again(keys)
        _write_proofs()
        _write_heights()

    def look_for_moved(self) -> None:
        """Note whose records people have changed since they were computed; all are locked (`locking`)."""
        moved = staging.fetch(f"SELECT key FROM {staging.PROVEN} WHERE seen <> ({SIGNATURE})")
        self.moved = [key for (key,) in moved]

    def _again(self, keys: list[str]) -> None:
        for table in (staging.PROOF, staging.HEIGHTS):
            staging.execute(f"DELETE FROM {table} WHERE opportunity IN ({_marks(keys)})", keys)
        self._page(keys)

    def _page(self, keys: list[str]) -> None:
        proofs = staging.Writer(staging.PROOF, staging.PROOF_COLUMNS)
        steps = staging.Writer(staging.HEIGHTS, staging.HEIGHTS_COLUMNS)
        held = _held(keys)
        for key, known in _merged(keys).items():
            records = {identity: each.record(identity) for identity, each in known.items()}
            for (factor, level, at), record in records.items():
                proofs.add([key, factor, level, at, record.grades[-1][1], record.verified_since()])
            versions = list(versions_of(0, list(records.values())))
            for row in versions:
                steps.add([key, row.valid_from, row.valid_to, *(getattr(row, name) for name in LEVELS)])
            self._note_earliest(held.get(key, []), versions)
        proofs.flush()
        steps.flush()

    def _note_earliest(self, held: list[HeightsVersion], wanted: list[HeightsVersion]) -> None:
        ours, theirs = ({(row.valid_from, row.heights) for row in rows} for rows in (held, wanted))
        moments = [at for at, _heights in ours ^ theirs]
        self.earliest = min([*moments, *([self.earliest] if self.earliest else [])], default=None)


def _touched() -> str:
    """SQL: the keys of opportunities with a record or a lowered grade that is new or changes."""
    wanted = []
    for file, table, same in (
        (CHECKPOINTS, RECORDS, f"m.id = {RECORD}"),
        (GRADE_CHANGES, CHANGES, f"m.checkpoint_id = {RECORD} AND m.at = s.at"),
    ):
        wanted.append(
            f"SELECT s.opportunity AS key FROM {file.table} s LEFT JOIN {table} m ON {same} WHERE m.id IS NULL"
        )
        changes = staging.changes_of(file)
        wanted.append(f"SELECT s.opportunity FROM {file.table} s JOIN {changes} c ON c.csv_line = s.csv_line")
    return " UNION ".join(wanted)


def _merged(keys: list[str]) -> Records:
    """The records of these opportunities as they will be."""
    found: Records = {key: {} for key in keys}
    _take_ours(found, keys)
    _take_theirs(found, keys)
    return found


def _take_ours(found: Records, keys: list[str]) -> None:
    rows = Checkpoint.objects.filter(opportunity__key__in=keys).values_list(
        "pk", "opportunity__key", "factor", "level", "recorded_at", "grade", "confirmed_at", "withdrawn_at"
    )
    by_id = {}
    for pk, key, factor, level, recorded_at, *facts in rows:
        by_id[pk] = found[key][factor, level, recorded_at] = Known(*facts)
    lowered = GradeChange.objects.filter(checkpoint__opportunity__key__in=keys).order_by("checkpoint", "at", "pk")
    for pk, at, before, after in lowered.values_list("checkpoint", "at", "before", "after"):
        known = by_id[pk]
        known.grade = known.grade if known.lowered else before
        known.lowered[at] = after


def _take_theirs(found: Records, keys: list[str]) -> None:
    marks = _marks(keys)
    sql = (
        "SELECT opportunity, factor, level, recorded_at, grade, manager_confirmed_at, withdrawn_at"
        f" FROM {CHECKPOINTS.table} WHERE opportunity IN ({marks})"
    )
    for key, factor, level, recorded_at, grade, confirmed_at, withdrawn_at in staging.fetch(sql, keys):
        identity = (factor, level, staging.as_moment(recorded_at))
        known = found[key].setdefault(identity, Known(grade))
        known.grade = grade
        known.confirmed_at = staging.as_moment(confirmed_at) or known.confirmed_at
        known.withdrawn_at = staging.as_moment(withdrawn_at) or known.withdrawn_at
    sql = (
        f"SELECT opportunity, factor, level, recorded_at, at, grade FROM {GRADE_CHANGES.table}"
        f" WHERE opportunity IN ({marks})"
    )
    for key, factor, level, recorded_at, at, grade in staging.fetch(sql, keys):
        found[key][factor, level, staging.as_moment(recorded_at)].lowered[staging.as_moment(at)] = grade


def _held(keys: list[str]) -> dict[str, list[HeightsVersion]]:
    found: dict[str, list[HeightsVersion]] = {}
    rows = HeightsVersion.objects.filter(opportunity__key__in=keys).select_related("opportunity")
    for row in rows:
        found.setdefault(row.opportunity.key, []).append(row)
    return found


def _settle_grades() -> None:
    """What each lowered grade was before: that of the change before it, of the first one the record's own."""
    previous = (
        f"SELECT p.after FROM {CHANGES} p WHERE p.checkpoint_id = {CHANGES}.checkpoint_id AND p.at < {CHANGES}.at"
        " ORDER BY p.at DESC, p.id DESC LIMIT 1"
    )
    following = (
        f"SELECT p.before FROM {CHANGES} p WHERE p.checkpoint_id = {CHANGES}.checkpoint_id AND p.at > {CHANGES}.at"
        " AND p.before <> '' ORDER BY p.at, p.id LIMIT 1"
    )
    own = f"SELECT k.grade FROM {RECORDS} k WHERE k.id = {CHANGES}.checkpoint_id"
    first_said = (
        f"SELECT s.grade FROM {CHECKPOINTS.table} s JOIN {OPPORTUNITY} o ON o.key = s.opportunity JOIN {RECORDS} k"
        " ON k.opportunity_id = o.id AND k.factor = s.factor AND k.level = s.level AND k.recorded_at = s.recorded_at"
        f" WHERE k.id = {CHANGES}.checkpoint_id"
    )
    touched = (
        f"SELECT k.id FROM {RECORDS} k JOIN {OPPORTUNITY} o ON o.id = k.opportunity_id"
        f" JOIN {staging.PROVEN} p ON p.key = o.key"
    )
    staging.execute(
        f"UPDATE {CHANGES} SET before = COALESCE(({previous}), ({first_said}), ({following}), ({own}))"
        f" WHERE checkpoint_id IN ({touched})"
    )


def _write_proofs() -> None:
    staging.execute(
        f"UPDATE {RECORDS} SET grade = p.grade, verified_at = p.verified_at FROM {staging.PROOF} p"
        f" JOIN {OPPORTUNITY} o ON o.key = p.opportunity WHERE {RECORDS}.opportunity_id = o.id"
        f" AND {RECORDS}.factor = p.factor AND {RECORDS}.level = p.level AND {RECORDS}.recorded_at = p.recorded_at"
    )


def _write_heights() -> None:
    staging.execute(
        f"DELETE FROM {HEIGHTS} WHERE opportunity_id IN"
        f" (SELECT o.id FROM {OPPORTUNITY} o JOIN {staging.PROVEN} p ON p.key = o.key)"
    )
    levels = ", ".join(LEVELS)
    staging.execute(
        f"INSERT INTO {HEIGHTS} (opportunity_id, valid_from, valid_to, {levels})"
        f" SELECT o.id, h.valid_from, h.valid_to, {', '.join(f'h.{name}' for name in LEVELS)}"
        f" FROM {staging.HEIGHTS} h JOIN {OPPORTUNITY} o ON o.key = h.opportunity ORDER BY o.id, h.valid_from"
    )
    latest = f"FROM {HEIGHTS} h WHERE h.opportunity_id = {OPPORTUNITY}.id ORDER BY h.valid_from DESC LIMIT 1"
    staging.execute(
        f"UPDATE {OPPORTUNITY} SET ({', '.join(COPIED)}) = (SELECT {', '.join(FACTORS)} {latest})"
        f" WHERE key IN (SELECT key FROM {staging.PROVEN})"
    )


def _marks(keys: Iterable[str]) -> str:
    return ", ".join("%s" for _key in keys)


def _chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    listed = list(keys)
    for start in range(0, len(listed), PAGE):
        yield listed[start : start + PAGE]
