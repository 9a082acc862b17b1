"""The scorecard and what a tier is treated to, as shipped (METHOD.md §4). Pure: no ORM, no request, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

CRITERIA = ("sales", "margin", "growth", "potential", "credit", "goals", "openness")
TIERS = ("5A", "4A", "3A", "2A", "1A")  # the highest first
KEY_ACCOUNTS = ("4A", "5A")
REVIEW_DEPTHS = ("weekly", "monthly", "quarterly", "none")
RULE_FIELDS = (
    "weights", "thresholds", "cadence_days", "plan_required", "review_depth", "accounts_per_rep", "assess_every_days",
    "decision_maker_days",
)  # fmt: skip
TABLES = {  # of these fields: the keys, the largest number of each
    "weights": (CRITERIA, 100),
    "thresholds": (TIERS[:-1], 100),
    "cadence_days": (TIERS, 3650),
    "accounts_per_rep": (TIERS, 100_000),
}


def shipped_weights() -> dict[str, int]:
    """{criterion: weight}, 100 in all."""
    return dict(zip(CRITERIA, (20, 15, 10, 15, 15, 15, 10), strict=True))


def shipped_thresholds() -> dict[str, int]:
    """{tier: points from which it is reached}; of 2A: of potential, goals and openness together."""
    return {"5A": 85, "4A": 70, "3A": 55, "2A": 25}


def shipped_cadence() -> dict[str, int]:
    """{tier: days within which the customer is to be in touch with us}, 0 = none."""
    return {"5A": 7, "4A": 14, "3A": 30, "2A": 90, "1A": 0}


def shipped_plan_required() -> list[str]:
    """The tiers that need an account plan."""
    return ["5A", "4A"]


def shipped_review_depth() -> dict[str, Any]:
    """{tier: one of REVIEW_DEPTHS}: how often an account is gone through in depth."""
    return {"5A": "weekly", "4A": "weekly", "3A": "monthly", "2A": "quarterly", "1A": "none"}


def shipped_accounts_per_rep() -> dict[str, int]:
    """{tier: accounts of it that a rep can do justice to}; 0 = without limit."""
    return {"5A": 3, "4A": 8, "3A": 20, "2A": 40, "1A": 0}


FULL = 5  # the highest score of a criterion
ENOUGH = 3  # the score of margin and credit that a high tier needs
LATE_DAYS = 90  # a payment later than this is a gate
POTENTIAL_OF = ("potential", "goals", "openness")  # what makes a customer of little yet a 2A


@dataclass(frozen=True, slots=True)
class Treatment:
    """How customers of a tier are treated: `cadence_days` 0 = no contact is asked for; one of REVIEW_DEPTHS."""

    cadence_days: int
    plan_required: bool
    review_depth: str


def treatment_of(tier: str, held: Any) -> Treatment | None:
    """By the `cadence_days`, `plan_required` and `review_depth` of the rules held; None without a tier."""
    if not tier:
        return None
    return Treatment(held.cadence_days[tier], tier in held.plan_required, held.review_depth[tier])


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a customer is not in a higher tier: `code` with what it needs and what is there.

    Codes: `points` (total too low), `margin`, `credit` (score too low), `potential` (2A), `negative_margin`,
    `payment_late` (the gates; `tier` is then what the points alone would give).
    """

    code: str
    tier: str
    needed: float | int = 0
    there: float | int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an assessment comes to: points in fifths (0-500), the tier, why it is no higher one."""

    points: int
    tier: str
    reasons: tuple[Reason, ...] = ()

    @property
    def total(self) -> float:
        """0 to 100."""
        return self.points / FULL


def points_of(scores: Mapping[str, int], weights: Mapping[str, int], names: Iterable[str] = CRITERIA) -> int:
    """The weighted score of some criteria, in fifths of a point, so that no threshold is met or missed by rounding."""
    return sum(scores[name] * weights[name] for name in names)


def judge(
    scores: Mapping[str, int],
    *,
    weights: Mapping[str, int],
    thresholds: Mapping[str, int],
    negative_margin: bool = False,
    payment_days_late: int | None = None,
) -> Judgement:
    """The highest tier whose conditions all hold, hard gates last (METHOD.md §4)."""
    points = points_of(scores, weights)
    earned = next(tier for tier in TIERS if not _lacking(tier, scores, points, weights, thresholds))
    gates = _gates(earned, negative_margin, payment_days_late)
    tier = "2A" if gates else earned
    above = TIERS[TIERS.index(earned) - 1] if earned != TIERS[0] else ""
    reasons = gates or (_lacking(above, scores, points, weights, thresholds) if above else ())
    return Judgement(points, tier, tuple(reasons))


def _gates(earned: str, negative_margin: bool, payment_days_late: int | None) -> list[Reason]:
    """The hard gates that take a customer down from a tier higher than 2A."""
    if TIERS.index(earned) >= TIERS.index("2A"):
        return []
    found = [Reason("negative_margin", earned)] if negative_margin else []
    if payment_days_late is not None and payment_days_late > LATE_DAYS:
        found.append(Reason("payment_late", earned, LATE_DAYS, payment_days_late))
    return found


def _lacking(
    tier: str, scores: Mapping[str, int], points: int, weights: Mapping[str, int], thresholds: Mapping[str, int]
) -> list[Reason]:
    """What is missing for a tier; nothing: its conditions hold."""
    if tier == "1A":
        return []
    if tier == "2A":
        there = points_of(scores, weights, POTENTIAL_OF)
        enough = there >= thresholds["2A"] * FULL
        return [] if enough else [Reason("potential", tier, thresholds["2A"], there / FULL)]
    found = [] if points >= thresholds[tier] * FULL else [Reason("points", tier, thresholds[tier], points / FULL)]
    needed = {"5A": ("margin", "credit"), "4A": ("credit",)}.get(tier, ())
    return found + [Reason(name, tier, ENOUGH, scores[name]) for name in needed if scores[name] < ENOUGH]


def problems(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with tier rules, {field: code}: `hundred`, `falling`, `range` or `unknown`."""
    found: dict[str, str] = {}
    weights, thresholds = values["weights"], values["thresholds"]
    for name, (keys, most) in TABLES.items():
        if not _whole(values[name], keys, most):
            found[name] = "range"
    if "weights" not in found and sum(weights.values()) != 100:
        found["weights"] = "hundred"
    if "thresholds" not in found and not thresholds["5A"] > thresholds["4A"] > thresholds["3A"]:
        found["thresholds"] = "falling"
    if not set(values["plan_required"]) <= set(TIERS):
        found["plan_required"] = "unknown"
    if set(values["review_depth"]) != set(TIERS) or not set(values["review_depth"].values()) <= set(REVIEW_DEPTHS):
        found["review_depth"] = "unknown"
    return found


def _whole(values: Mapping[str, Any], names: Iterable[str], most: int) -> bool:
    """Whether there is a whole number up to `most` for each name, and nothing else."""
    whole = all(
        isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most for value in values.values()
    )
    return whole and set(values) == set(names)
