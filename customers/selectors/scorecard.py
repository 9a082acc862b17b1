"""The latest scorecard of a customer, with its radar as points of polygons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import cos, pi, sin

from accounts.selectors import calendar, today
from customers.models import Assessment, Customer
from customers.rules.attention import assessment_due
from customers.rules.tiers import CRITERIA, ENOUGH, Judgement
from customers.selectors.assessments import judgement_of
from customers.selectors.tiers import rules_now

TOP = 5
MIDDLE, RADIUS = (150, 104), 78


@dataclass(frozen=True, slots=True)
class Score:
    """A criterion with its weight and its score, 0-5; `low` is below what the higher tiers ask."""

    criterion: str
    weight: int
    score: int
    note: str
    low: bool


@dataclass(frozen=True, slots=True)
class Scorecard:
    """`total` is out of 100; `due_on` the day on which the next assessment is due; `overdue` from that day on."""

    assessment: Assessment
    scores: list[Score]
    judged: Judgement
    total: str
    assessed_on: date
    due_on: date
    overdue: bool
    rings: tuple[str, ...]
    shape: str
    corners: list[tuple[int, int, int]]


def scorecard(customer: Customer) -> Scorecard | None:
    """None while the customer has never been assessed. Two queries."""
    found = Assessment.objects.filter(customer=customer).select_related("rules", "assessed_by", "overridden_by").first()
    return _card(found) if found else None


def _card(found: Assessment) -> Scorecard:
    scores = [_score(found, name) for name in CRITERIA]
    assessed_on = calendar().local_date(found.assessed_at)
    every = rules_now().assess_every_days  # today's, as the lists reckon it
    overdue = assessment_due(found.tier, assessed_on, today(), every)
    return Scorecard(
        found, scores, judgement_of(found), f"{found.points / TOP:.1f}".removesuffix(".0"),
        assessed_on, assessed_on + timedelta(every), overdue,
        rings=tuple(_points([level] * len(scores)) for level in (1, 3, 5)),
        shape=_points([each.score for each in scores]), corners=list(_corners(len(scores))),
    )  # fmt: skip


def _score(found: Assessment, criterion: str) -> Score:
    score = int(found.scores.get(criterion, 0))
    low = criterion in ("margin", "credit") and score < ENOUGH
    note = found.notes.get(criterion, "")
    return Score(criterion, found.rules.weights.get(criterion, 0), score, note, low)


def _points(heights: Sequence[int]) -> str:
    return " ".join("{},{}".format(*_at(i, RADIUS * h / TOP, len(heights))) for i, h in enumerate(heights))


def _at(index: int, distance: float, of: int) -> tuple[int, int]:
    angle = 2 * pi * index / of - pi / 2
    return round(MIDDLE[0] + distance * cos(angle)), round(MIDDLE[1] + distance * sin(angle))


def _corners(of: int) -> Iterable[tuple[int, int, int]]:
    """The number of each criterion and where it stands."""
    for index in range(of):
        x, y = _at(index, RADIUS + 14, of)
        yield index + 1, x, y + 4
