"""What a forward move between open stages still lacks (METHOD.md §2).

A condition is a text: `power>=4` (a factor's verified height), `go` (a Go decision is recorded), `veto_clear` (nobody
on the veto list is opposed without a plan).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from opportunities.rules.evidence import FACTORS, StageFloors

HEIGHT = re.compile(rf"({'|'.join(FACTORS)})>=([1-6])")
GO, VETO_CLEAR = "go", "veto_clear"
SHIPPED = {
    "discover": ["demand>=1"],
    "validate": ["demand>=2", "power>=2"],
    "cocreate": ["power>=4", GO],
    "decide": ["goal>=5", "power>=5", VETO_CLEAR],
    "lock": ["coordination>=6"],
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an opportunity: verified heights in the order of FACTORS, Go recorded, veto list clear."""

    verified: tuple[int, ...] = (0,) * len(FACTORS)
    go: bool = False
    veto_clear: bool = True


@dataclass(frozen=True, slots=True)
class Gated(StageFloors):
    """An open stage with the conditions of its milestone."""

    milestones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing: (stage id, condition) of milestones, (factor, verified, needed) of the target's floors."""

    milestones: tuple[tuple[int, str], ...] = field(default=())
    floors: tuple[tuple[str, int, int], ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.milestones or self.floors)


def is_condition(text: str) -> bool:
    """Whether this is a condition that a milestone may have."""
    return text in (GO, VETO_CLEAR) or HEIGHT.fullmatch(text) is not None


def height_of(condition: str) -> tuple[str, int] | None:
    """(factor, level) of a condition on a height, None of another."""
    match = HEIGHT.fullmatch(condition)
    return (match[1], int(match[2])) if match else None


def holds(condition: str, standing: Standing) -> bool:
    """Whether a condition holds."""
    wanted = height_of(condition)
    if wanted is not None:
        return standing.verified[FACTORS.index(wanted[0])] >= wanted[1]
    return standing.go if condition == GO else standing.veto_clear


def passed(source: int, target: Gated, stages: Iterable[Gated]) -> list[Gated]:
    """The stages that a move from position `source` leaves or skips, in order."""
    return sorted(
        (stage for stage in stages if source <= stage.position < target.position), key=lambda stage: stage.position
    )


def missing(source: int, target: Gated, stages: Iterable[Gated], standing: Standing) -> Missing:
    """What a move from the open stage at position `source` forward to `target` lacks."""
    milestones = tuple(
        (stage.id, condition)
        for stage in passed(source, target, stages)
        for condition in stage.milestones
        if not holds(condition, standing)
    )
    return Missing(milestones, below(target.floors, standing.verified))


def below(floors: Sequence[int], verified: Sequence[int]) -> tuple[tuple[str, int, int], ...]:
    """(factor, verified, needed) of each factor that stands below its floor."""
    heights = zip(FACTORS, verified, floors, strict=True)
    return tuple((factor, height, floor) for factor, height, floor in heights if height < floor)
