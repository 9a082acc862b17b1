"""The decision-power map and what it lacks: gaps among the customer's people (METHOD.md §3, §4)."""

from collections.abc import Iterable
from dataclasses import dataclass

FEWEST, MOST = 3, 5  # live contacts from the third open stage on
STANCES = {"opposed": (-1, -2), "neutral": (0,), "supportive": (1,), "champion": (2,)}
INFLUENCES = {"high": (4, 5), "medium": (3,), "low": (2, 1)}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a say, as far as the gaps need to know. `known`: we know who it is, not the post alone."""

    id: int
    role: str
    known: bool
    stance: int
    opposed: bool  # on the veto list, and opposed
    planned: bool  # there is a plan, and somebody who is still here owns it
    met: bool

    @property
    def blocks(self) -> bool:
        """Whether the veto list is not clear of this person (METHOD.md §2); `selectors.gate.is_blocking` in SQL."""
        return self.opposed and not self.planned

    @property
    def lacks_plan(self) -> bool:
        """Whether this person is against us, by a veto or by stance alone, and nothing is planned about it."""
        return self.blocks or (self.stance < 0 and not self.planned)


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing, by name; `about` is the person's id, 0 where it is about nobody in particular."""

    kind: str
    about: int = 0


def column_of(stance: int) -> str:
    """The column of the map in which a stance stands."""
    return next(name for name, values in STANCES.items() if stance in values)


def row_of(influence: int) -> str:
    """The row of the map in which an influence stands."""
    return next(name for name, values in INFLUENCES.items() if influence in values)


def placed(stance: int, influence: int, *, column: str, row: str) -> tuple[int, int]:
    """Stance and influence of somebody who is put into this field of the map; what fits there already stays."""
    stances, influences = STANCES[column], INFLUENCES[row]
    return stance if stance in stances else stances[0], influence if influence in influences else influences[0]


def gaps_of(people: Iterable[Person], *, contacts_matter: bool) -> list[Gap]:
    """What the map lacks, the gravest first; `contacts_matter` from the third open stage on."""
    found = list(people)
    return [
        *(Gap("opponent_without_plan", each.id) for each in found if each.lacks_plan),
        *_about_the_decision_maker(found),
        *(Gap("unknown_person", each.id) for each in found if not each.known),
        *([Gap("thin_contacts")] if contacts_matter and sum(each.known for each in found) < FEWEST else []),
    ]


def _about_the_decision_maker(people: list[Person]) -> list[Gap]:
    deciding = [each for each in people if each.role == "decision_maker"]
    if not deciding:
        return [Gap("no_decision_maker")]
    return [Gap("decision_maker_not_met", each.id) for each in deciding if each.known and not each.met]
