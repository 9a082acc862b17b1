"""The shipped stages (METHOD.md §2), and on PostgreSQL the constraint that versions never overlap."""

from datetime import UTC, datetime
from decimal import Decimal

from django.db import migrations

STAGES = [
    ("discover", "发现机会", "Discover", "open", "0.10", 0),
    ("validate", "需求确认", "Validate need", "open", "0.25", 2),
    ("cocreate", "方案共创", "Co-create solution", "open", "0.50", 3),
    ("decide", "决策认同", "Win the decision", "open", "0.75", 4),
    ("lock", "商务锁定", "Lock the terms", "open", "0.90", 5),
    ("won", "签约登顶", "Signed", "won", "1", None),
    ("lost", "输单", "Lost", "lost", "0", None),
    ("no_decision", "客户不买", "No decision", "no_decision", "0", None),
    ("no_go", "主动放弃", "No-go", "no_go", "0", None),
]
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)


def ship_stages(apps, schema_editor):
    stage_model = apps.get_model("opportunities", "Stage")
    setting_model = apps.get_model("opportunities", "StageSetting")
    for position, (key, name_zh, name_en, outcome, rate, floor) in enumerate(STAGES, start=1):
        stage = stage_model.objects.create(
            key=key, name_zh=name_zh, name_en=name_en, position=position, outcome=outcome,
            win_rate=Decimal(rate), floor=floor, expected_days=30,
        )  # fmt: skip
        setting_model.objects.create(
            stage=stage, valid_from=BEGINNING, win_rate=Decimal(rate), floor=floor, expected_days=30
        )


def refuse_overlaps(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    schema_editor.execute(
        "ALTER TABLE opportunities_opportunityversion ADD CONSTRAINT version_never_overlaps"
        " EXCLUDE USING gist (opportunity_id WITH =, tstzrange(valid_from, valid_to) WITH &&)"
        " DEFERRABLE INITIALLY DEFERRED"
    )


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0001_initial")]

    operations = [
        migrations.RunPython(ship_stages, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(refuse_overlaps, migrations.RunPython.noop, elidable=False),
    ]
