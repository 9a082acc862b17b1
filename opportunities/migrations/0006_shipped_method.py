"""The shipped ladders, milestones, needs of grades and kinds of activity (METHOD.md §2, §3, §6)."""

import csv
from datetime import UTC, datetime
from pathlib import Path

from django.db import migrations

LADDERS = Path(__file__).resolve().parents[1] / "shipped" / "ladders.csv"
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
FACTORS = [
    ("demand", "需求", "Demand"),
    ("power", "权力", "Power"),
    ("goal", "目标", "Goal"),
    ("value", "价值", "Value"),
    ("coordination", "协同", "Coordination"),
]
MILESTONES = {
    "discover": ["demand>=1"],
    "validate": ["demand>=2", "power>=2"],
    "cocreate": ["power>=4", "go"],
    "decide": ["goal>=5", "power>=5", "veto_clear"],
    "lock": ["coordination>=6"],
}
GRADE_NEEDS = {"E1": ["contact", "said_on"], "E2": ["contact", "said_on", "trace"], "E3": ["contact", "said_on", "trace"]}
KINDS = [
    ("visit", "拜访", "Visit"),
    ("call", "电话", "Call"),
    ("meeting", "会议", "Meeting"),
    ("demo", "演示", "Demo"),
    ("negotiation", "谈判", "Negotiation"),
    ("survey", "调研", "Survey"),
    ("proposal", "方案", "Proposal"),
    ("other", "其他", "Other"),
]
TEXTS = ("checkpoint_zh", "checkpoint_en", "evidence_zh", "evidence_en", "question_zh", "question_en")


def ship_method(apps, schema_editor):
    factor_model = apps.get_model("opportunities", "Factor")
    for position, (key, name_zh, name_en) in enumerate(FACTORS, start=1):
        factor_model.objects.create(key=key, position=position, name_zh=name_zh, name_en=name_en)
    _ship_rungs(apps.get_model("opportunities", "Rung"))
    setting_model = apps.get_model("opportunities", "MethodSetting")
    setting_model.objects.create(valid_from=BEGINNING, grade_needs=GRADE_NEEDS)
    kind_model = apps.get_model("opportunities", "ActivityKind")
    for position, (key, name_zh, name_en) in enumerate(KINDS, start=1):
        kind_model.objects.create(key=key, base=key, position=position, name_zh=name_zh, name_en=name_en)
    for key, milestones in MILESTONES.items():
        apps.get_model("opportunities", "Stage").objects.filter(key=key).update(milestones=milestones)
        settings = apps.get_model("opportunities", "StageSetting").objects.filter(stage__key=key)
        settings.update(milestones=milestones)


def _ship_rungs(rung_model):
    with LADDERS.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            texts = {name: "" if row[name] == "—" else row[name] for name in TEXTS}
            rung_model.objects.create(factor=row["factor"], level=row["level"], valid_from=BEGINNING, **texts)


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0005_evidence")]

    operations = [migrations.RunPython(ship_method, migrations.RunPython.noop, elidable=False)]
