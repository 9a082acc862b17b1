"""The picture of the pyramid: where its levels and their words stand, for an SVG of 356 by 290."""

from collections.abc import Iterable
from dataclasses import dataclass

from customers.selectors.pyramid import Level, Pyramid

TOP, STEP, MIDDLE = 8, 56, 126  # px: the summit, the height of a level, the axis
HALVES = (0, 26, 50, 74, 98, 122)  # half the width at the upper edge of each level, and at the foot
WORDS_AT = 268


@dataclass(frozen=True, slots=True)
class Step:
    """One level as it is drawn: its outline, the line that leads to its words, and where they stand."""

    level: Level
    name: str
    outline: str
    leader: str
    label_y: int
    share_y: int
    count_y: int
    light: bool  # words on a dark level
    chosen: bool


def figure_of(found: Pyramid, chosen: Iterable[str]) -> list[Step]:
    """The five levels from the summit down; the chosen tiers are outlined."""
    tiers = [level for level in found.levels if level.tier]
    return [_step(number, level, level.tier in chosen) for number, level in enumerate(tiers)]


def _step(number: int, level: Level, chosen: bool) -> Step:
    top, foot = TOP + STEP * number, TOP + STEP * (number + 1)
    above, below = HALVES[number], HALVES[number + 1]
    middle = (top + foot) // 2
    edge = MIDDLE + (above + below) // 2 + 4
    return Step(
        level=level,
        name=f"l{level.tier[0]}",
        outline=f"M{MIDDLE - above} {top}H{MIDDLE + above}L{MIDDLE + below} {foot}H{MIDDLE - below}Z",
        leader=f"M{edge} {middle}H{WORDS_AT - 6}",
        label_y=foot - 10 if number == 0 else middle + 5,
        share_y=middle - 2,
        count_y=middle + 14,
        light=number < 3,
        chosen=chosen,
    )
