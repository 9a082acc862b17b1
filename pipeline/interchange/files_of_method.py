"""Files of the method as the company has set it: ladders, gate, kinds of activity, playbook."""

from datetime import datetime

from accounts.actions import BEGINNING
from opportunities.models import (
    ActivityKind,
    Factor,
    FactorKey,
    MethodSetting,
    PlaybookEntry,
    PlaybookVersion,
    Rung,
)
from opportunities.rules.evidence import TOP
from pipeline.interchange import cells
from pipeline.interchange.columns import ARCHIVED, CREATED_AT, KEY, Column, File, reference, text, words


def _unless_always(at: datetime) -> datetime | None:
    return None if at == BEGINNING else at


SINCE = Column(
    "at", cells.moment, "moment", field="valid_from", empty=BEGINNING, absent=BEGINNING, show=_unless_always
)  # fmt: skip
WORDING = (text("title_zh", 200), text("title_en", 200), text("body_zh", 20000), text("body_en", 20000))

FACTORS = File(
    "factors.csv",
    Factor,
    (
        Column("key", words(FactorKey), required=True),
        Column("position", cells.whole(1, 100), "int", required=True),
        text("name_zh", 50, required=True),
        text("name_en", 50, required=True),
    ),
)
RUNGS = File(
    "rungs.csv",
    Rung,
    (
        Column("factor", words(FactorKey), required=True),
        Column("level", cells.whole(0, TOP), "int", required=True),
        SINCE,
        text("checkpoint_zh", 300, required=True),
        text("checkpoint_en", 300, required=True),
        text("evidence_zh", 300),
        text("evidence_en", 300),
        text("question_zh", 300),
        text("question_en", 300),
    ),
    key=("factor", "level", "at"),
)
METHOD_SETTINGS = File(
    "method_settings.csv",
    MethodSetting,
    (
        SINCE,
        Column("gate_mode", words(MethodSetting.GateMode), required=True),
        Column("grade_needs", cells.needs, "json", empty="{}", absent="{}", show=cells.needs_in_words),
    ),
    key=("at",),
)
ACTIVITY_KINDS = File(
    "activity_kinds.csv",
    ActivityKind,
    (
        KEY,
        text("name_zh", 50, required=True),
        text("name_en", 50, required=True),
        Column("base", words(ActivityKind.Base), required=True),
        Column("position", cells.whole(1, 1000), "int", empty=1, absent=1),
        ARCHIVED,
    ),
)
PLAYBOOK = File(
    "playbook.csv",
    PlaybookEntry,
    (
        KEY,
        Column("kind", words(PlaybookEntry.Kind), required=True),
        *WORDING,
        Column("rungs", cells.rungs, "json", empty="[]", absent="[]"),
        ARCHIVED,
        CREATED_AT,
    ),
)
PLAYBOOK_STAGES = File(
    "playbook_stages.csv",
    PlaybookEntry.stages.through,
    (
        reference("entry", "playbook.csv", required=True, field="playbookentry"),
        reference("stage", "stages.csv", required=True),
    ),
    key=("entry", "stage"),
)
PLAYBOOK_PRODUCTS = File(
    "playbook_products.csv",
    PlaybookEntry.products.through,
    (
        reference("entry", "playbook.csv", required=True, field="playbookentry"),
        reference("product", "products.csv", required=True),
    ),
    key=("entry", "product"),
)
PLAYBOOK_VERSIONS = File(
    "playbook_versions.csv",
    PlaybookVersion,
    (
        reference("entry", "playbook.csv", required=True),
        Column("number", cells.whole(1, 1_000_000), "int", required=True),
        *WORDING,
        Column("saved_at", cells.moment, "moment", required=True),
        reference("saved_by", "users.csv"),
    ),
    key=("entry", "number"),
)
METHOD_FILES = (
    FACTORS, RUNGS, METHOD_SETTINGS, ACTIVITY_KINDS, PLAYBOOK, PLAYBOOK_STAGES, PLAYBOOK_PRODUCTS, PLAYBOOK_VERSIONS,
)  # fmt: skip
