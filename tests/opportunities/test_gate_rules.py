"""What a forward move lacks (METHOD.md §2)."""

import pytest

from opportunities.rules.evidence import FACTORS
from opportunities.rules.gate import SHIPPED, Gated, Standing, height_of, holds, is_condition, missing, passed

FLOORS = {"discover": 0, "validate": 2, "cocreate": 3, "decide": 4, "lock": 5}
STAGES = {
    key: Gated(position, position, 0, (floor,) * len(FACTORS), tuple(SHIPPED[key]))
    for position, (key, floor) in enumerate(FLOORS.items(), start=1)
}


def standing(*heights, **more):
    return Standing(verified=heights or (0,) * 5, **more)


def lacks(source, target, at):
    """([conditions], [factors]) that a move between two stages lacks."""
    found = missing(STAGES[source].position, STAGES[target], STAGES.values(), at)
    return [condition for _stage, condition in found.milestones], [factor for factor, _height, _floor in found.floors]


@pytest.mark.parametrize("text", ["power>=4", "coordination>=6", "demand>=1", "go", "veto_clear"])
def test_conditions(text):
    assert is_condition(text)


@pytest.mark.parametrize("text", ["", "power>=0", "power>=7", "power>4", "luck>=1", "Go", "power>=4 ", "power>=44"])
def test_other_texts_are_none(text):
    assert not is_condition(text)


def test_the_height_of_a_condition():
    assert height_of("power>=4") == ("power", 4)
    assert height_of("go") is None


@pytest.mark.parametrize(
    ("condition", "at", "expected"),
    [
        ("power>=4", standing(6, 3, 6, 6, 6), False),
        ("power>=4", standing(0, 4, 0, 0, 0), True),
        ("go", standing(), False),
        ("go", standing(go=True), True),
        ("veto_clear", standing(), True),
        ("veto_clear", standing(veto_clear=False), False),
    ],
)
def test_whether_a_condition_holds(condition, at, expected):
    assert holds(condition, at) is expected


def test_the_stages_that_are_left_or_skipped_are_passed():
    found = passed(STAGES["validate"].position, STAGES["lock"], reversed(STAGES.values()))
    assert [stage.position for stage in found] == [2, 3, 4]


LACKING = {
    "at height 0": ("discover", "validate", standing(), (["demand>=1"], list(FACTORS))),
    "milestone met, floors not": ("discover", "validate", standing(1, 2, 2, 2, 1), ([], ["demand", "coordination"])),
    "floors met exactly": ("discover", "validate", standing(2, 2, 2, 2, 2), ([], [])),
    "a decision is missing": ("cocreate", "decide", standing(4, 4, 4, 4, 4), (["go"], [])),
    "a veto": ("decide", "lock", standing(5, 5, 5, 5, 5, veto_clear=False), (["veto_clear"], [])),
    "skipped stages have their say": (
        "discover", "decide", standing(4, 3, 4, 4, 4), (["power>=4", "go"], ["power"]),
    ),
    "the target's own milestone does not": ("validate", "cocreate", standing(3, 3, 3, 3, 3), ([], [])),
}  # fmt: skip


@pytest.mark.parametrize("case", LACKING)
def test_what_a_move_lacks(case):
    source, target, at, expected = LACKING[case]
    assert lacks(source, target, at) == expected


def test_floors_say_how_far_it_is():
    found = missing(1, STAGES["validate"], STAGES.values(), standing(1, 0, 2, 3, 2))
    assert found.floors == (("demand", 1, 2), ("power", 0, 2))
    assert bool(found)
    assert not missing(1, STAGES["validate"], STAGES.values(), standing(2, 2, 2, 2, 2))
