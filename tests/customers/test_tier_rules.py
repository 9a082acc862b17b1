"""The 5A tier by the rules: every threshold, one step below it, every gate (METHOD.md §4). No database."""

import pytest

from customers.rules import tiers
from customers.rules.tiers import CRITERIA, Reason, judge

WEIGHTS, THRESHOLDS = tiers.shipped_weights(), tiers.shipped_thresholds()


def judged(scores, **options):
    given = dict(zip(CRITERIA, map(int, scores), strict=True))
    return judge(given, **{"weights": WEIGHTS, "thresholds": THRESHOLDS, **options})


# The digits are sales, margin, growth, potential, credit, goals, openness; their weights 20 15 10 15 15 15 10.
CASES = [
    ("5555555", 100, "5A"), ("0000000", 0, "1A"), ("3333333", 60, "3A"), ("4444444", 80, "4A"),
    # 5A from 85 with margin >= 3 and credit >= 3
    ("5555333", 84, "4A"), ("5553533", 84, "4A"), ("5553535", 88, "5A"), ("5355355", 88, "5A"), ("5255555", 91, "4A"),
    ("5155555", 88, "4A"), ("5355553", 90, "5A"), ("5555255", 91, "3A"), ("5555355", 94, "5A"), ("5055555", 85, "4A"),
    ("5355353", 84, "4A"), ("5355345", 85, "5A"), ("5435452", 84, "4A"), ("5245555", 89, "4A"), ("4355555", 90, "5A"),
    # 4A from 70 with credit >= 3, whatever the margin
    ("4334433", 70, "4A"), ("4343433", 69, "3A"), ("4333433", 67, "3A"), ("4353433", 71, "4A"), ("5055530", 69, "3A"),
    ("5055531", 71, "4A"), ("5555205", 76, "3A"), ("5555305", 79, "4A"), ("5455155", 85, "3A"), ("3443433", 68, "3A"),
    # 3A from 55
    ("3333302", 49, "1A"), ("3333232", 55, "3A"), ("3333231", 53, "1A"), ("3333222", 52, "1A"), ("5500000", 35, "1A"),
    ("5550200", 51, "1A"), ("5550300", 54, "1A"), ("5550310", 57, "3A"), ("5551300", 57, "3A"), ("5550301", 56, "3A"),
    # 2A: potential, goals and openness together from 25 of 40
    ("0005005", 25, "2A"), ("0005004", 23, "1A"), ("0000055", 25, "2A"), ("0004043", 30, "2A"), ("0003032", 22, "1A"),
    ("0003033", 24, "1A"), ("0003034", 26, "2A"), ("0004042", 28, "2A"), ("0002050", 21, "1A"), ("0005032", 28, "2A"),
    ("5005005", 45, "2A"), ("5505050", 65, "3A"),
]  # fmt: skip


@pytest.mark.parametrize(("scores", "total", "tier"), CASES)
def test_the_tier_follows_from_the_scores(scores, total, tier):
    found = judged(scores)
    assert (found.total, found.tier) == (total, tier)


def test_there_are_enough_cases_and_each_tier_is_among_them():
    assert len(CASES) >= 40
    assert {tier for _scores, _total, tier in CASES} == set(tiers.TIERS)


@pytest.mark.parametrize(
    ("scores", "negative", "late", "tier"),
    [
        ("5555555", True, None, "2A"), ("4444444", True, None, "2A"), ("3333333", True, None, "2A"),
        ("0005005", True, None, "2A"), ("0000000", True, None, "1A"), ("5555555", False, 91, "2A"),
        ("5555555", False, 90, "5A"), ("4444444", False, 91, "2A"), ("3333333", False, 91, "2A"),
        ("3333333", False, 90, "3A"), ("0005005", False, 400, "2A"), ("0000000", False, 400, "1A"),
        ("5555555", True, 91, "2A"), ("5555555", False, 0, "5A"),
    ],
)  # fmt: skip
def test_a_gate_turns_any_higher_tier_into_2a(scores, negative, late, tier):
    assert judged(scores, negative_margin=negative, payment_days_late=late).tier == tier


@pytest.mark.parametrize(
    ("scores", "options", "reasons"),
    [
        ("5555555", {}, ()),
        ("4444444", {}, (Reason("points", "5A", 85, 80),)),
        ("5155555", {}, (Reason("margin", "5A", 3, 1),)),
        ("5555255", {}, (Reason("credit", "4A", 3, 2),)),
        ("3333333", {}, (Reason("points", "4A", 70, 60),)),
        ("0005004", {}, (Reason("potential", "2A", 25, 23),)),
        ("0005005", {}, (Reason("points", "3A", 55, 25),)),
        ("4353433", {"payment_days_late": 91}, (Reason("payment_late", "4A", 90, 91),)),
        ("5555555", {"negative_margin": True}, (Reason("negative_margin", "5A"),)),
        ("0005005", {"negative_margin": True, "payment_days_late": 91}, (Reason("points", "3A", 55, 25),)),
    ],
)
def test_it_says_why_it_is_no_higher_one(scores, options, reasons):
    assert judged(scores, **options).reasons == reasons


def test_no_threshold_is_met_by_rounding():
    weights = {**dict.fromkeys(CRITERIA, 14), "openness": 16}
    scores = dict(zip(CRITERIA, map(int, "4444444"), strict=True))
    assert judge(scores, weights=weights, thresholds={**THRESHOLDS, "4A": 80}).tier == "4A"
    scores["sales"] = 3
    found = judge(scores, weights=weights, thresholds={**THRESHOLDS, "4A": 78})
    assert (found.total, found.tier) == (77.2, "3A")


RULES = {
    "weights": WEIGHTS, "thresholds": THRESHOLDS, "cadence_days": tiers.shipped_cadence(),
    "plan_required": tiers.shipped_plan_required(), "review_depth": tiers.shipped_review_depth(),
    "accounts_per_rep": tiers.shipped_accounts_per_rep(),
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("weights", {**WEIGHTS, "sales": 21}, "hundred"), ("weights", {"sales": 100}, "range"),
        ("weights", {**WEIGHTS, "sales": "20"}, "range"), ("thresholds", {**THRESHOLDS, "4A": 85}, "falling"),
        ("thresholds", {**THRESHOLDS, "5A": 101}, "range"), ("thresholds", {"5A": 85}, "range"),
        ("cadence_days", {"5A": 7}, "range"), ("cadence_days", dict.fromkeys(tiers.TIERS, -1), "range"),
        ("accounts_per_rep", dict.fromkeys(tiers.TIERS, 1.5), "range"), ("plan_required", ["6A"], "unknown"),
        ("review_depth", dict.fromkeys(tiers.TIERS, "often"), "unknown"), ("review_depth", {}, "unknown"),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_are_named(field, value, code):
    assert tiers.problems(RULES) == {}
    assert tiers.problems({**RULES, field: value}) == {field: code}
