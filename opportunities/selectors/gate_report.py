"""What a move meets at the gate, in words: each condition, met by what or missing how much (METHOD.md §2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.selectors import calendar
from config.web.templatetags.formats import MISSING, day
from opportunities.models import Checkpoint, Decision, Opportunity, Stage, Stakeholder
from opportunities.rules import gate
from opportunities.rules.evidence import FACTORS, evidenced
from opportunities.selectors.gate import as_gated, gated, is_blocking, origin_of, standing_on, with_standing
from opportunities.selectors.heights import floors_now
from opportunities.selectors.ladders import ladders
from opportunities.selectors.stages import stages_in_use

FLOORS = "floors"
LONGEST_EVIDENCE = 60  # characters of a record's text
MOST_NAMED = 5  # people


@dataclass(frozen=True, slots=True)
class Item:
    """One condition: its text (`power>=4`, `go`, …; `floors`) and in words, met or not, and what is known of it.

    `factor` and `level` name the next rung to be proven, `stakeholder` is the id of who is opposed without a plan;
    empty and 0 where it is something else that is missing.
    """

    condition: str
    text: str
    met: bool
    details: tuple[str, ...] = ()
    stage: Stage | None = None
    factor: str = ""
    level: int = 0
    stakeholder: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """Every condition of a move to `target`; `evidenced`: the win rate that counts without proof, None: declared."""

    target: Stage
    items: tuple[Item, ...] = ()
    evidenced: Any = None

    @property
    def lacking(self) -> int:
        """How many conditions do not hold."""
        return sum(1 for item in self.items if not item.met)

    @property
    def first(self) -> Item | None:
        """The first that does not hold: what to do about it is offered first."""
        return next((item for item in self.items if not item.met), None)


class Words:
    """The conditions in the words of today's ladders, for as many opportunities as there are."""

    def __init__(self) -> None:
        self.ladders = ladders()

    def name(self, factor: str) -> str:
        """A factor as the company calls it."""
        return self.ladders[factor].name

    def condition(self, condition: str) -> str:
        """What must hold."""
        wanted = gate.height_of(condition)
        if wanted is None:
            go = condition == gate.GO
            return _("A Go decision is recorded") if go else _("No veto holder is opposed without a plan")
        factor, level = wanted
        checkpoint = self.ladders[factor].rung(level).checkpoint.rstrip("。.")
        words = {"checkpoint": checkpoint, "factor": self.name(factor), "level": level}
        return _("%(checkpoint)s (%(factor)s ≥ %(level)d)") % words

    def height(self, factors: Sequence[str], verified: int, needed: int) -> str:
        """How far these factors are, and how much is missing."""
        names = _(", ").join(self.name(factor) for factor in factors)
        words = {"factors": names, "verified": verified, "missing": needed - verified}
        return (
            ngettext(
                "%(factors)s verified to %(verified)d, %(missing)d level missing",
                "%(factors)s verified to %(verified)d, %(missing)d levels missing",
                needed - verified,
            )
            % words
        )

    def floors(self, floors: Sequence[int]) -> str:
        """What the floors of a stage demand."""
        if len(set(floors)) == 1:
            return _("Stage floor: all five factors ≥ %(level)d") % {"level": floors[0]}
        each = (f"{self.name(factor)} ≥ {floor}" for factor, floor in zip(FACTORS, floors, strict=True) if floor)
        return _("Stage floor: %(floors)s") % {"floors": _(", ").join(each)}

    def below(self, below: Iterable[tuple[str, int, int]]) -> tuple[str, ...]:
        """The factors below a floor, those that stand alike together; (factor, verified, needed) as in gate.Missing."""
        alike = groupby(sorted(below, key=_height), key=_height)
        return tuple(self.height([factor for factor, *_rest in group], *height) for height, group in alike)

    def missing(self, missing: gate.Missing) -> list[str]:
        """What is missing, a phrase each, milestones first: as many as the items of a report that are not met."""
        found = [self.wanted(condition) for _stage, condition in missing.milestones]
        if missing.floors:
            below = _("; ").join(self.below(missing.floors))
            found.append(_("the stage floor (%(below)s)") % {"below": below})
        return found

    def wanted(self, condition: str) -> str:
        """A condition that does not hold, as the thing that is missing."""
        if condition == gate.GO:
            return pgettext("missing", "a Go decision")
        if condition == gate.VETO_CLEAR:
            return pgettext("missing", "a plan for a veto holder who is opposed")
        return self.condition(condition)


def _height(entry: tuple[str, int, int]) -> tuple[int, int]:
    return entry[1], entry[2]


def gate_report(row: Opportunity, target: Stage) -> Report:
    """What a move of `row` to `target` meets, as it stands now; no item when the move does not go forward.

    At most six queries, two of them for its standing and the words.
    """
    source = origin_of(row)
    position = source.position if source else 0
    if not target.is_open or target.position <= position:
        return Report(target)
    facts: Any = with_standing(Opportunity.objects.filter(pk=row.pk)).only("pk").get()
    standing, stages = standing_on(facts), stages_in_use()
    left = gate.passed(position, as_gated(target), gated(stages))
    asked = [(stage.id, condition) for stage in left for condition in stage.milestones]
    found = _Finder(row, standing, asked, {stage.pk: stage for stage in stages})
    counted = evidenced(standing.verified, floors_now(stages), nothing=0) if facts.at_demand is not None else None
    return Report(target, (*found.milestones(), *found.floors(as_gated(target))), counted)


class _Finder:
    """Looks up what met each condition, and who stands in the way."""

    def __init__(
        self, row: Opportunity, standing: gate.Standing, asked: list[tuple[int, str]], stages: dict[int, Stage]
    ) -> None:
        self.row, self.standing, self.asked, self.stages = row, standing, asked, stages
        self.words = Words()
        met = [gate.height_of(condition) for _stage, condition in asked if gate.holds(condition, standing)]
        self.records = _records(row, [wanted for wanted in met if wanted])

    def milestones(self) -> Iterable[Item]:
        for stage_id, condition in self.asked:
            met, wanted = gate.holds(condition, self.standing), gate.height_of(condition)
            common: dict[str, Any] = {"condition": condition, "text": self.words.condition(condition), "met": met}
            common["stage"] = self.stages.get(stage_id)
            if condition == gate.GO:
                yield Item(**common, details=(_decision(self.row),))
            elif wanted is None:
                yield Item(**common) if met else Item(**common, **_opposed(self.row))
            elif met:
                yield Item(**common, details=_told(self.records.get(wanted)))
            else:
                yield self._height_missing(common, *wanted)

    def _height_missing(self, common: dict[str, Any], factor: str, level: int) -> Item:
        verified = self.standing.verified[FACTORS.index(factor)]
        details = (self.words.height([factor], verified, level),)
        return Item(**common, details=details, factor=factor, level=verified + 1)

    def floors(self, target: gate.Gated) -> Iterable[Item]:
        if not any(target.floors):
            return
        below = gate.below(target.floors, self.standing.verified)
        first = below[0] if below else ("", -1, 0)
        yield Item(
            condition=FLOORS, text=self.words.floors(target.floors), met=not below, details=self.words.below(below),
            stage=self.stages.get(target.id), factor=first[0], level=first[1] + 1,
        )  # fmt: skip


def _records(row: Opportunity, rungs: list[tuple[str, int]]) -> dict[tuple[str, int], Checkpoint]:
    """The record that verified each of these rungs, the latest of several. One query, none without a rung."""
    if not rungs:
        return {}
    among = Q()
    for factor, level in rungs:
        among |= Q(factor=factor, level=level)
    verified = Checkpoint.objects.standing().filter(among, opportunity=row, verified_at__isnull=False)
    found = verified.select_related("confirmed_by", "recorded_by", "file").order_by("verified_at", "id")
    return {(record.factor, record.level): record for record in found}


def _told(record: Checkpoint | None) -> tuple[str, ...]:
    """A record in a line: the day, what proves it, who stands for it."""
    if record is None:
        return ()
    parts = [
        day(record.said_on or calendar().local_date(record.recorded_at)),
        Truncator(record.evidence or record.link).chars(LONGEST_EVIDENCE),
        record.file.name if record.file else "",
        _person(record),
    ]
    return (" · ".join(part for part in parts if part),)


def _person(record: Checkpoint) -> str:
    if record.confirmed_by is not None:
        return _("confirmed by %(person)s") % {"person": record.confirmed_by}
    return _("recorded by %(person)s") % {"person": record.recorded_by} if record.recorded_by else ""


def _decision(row: Opportunity) -> str:
    """The latest decision in words."""
    decisions = Decision.objects.filter(opportunity=row).select_related("decided_by")
    latest = decisions.order_by("-decided_at", "-id").first()
    if latest is None:
        return _("There is no decision yet")
    words = {"decision": latest.get_decision_display(), "day": day(calendar().local_date(latest.decided_at))}
    if latest.decided_by is None:
        return _("%(decision)s on %(day)s") % words
    return _("%(decision)s on %(day)s by %(person)s") % {**words, "person": latest.decided_by}


def _opposed(row: Opportunity) -> dict[str, Any]:
    """Who is opposed without a plan, in words; the most influential of them is dealt with first."""
    found = Stakeholder.objects.in_use().filter(is_blocking(), opportunity=row)
    found = found.annotate(named=Coalesce("contact__name", "role_title")).order_by("-influence", "id")
    people = list(found.values_list("pk", "named")[:MOST_NAMED])
    named = _(", ").join(name or MISSING for _id, name in people)
    details = (_("%(names)s: opposed, and there is no plan with an owner") % {"names": named},)
    return {"details": details, "stakeholder": people[0][0] if people else 0}
