"""The ascent as a picture: where everything stands in the drawing, in whole units of its view box. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, pi, sin

from opportunities.rules.evidence import TOP
from opportunities.selectors.evidence import Footing

LEFT, RIGHT, GROUND, RUNG = 20, 740, 214, 30
FIRST, APART = 90, 140  # the first ladder, and from each to the next
MIDDLE, RADIUS, NAMES = (140, 112), 74, 92  # of the radar


@dataclass(frozen=True, slots=True)
class Block:
    """One rung: `kind` is up (verified), claim (hollow), loose (verified, but one below it is missing), lack, none."""

    y: int
    kind: str


@dataclass(frozen=True, slots=True)
class Column:
    """A ladder with its rungs; `y` is its verified height, `floor_y` the height that the stage needs."""

    footing: Footing
    x: int
    y: int
    floor_y: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Corner:
    """A corner of the radar with where the name of its factor stands."""

    footing: Footing
    x: int
    y: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Radar:
    """The same heights around a middle, as points of polygons."""

    rings: tuple[str, ...]
    now: str
    floor: str
    corners: tuple[Corner, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """`ridge` joins the heights now, `before` those of four weeks ago, `floors` what the stage needs: SVG paths."""

    columns: tuple[Column, ...]
    levels: tuple[tuple[int, int], ...]
    ridge: str
    before: str
    floors: str
    radar: Radar


def picture_of(footings: Sequence[Footing]) -> Picture:
    """The picture of these five factors."""
    columns = tuple(_column(index, footing) for index, footing in enumerate(footings))
    return Picture(
        columns=columns,
        levels=tuple((level, _y(level)) for level in range(TOP + 1)),
        ridge=_ridge([footing.verified for footing in footings]),
        before=_ridge([footing.before for footing in footings])
        if any(_differs(footing) for footing in footings)
        else "",
        floors=_floors(columns),
        radar=_radar(footings),
    )


def _differs(footing: Footing) -> bool:
    return footing.before != footing.verified


def _y(level: int) -> int:
    return GROUND - RUNG * level


def _column(index: int, footing: Footing) -> Column:
    blocks = tuple(Block(_y(level), _kind(footing, level)) for level in range(1, TOP + 1))
    return Column(footing, FIRST + APART * index, _y(footing.verified), _y(footing.floor), blocks)


def _kind(footing: Footing, level: int) -> str:
    if level <= footing.verified:
        return "up"
    proof = footing.proofs.get(level)
    if proof is not None:
        return "loose" if proof.verified_on else "claim"
    return "lack" if level <= footing.floor else "none"


def _ridge(heights: Sequence[int]) -> str:
    points = (f"L{FIRST + APART * index} {_y(height)}" for index, height in enumerate(heights))
    return f"M{LEFT} {GROUND}{''.join(points)}L{RIGHT} {GROUND}"


def _floors(columns: Sequence[Column]) -> str:
    if not any(column.footing.floor for column in columns):
        return ""
    if len({column.footing.floor for column in columns}) == 1:
        return f"M{LEFT} {columns[0].floor_y}H{RIGHT}"
    half = APART // 2 - 10
    return "".join(f"M{each.x - half} {each.floor_y}H{each.x + half}" for each in columns if each.footing.floor)


# --- The radar --------------------------------------------------------------------------------


def _radar(footings: Sequence[Footing]) -> Radar:
    return Radar(
        rings=tuple(_points([level] * len(footings)) for level in range(2, TOP + 1, 2)),
        now=_points([footing.verified for footing in footings]),
        floor=_points([footing.floor for footing in footings]),
        corners=tuple(_corners(footings)),
    )


def _points(heights: Sequence[int]) -> str:
    return " ".join("{},{}".format(*_at(index, RADIUS * height / TOP)) for index, height in enumerate(heights))


def _at(index: int, distance: float) -> tuple[int, int]:
    angle = 2 * pi * index / 5 - pi / 2
    return round(MIDDLE[0] + distance * cos(angle)), round(MIDDLE[1] + distance * sin(angle))


def _corners(footings: Sequence[Footing]) -> Iterator[Corner]:
    for index, footing in enumerate(footings):
        x, y = _at(index, NAMES)
        anchor = "middle" if abs(x - MIDDLE[0]) < RADIUS // 4 else "start" if x > MIDDLE[0] else "end"
        yield Corner(footing, x, y + 4, anchor)
