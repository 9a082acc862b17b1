"""What happened to an opportunity, of every kind, in one order: changes, evidence, activities, decisions.

The moments of all kinds are one UNION, so that a page costs the same however much there is; what a change consists of
is read for the page alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import get_language

from opportunities.models import Activity, Checkpoint, Decision, GradeChange, Opportunity, OpportunityVersion
from opportunities.selectors.ladders import ladders
from opportunities.selectors.page import Change, Trail, entry_between, telling, trail_in

EVENTS = 20
CHANGE, ADDED, CONFIRMED, LOWERED, WITHDRAWN = "change", "added", "confirmed", "lowered", "withdrawn"
ACTIVITY, DECISION = "activity", "decision"
KINDS = (CHANGE, ADDED, CONFIRMED, LOWERED, WITHDRAWN, ACTIVITY, DECISION)
ALL, ACTIONS, CHANGES, MOVES, EVIDENCE = "", "actions", "changes", "moves", "evidence"
COLUMNS = ("on_at", "event", "row", "who", "login", "of_factor", "of_level", "to_grade", "was", "told")
NAMES = ("stage", "owner", "team", "product", "actor")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `actor` is empty where an import or nobody acted, `login` is their login name.

    A change has its `changes`, `created` marks the first. Evidence has factor, level and grade; a lowered one also the
    grade before (`was`); an activity has the name of its kind in `was`; a decision go or no_go in `grade`. `text` is
    the evidence, what came of an activity, else a reason.
    """

    at: datetime
    kind: str
    actor: str
    login: str
    text: str
    created: bool = False
    changes: list[Change] = field(default_factory=list)
    factor: str = ""
    level: int = 0
    grade: str = ""
    was: str = ""
    factor_name: str = ""

    @property
    def reason(self) -> str:
        """Why it was done, where a reason is asked for."""
        return "" if self.kind in (ADDED, CONFIRMED, ACTIVITY) else self.text


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of events, the newest first; `show` is what is shown: all, actions, changes, moves or evidence."""

    events: list[Event]
    number: int
    has_next: bool
    show: str


def timeline_of(opportunity: Opportunity, *, show: str = ALL, number: int = 1) -> Timeline:
    """One page of what happened. Two queries, and the ladders when there is evidence."""
    return history_of(opportunity, show=show, number=number)[0]


def history_of(opportunity: Opportunity, *, show: str = ALL, number: int = 1) -> tuple[Timeline, Trail]:
    """Likewise with the trail, for as many queries."""
    first = (number - 1) * EVENTS
    parts = [rows.order_by().values_list(*COLUMNS) for rows in _parts(opportunity, show)]
    union = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    found = list(union.order_by("-on_at", "-event", "-row")[first : first + EVENTS + 1])
    shown = found[:EVENTS]
    rows = _versions(opportunity, [row[0] for row in shown if row[1] == CHANGE])
    began, ended = ({getattr(row, name): row for row in rows} for name in ("valid_from", "valid_to"))
    versions = {at: (row, ended.get(at)) for at, row in began.items()}
    events = [_event(row, versions, only_stage=show == MOVES) for row in shown]
    return Timeline(events, number, len(found) > EVENTS, show), trail_in(rows)


def _event(row: Sequence[Any], versions: dict[datetime, tuple[Any, Any]], *, only_stage: bool) -> Event:
    at, kind, _row, who, login, factor, level, grade, was, text = row
    if kind != CHANGE:
        name = ladders()[factor].name if factor else ""
        return Event(at, kind, who, login, text, factor=factor, level=level, grade=grade, was=was, factor_name=name)
    version, before = versions[at]
    entry = entry_between(version, before, "stage" if only_stage else "")
    return Event(at, kind, who, login, entry.reason, created=entry.created, changes=entry.changes)


def _versions(opportunity: Opportunity, moments: list[datetime]) -> list[Any]:
    """Those that began or ended at these moments, and those that the trail is read from. One query."""
    near = Q(valid_from__in=moments) | Q(valid_to__in=moments)
    return list(telling(opportunity, near).select_related(*NAMES))


# --- The parts of the union -------------------------------------------------------------------


def _parts(opportunity: Opportunity, show: str) -> list[QuerySet[Any]]:
    versions = _changes(opportunity)
    if show in (CHANGES, MOVES):
        return [versions.filter(entered_at=F("valid_from")) if show == MOVES else versions]
    wanted: list[QuerySet[Any]] = []
    if show in (ALL, EVIDENCE):
        wanted += _evidence(opportunity)
    if show in (ALL, ACTIONS):
        wanted += [_activities(opportunity), _decisions(opportunity)]
    return [versions, *wanted] if show == ALL else wanted


def _as_event(rows: QuerySet[Any], kind: str, at: str, person: str, **columns: Any) -> QuerySet[Any]:
    """These rows as COLUMNS; those that are not given are empty."""
    login = Coalesce(f"{person}__username", Value(""), output_field=CharField())
    named = Coalesce(NullIf(f"{person}__name", Value("")), login, output_field=CharField())
    empty = {name: _text("") for name in ("of_factor", "to_grade", "was", "told")}
    given = {name: _column(value) for name, value in columns.items()}
    told = {"event": _text(kind), "who": named, "login": login, "of_level": Value(0, IntegerField()), **empty, **given}
    return rows.annotate(on_at=F(at), row=F("pk"), **told)


def _text(value: str) -> Value:
    return Value(value, CharField())


def _column(value: Any) -> Any:
    return F(value) if isinstance(value, str) else value


def _changes(opportunity: Opportunity) -> QuerySet[Any]:
    rows = OpportunityVersion.objects.filter(opportunity=opportunity)
    return _as_event(rows, CHANGE, "valid_from", "actor")


def _evidence(opportunity: Opportunity) -> Iterable[QuerySet[Any]]:
    rows = Checkpoint.objects.filter(opportunity=opportunity)
    rung = {"of_factor": "factor", "of_level": "level"}
    first = GradeChange.objects.filter(checkpoint=OuterRef("pk")).order_by("at", "pk").values("before")[:1]
    graded = Coalesce(Subquery(first), "grade", output_field=CharField())
    withdrawn = rows.filter(withdrawn_at__isnull=False)
    yield _as_event(rows, ADDED, "recorded_at", "recorded_by", **rung, to_grade=graded, told="evidence")
    yield _as_event(rows.filter(confirmed_at__isnull=False), CONFIRMED, "confirmed_at", "confirmed_by", **rung)
    yield _as_event(withdrawn, WITHDRAWN, "withdrawn_at", "withdrawn_by", **rung, told="withdrawn_reason")
    lowered = GradeChange.objects.filter(checkpoint__opportunity=opportunity)
    of_it = {name: f"checkpoint__{path}" for name, path in rung.items()}
    yield _as_event(lowered, LOWERED, "at", "actor", **of_it, to_grade="after", was="before", told="reason")


def _activities(opportunity: Opportunity) -> QuerySet[Any]:
    """The done ones, at the moment they were done."""
    rows = Activity.objects.done().filter(opportunity=opportunity)
    name = "kind__name_zh" if (get_language() or "").startswith("zh") else "kind__name_en"
    text = Coalesce(NullIf("outcome", Value("")), "objective", output_field=CharField())
    return _as_event(rows, ACTIVITY, "done_at", "owner", was=name, told=text)


def _decisions(opportunity: Opportunity) -> QuerySet[Any]:
    rows = Decision.objects.filter(opportunity=opportunity)
    return _as_event(rows, DECISION, "decided_at", "decided_by", to_grade="decision", told="reason")
