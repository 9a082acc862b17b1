"""What the page of one opportunity shows: its way through the stages, and who changed what when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value, Window
from django.db.models.functions import Coalesce, Lag, NullIf

from opportunities.models import Collaborator, Competitor, Opportunity, OpportunityVersion, Stage
from opportunities.rules import reason_in_words

NONE = Q(pk__in=())
PLAIN = ("amount", "expected_close_date", "product", "next_step", "next_step_due")


@dataclass(frozen=True, slots=True)
class Move:
    """An entry into a stage on a local date, with its reason."""

    stage_id: int
    outcome: str
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class AmountChange:
    """The last change of the amount: what it was before, by how much it rose or fell, when."""

    before: Decimal
    difference: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Trail:
    """The entries into stages, the creation first, and the last change of the amount."""

    moves: list[Move]
    amount: AmountChange | None


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of the path: `state` is done, now or later; `days` spent in it so far, None where it never stood."""

    stage: Stage
    state: str
    days: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a change. `kind` is its name; win_rate and team stand for changes that settings made."""

    kind: str
    before: Any
    after: Any
    step: str = ""  # of a stage: forward, backward, reopening, won, closing

    @property
    def difference(self) -> Decimal | None:
        """By how much an amount rose or fell."""
        if self.kind != "amount" or self.before is None or self.after is None:
            return None
        return Decimal(self.after - self.before)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change as the timeline shows it; `created` is the first. `actor` is None where an import or nobody acted."""

    at: datetime
    actor: Any
    reason: str
    created: bool
    changes: list[Change] = field(default_factory=list)


# --- The path ---------------------------------------------------------------------------------


def telling(opportunity: Opportunity, near: Q = NONE) -> QuerySet[Any]:
    """The versions that `trail_in` reads, and those `near`, in order."""
    versions = OpportunityVersion.objects.filter(opportunity=opportunity)
    lagged = versions.annotate(was=Window(Lag("amount"), order_by="valid_from"))
    changed = lagged.filter(Q(was__isnull=False) & ~Q(amount=F("was")))
    last = changed.order_by("-valid_from").values("pk")[:1]
    before = OpportunityVersion.objects.filter(opportunity=OuterRef("opportunity"), valid_to=OuterRef("valid_from"))
    wanted = Q(entered_at=F("valid_from")) | Q(pk__in=last) | near
    return versions.filter(wanted).annotate(amount_before=Subquery(before.values("amount")[:1])).order_by("valid_from")


def trail_in(rows: Sequence[Any]) -> Trail:
    """Every entry into a stage and the last change of the amount among these versions of `telling`."""
    entries = [row for row in rows if row.entered_at == row.valid_from]
    changed = [row for row in rows if row.amount_before is not None and row.amount != row.amount_before]
    return Trail(
        moves=[Move(row.stage_id, row.outcome, row.entered_on, row.reason) for row in entries],
        amount=_amount_change(changed[-1]) if changed else None,
    )


def beside(opportunity: Opportunity) -> dict[str, list[str]]:
    """The names of the `collaborators`, and of the `rivals` who want it too. One query."""
    name = Coalesce(NullIf("user__name", Value("")), "user__username")
    people = Collaborator.objects.filter(opportunity=opportunity).order_by()
    theirs = Competitor.objects.filter(opportunity=opportunity, archived_at=None).order_by()
    named = people.values_list(Value("collaborators"), name, "user_id")
    rows = sorted(named.union(theirs.values_list(Value("rivals"), "name", "pk"), all=True), key=itemgetter(1, 2))
    return {kind: [row[1] for row in rows if row[0] == kind] for kind in ("collaborators", "rivals")}


def _amount_change(row: Any) -> AmountChange:
    after = row.amount if row.amount is not None else Decimal(0)
    return AmountChange(row.amount_before, after - row.amount_before, row.valid_from)


def path_of(opportunity: Opportunity, stages: Sequence[Stage], moves: Sequence[Move], day: date) -> list[Step]:
    """The open stages in order and the end, with the days in each as of the local date `day`."""
    spent = days_in_stages(moves, day)
    shown = [stage for stage in stages if _on_path(stage, opportunity, spent)]
    return [Step(stage, _state(stage, opportunity, spent), spent.get(stage.pk)) for stage in _in_order(shown)]


def days_in_stages(moves: Sequence[Move], day: date) -> dict[int, int]:
    """{stage id: days spent there}, the present one up to `day`; a closed stage has none."""
    spent: dict[int, int] = {}
    for move, left_on in zip(moves, [*(later.on for later in moves[1:]), day], strict=True):
        if move.outcome == "open":
            spent[move.stage_id] = spent.get(move.stage_id, 0) + (left_on - move.on).days
    return spent


def _on_path(stage: Stage, opportunity: Opportunity, spent: dict[int, int]) -> bool:
    if stage.pk == opportunity.stage_id or stage.pk in spent:
        return True
    if stage.retired_at is not None:
        return False
    return stage.is_open or (stage.outcome == "won" and opportunity.is_open)


def _in_order(stages: Sequence[Stage]) -> list[Stage]:
    return sorted(stages, key=lambda stage: (not stage.is_open, stage.position, stage.pk))


def _state(stage: Stage, opportunity: Opportunity, spent: dict[int, int]) -> str:
    if stage.pk == opportunity.stage_id:
        return "now"
    if opportunity.is_open:
        return "done" if stage.is_open and stage.position < opportunity.stage.position else "later"
    return "done" if stage.pk in spent or opportunity.outcome == "won" else "later"


# --- What a change consists of -----------------------------------------------------------------


def entry_between(version: OpportunityVersion, previous: OpportunityVersion | None, only: str = "") -> Entry:
    """What changed from one version to the next, of the first one what it began with."""
    changes = _first(version) if previous is None else _changes(previous, version)
    kept = [change for change in changes if not only or change.kind == only]
    return Entry(version.valid_from, version.actor, reason_in_words(version.reason), previous is None, kept)


def _first(version: OpportunityVersion) -> Iterator[Change]:
    for name in ("stage", "amount", "expected_close_date", "owner"):
        yield Change(name, None, getattr(version, name))


def _changes(old: OpportunityVersion, new: OpportunityVersion) -> Iterator[Change]:
    moved, given = old.stage_id != new.stage_id, old.owner_id != new.owner_id
    if moved:
        yield Change("stage", old.stage, new.stage, _step(old, new))
    elif old.win_rate != new.win_rate:
        yield Change("win_rate", old.win_rate, new.win_rate)
    if given:
        yield Change("owner", old.owner, new.owner)
    elif old.team_id != new.team_id:
        yield Change("team", old.team, new.team)
    for name in PLAIN:
        if getattr(old, _column(name)) != getattr(new, _column(name)):
            yield Change(name, getattr(old, name), getattr(new, name))


def _column(name: str) -> str:
    return "product_id" if name == "product" else name


def _step(old: OpportunityVersion, new: OpportunityVersion) -> str:
    if old.outcome != "open":
        return "reopening"
    if new.outcome != "open":
        return "won" if new.outcome == "won" else "closing"
    return "forward" if new.stage.position > old.stage.position else "backward"
