"""Files of what hangs on customers: tiers, assessments, revenue facts, account plans, target customers."""

from customers.models import (
    AccountPlan,
    Assessment,
    Contract,
    Coverage,
    Customer,
    CustomerTier,
    IdealProfile,
    JointAction,
    NpsResponse,
    PlanLine,
    ProfileCriterion,
    Supplier,
    TargetCustomer,
    TierRules,
    Unit,
)
from customers.rules import tiers as rules
from pipeline.interchange import cells
from pipeline.interchange.columns import ARCHIVED, CREATED_AT, KEY, NAME, Column, File, reference, text, words
from pipeline.interchange.files_of_method import SINCE

CUSTOMER = reference("customer", "customers.csv", required=True)
PLAN = reference("plan", "account_plans.csv", required=True)
PERCENT = (cells.whole(0, 100), "int")
# The rules under which an assessment was made: those that held then.
RULES_THEN = (
    f"(SELECT r.id FROM {TierRules._meta.db_table} r WHERE r.valid_from <= s.assessed_at"
    " ORDER BY r.valid_from DESC LIMIT 1)"
)


def _by_tier(name: str, low: int, high: int) -> Column:
    parse = cells.whole_by_name(rules.TIERS, low, high)
    return Column(name, parse, "json", empty="{}", absent="{}", required=True, show=cells.by_name_in_words)


TIER_RULES = File(
    "tier_rules.csv",
    TierRules,
    (
        SINCE,
        Column(
            "weights", cells.whole_by_name(rules.CRITERIA, 0, 100), "json", required=True, show=cells.by_name_in_words
        ),
        _by_tier("thresholds", 0, 100),
        _by_tier("cadence_days", 0, 3650),
        Column("plan_required", cells.names(rules.TIERS), "json", empty="[]", absent="[]", show=cells.names_in_words),
        Column(
            "review_depth", cells.word_by_name(rules.TIERS, rules.REVIEW_DEPTHS), "json", required=True,
            show=cells.by_name_in_words,
        ),
        _by_tier("accounts_per_rep", 0, 100_000),
        Column("assess_every_days", cells.whole(1, 3650), "int", empty=90, absent=90),
        Column("decision_maker_days", cells.whole(1, 3650), "int", empty=90, absent=90),
    ),
    key=("at",),
)  # fmt: skip
CUSTOMER_TIERS = File(
    "customer_tiers.csv",
    CustomerTier,
    (
        CUSTOMER,
        Column("at", cells.moment, "moment", required=True, field="valid_from"),
        Column("tier", words(["", *Customer.Tier.values]), required=True, blank=True, empty=""),
    ),
    key=("customer", "at"),
)
ASSESSMENTS = File(
    "customer_assessments.csv",
    Assessment,
    (
        CUSTOMER,
        Column("assessed_at", cells.moment, "moment", required=True),
        reference("assessed_by", "users.csv"),
        Column("scores", cells.scores, "json", required=True, show=cells.by_name_in_words),
        Column("notes", cells.notes, "json", empty="{}", absent="{}", show=cells.json_text),
        Column("negative_margin", cells.flag, "flag", empty=False, absent=False),
        Column("payment_days_late", cells.whole(0, 32_000), "int"),
        Column("tier", words(Customer.Tier), keeps=True),
        text("override_reason", 500),
        reference("overridden_by", "users.csv"),
        Column("overridden_at", cells.moment, "moment"),
        Column("points", cells.whole(0, 500), "int", keeps=True),
        Column("computed_tier", words(Customer.Tier), keeps=True),
    ),
    key=("customer", "assessed_at"),
    derived=(("rules_id", RULES_THEN),),
)
CONTRACTS = File(
    "contracts.csv",
    Contract,
    (
        KEY,
        CUSTOMER,
        Column("amount", cells.amount, "int"),
        Column("starts_on", cells.day, "day", required=True),
        Column("ends_on", cells.day, "day", required=True),
        reference("renewed_by", "contracts.csv"),
        text("title", 200),
        ARCHIVED,
        CREATED_AT,
    ),
)
NPS = File(
    "nps.csv",
    NpsResponse,
    (
        KEY,
        CUSTOMER,
        reference("contact", "contacts.csv"),
        Column("score", cells.whole(0, 10), "int", required=True),
        Column("answered_on", cells.day, "day", required=True),
        text("comment", 2000),
        ARCHIVED,
    ),
)
SUPPLIERS = File(
    "suppliers.csv",
    Supplier,
    (KEY, CUSTOMER, NAME, Column("annual_amount", cells.amount, "int", required=True), ARCHIVED),
)
UNITS = File("customer_units.csv", Unit, (KEY, CUSTOMER, text("name", 100, required=True), ARCHIVED))
COVERAGE = File(
    "coverage.csv",
    Coverage,
    (
        reference("unit", "customer_units.csv", required=True),
        reference("product", "products.csv", required=True),
        Column("state", words(Coverage.State), required=True),
        text("supplier", 200),
    ),
    key=("unit", "product"),
)
ACCOUNT_PLANS = File(
    "account_plans.csv",
    AccountPlan,
    (
        KEY,
        CUSTOMER,
        Column("year", cells.whole(2000, 2100), "int", required=True),
        *(
            text(name, 2000)
            for name in ("strategy_now", "strategy_later", "our_match", "goals_short", "goals_long", "risks")
        ),
        reference("our_leader", "users.csv"),
        reference("their_leader", "contacts.csv"),
        Column("share_now", *PERCENT),
        Column("share_aimed", *PERCENT),
        Column("confirmed_on", cells.day, "day"),
        ARCHIVED,
        CREATED_AT,
    ),
)
PLAN_LINES = File(
    "account_plan_lines.csv",
    PlanLine,
    (
        KEY,
        PLAN,
        text("strategy", 300, required=True),
        text("our_match", 300),
        Column("revenue", cells.amount, "int"),
        Column("revenue_next", cells.amount, "int"),
        Column("revenue_third", cells.amount, "int"),
        text("milestone", 300),
        Column("milestone_due", cells.day, "day"),
        Column("state", words(PlanLine.State), empty="waiting", absent="waiting"),
        ARCHIVED,
    ),
)
JOINT_ACTIONS = File(
    "joint_actions.csv",
    JointAction,
    (
        KEY,
        PLAN,
        text("action", 300, required=True),
        reference("owner", "users.csv"),
        reference("contact", "contacts.csv"),
        Column("due_on", cells.day, "day"),
        Column("state", words(JointAction.State), empty="open", absent="open"),
        Column("their_state", words(JointAction.State), empty="open", absent="open"),
        text("result", 500),
        ARCHIVED,
    ),
)
IDEAL_PROFILES = File("ideal_profiles.csv", IdealProfile, (KEY, NAME, text("line", 200), ARCHIVED))
PROFILE_CRITERIA = File(
    "profile_criteria.csv",
    ProfileCriterion,
    (
        reference("profile", "ideal_profiles.csv", required=True),
        Column("position", cells.whole(0, 1000), "int", required=True),
        Column("kind", words(ProfileCriterion.Kind), required=True),
        text("value", 500),
        Column("weight", cells.whole(1, 100), "int", required=True),
    ),
    key=("profile", "position"),
)
TARGET_CUSTOMERS = File(
    "target_customers.csv",
    TargetCustomer,
    (
        reference("profile", "ideal_profiles.csv", required=True),
        CUSTOMER,
        reference("owner", "users.csv", required=True),
        text("next_step", 500),
        Column("next_step_due", cells.day, "day"),
        Column("state", words(TargetCustomer.State), empty="open", absent="open"),
        CREATED_AT,
    ),
    key=("profile", "customer"),
)
# Each after what it refers to.
CUSTOMER_FILES = (
    TIER_RULES, CUSTOMER_TIERS, ASSESSMENTS, CONTRACTS, NPS, SUPPLIERS, UNITS, COVERAGE, ACCOUNT_PLANS, PLAN_LINES,
    JOINT_ACTIONS, IDEAL_PROFILES, PROFILE_CRITERIA, TARGET_CUSTOMERS,
)  # fmt: skip
