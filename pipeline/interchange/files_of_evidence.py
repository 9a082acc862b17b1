"""Files of what was done and proven on opportunities: activities, records, people, decisions, plans."""

from customers.models import Contact
from opportunities.models import (
    Activity,
    ActivityKind,
    Attachment,
    Checkpoint,
    Competitor,
    Decision,
    FactorKey,
    Grade,
    GradeChange,
    JointTask,
    Opportunity,
    Rung,
    Stakeholder,
    StrategySheet,
    Waiver,
)
from opportunities.rules.evidence import TOP
from pipeline.interchange import cells
from pipeline.interchange.columns import ARCHIVED, CREATED_AT, KEY, Column, File, reference, text, words

OPPORTUNITY = reference("opportunity", "opportunities.csv", required=True)
OPPORTUNITY_TABLE = Opportunity._meta.db_table
RUNG = Rung._meta.db_table
# The wording under which a record was made: the one that held then, before all others the first.
_WORDINGS = f"FROM {RUNG} x WHERE x.factor = s.factor AND x.level = s.level"
RUNG_THEN = (
    f"(SELECT r.id FROM {RUNG} r WHERE r.factor = s.factor AND r.level = s.level AND r.valid_from = COALESCE("
    f"(SELECT MAX(x.valid_from) {_WORDINGS} AND x.valid_from <= s.recorded_at),"
    f" (SELECT MIN(x.valid_from) {_WORDINGS})))"
)
RECORD = (
    f"(SELECT k.id FROM {Checkpoint._meta.db_table} k JOIN {OPPORTUNITY_TABLE} o ON o.id = k.opportunity_id"
    " WHERE o.key = s.opportunity AND k.factor = s.factor AND k.level = s.level AND k.recorded_at = s.recorded_at)"
)
# The grade that a record was given at first: what lowered it since stands in grade_changes.csv.
FIRST_GRADE = (
    f"COALESCE((SELECT g.before FROM {GradeChange._meta.db_table} g WHERE g.checkpoint_id = m.id"
    " ORDER BY g.at, g.id LIMIT 1), m.grade)"
)
# Where nothing else proves, the name of a file that did not come along.
WORDS = "COALESCE(NULLIF(s.evidence, ''), CASE WHEN s.attachment IS NULL THEN s.file END, '')"
LEVEL = (
    Column("factor", words(FactorKey), required=True),
    Column("level", cells.whole(1, TOP), "int", required=True),
    Column("recorded_at", cells.moment, "moment", required=True),
)

ACTIVITIES = File(
    "activities.csv",
    Activity,
    (
        KEY,
        Column("kind", words(ActivityKind.Base), required=True, aside=True),
        reference("customer", "customers.csv", required=True, blank=True),
        reference("opportunity", "opportunities.csv"),
        reference("owner", "users.csv", required=True),
        Column("planned_at", cells.moment, "moment"),
        Column("done_at", cells.moment, "moment"),
        text("objective", 500),
        text("outcome", 500),
        reference("kind_key", "activity_kinds.csv", field="kind"),
        Column("cancelled_at", cells.moment, "moment"),
        text("cancelled_reason", 500),
        text("customer_needs", 500),
        text("line_of_talk", 500),
        text("advantage", 500),
        text("said", 500),
        text("promised", 500),
        Column("promised_by", cells.day, "day"),
        text("skill", 500),
        text("coaching", 1000),
        reference("coached_by", "users.csv"),
        Column("coached_at", cells.moment, "moment"),
        CREATED_AT,
        reference("created_by", "users.csv"),
        Column("debriefed_at", cells.moment, "moment", keeps=True),
    ),
    derived=(("debriefed_at", "COALESCE(s.debriefed_at, s.done_at)"),),
)
ACTIVITY_CONTACTS = File(
    "activity_contacts.csv",
    Activity.contacts.through,
    (reference("activity", "activities.csv", required=True), reference("contact", "contacts.csv", required=True)),
    key=("activity", "contact"),
)
KEPT = "interchange_kept"  # staged: under which name the contents of a file are in the storage, and what they are
ATTACHMENTS = File(
    "attachments.csv",
    Attachment,
    (
        Column("key", cells.key_in_address, required=True),
        reference("opportunity", "opportunities.csv"),
        reference("entry", "playbook.csv", field="playbook_entry"),
        text("name", 200, required=True),
        Column("content", cells.text(200), aside=True),
        reference("uploaded_by", "users.csv"),
        Column("uploaded_at", cells.moment, "moment", keeps=True),
    ),
    derived=tuple(
        (name, f"(SELECT k.{name} FROM {KEPT} k WHERE k.csv_line = s.csv_line)")
        for name in ("stored", "name", "content_type", "size")
    ),
)
CHECKPOINTS = File(
    "checkpoints.csv",
    Checkpoint,
    (
        OPPORTUNITY,
        *LEVEL,
        text("evidence", 2000, required=True, blank=True, keeps=True),
        Column("grade", words(Grade), required=True, ours=FIRST_GRADE),
        reference("contact", "contacts.csv"),
        reference("recorded_by", "users.csv"),
        Column("manager_confirmed", cells.flag, "flag", aside=True),
        Column("manager_confirmed_at", cells.moment, "moment", field="confirmed_at", keeps=True),
        Column("withdrawn_at", cells.moment, "moment", keeps=True),
        Column("said_on", cells.day, "day"),
        Column("link", cells.link, empty="", absent=""),
        Column("file", cells.text(200), aside=True),
        reference("attachment", "attachments.csv", field="file", keeps=True),
        reference("activity", "activities.csv"),
        reference("confirmed_by", "users.csv", keeps=True),
        reference("withdrawn_by", "users.csv", keeps=True),
        text("withdrawn_reason", 500, keeps=True),
    ),
    key=("opportunity", "factor", "level", "recorded_at"),
    derived=(("rung_id", RUNG_THEN), ("evidence", WORDS)),
)
GRADE_CHANGES = File(
    "grade_changes.csv",
    GradeChange,
    (
        OPPORTUNITY,
        *LEVEL,
        Column("at", cells.moment, "moment", required=True),
        Column("grade", words(Grade), required=True, field="after"),
        text("reason", 500, required=True),
        reference("actor", "users.csv"),
    ),
    key=("opportunity", "factor", "level", "recorded_at", "at"),
    derived=(("before", "''"),),  # follows from the changes before it (grades.py)
    identity=(("checkpoint_id", RECORD), ("at", "s.at")),
)
STAKEHOLDERS = File(
    "stakeholders.csv",
    Stakeholder,
    (
        KEY,
        OPPORTUNITY,
        reference("contact", "contacts.csv"),
        text("role_title", 200),
        Column("buying_role", words(Contact.BuyingRole), empty="", absent=""),
        Column("influence", cells.whole(1, 5), "int", empty=3, absent=3),
        Column("stance", cells.whole(-2, 2), "int", empty=0, absent=0),
        Column("decision_style", words(Stakeholder.DecisionStyle), empty="", absent=""),
        text("goal", 300),
        text("goal_value", 100),
        Column("goal_on", cells.day, "day"),
        text("gains", 300),
        text("threats", 300),
        Column("may_veto", cells.flag, "flag", empty=False, absent=False),
        Column("veto_state", words(Stakeholder.VetoState), empty="", absent=""),
        text("veto_plan", 500),
        reference("veto_plan_owner", "users.csv"),
        ARCHIVED,
        CREATED_AT,
    ),
)
DECISIONS = File(
    "decisions.csv",
    Decision,
    (
        KEY,
        OPPORTUNITY,
        Column("decision", words(Decision.Choice), required=True),
        text("is_real", 500),
        text("can_win", 500),
        text("worth_it", 500),
        text("cost_of_losing", 500),
        text("reason", 500, required=True),
        text("look_again_if", 500),
        Column("look_again_on", cells.day, "day"),
        reference("decided_by", "users.csv"),
        Column("decided_at", cells.moment, "moment", required=True),
    ),
)
STRATEGY = File(
    "strategy.csv",
    StrategySheet,
    (
        OPPORTUNITY,
        text("sales_theme", 500),
        text("buying_factors", 2000),
        Column("price", cells.amount, "int"),
        text("price_note", 500),
        Column("success_factors", cells.success_factors, "json", empty="{}", absent="{}", show=cells.json_text),
        text("missing_information", 2000),
        text("resources", 2000),
        Column("updated_at", cells.moment, "moment", keeps=True),
        reference("updated_by", "users.csv"),
    ),
    key=("opportunity",),
)
COMPETITORS = File(
    "competitors.csv",
    Competitor,
    (
        KEY,
        OPPORTUNITY,
        text("name", 200, required=True),
        text("strength", 500),
        text("counter", 500),
        ARCHIVED,
        CREATED_AT,
    ),
)
JOINT_PLAN = File(
    "joint_plan.csv",
    JointTask,
    (
        KEY,
        OPPORTUNITY,
        Column("side", words(JointTask.Side), required=True),
        text("title", 300, required=True),
        reference("owner", "users.csv"),
        reference("contact", "contacts.csv"),
        Column("due_on", cells.day, "day"),
        Column("done_on", cells.day, "day"),
        ARCHIVED,
        CREATED_AT,
    ),
)
WAIVERS = File(
    "waivers.csv",
    Waiver,
    (
        OPPORTUNITY,
        Column("asked_at", cells.moment, "moment", required=True),
        reference("asked_by", "users.csv", required=True),
        reference("source", "stages.csv", required=True),
        reference("stage", "stages.csv", required=True),
        text("reason", 500, required=True),
        Column("state", words(Waiver.State), required=True),
        reference("decided_by", "users.csv"),
        Column("decided_at", cells.moment, "moment"),
        text("answer", 500),
    ),
    key=("opportunity", "asked_at"),
)
EVIDENCE_FILES = (
    ACTIVITIES, ACTIVITY_CONTACTS, ATTACHMENTS, CHECKPOINTS, GRADE_CHANGES, STAKEHOLDERS, DECISIONS, STRATEGY,
    COMPETITORS, JOINT_PLAN, WAIVERS,
)  # fmt: skip
