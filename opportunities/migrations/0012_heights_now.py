"""The verified heights of now on the opportunity itself. The index of open ones, which holds them, follows (0013)."""

from django.db import migrations, models

FACTORS = ["demand", "power", "goal", "value", "coordination"]
COPIES = [f"now_{factor}" for factor in FACTORS]
FILL = f"""
    UPDATE opportunities_opportunity SET ({", ".join(COPIES)}) = (
        SELECT {", ".join(FACTORS)} FROM opportunities_heightsversion h
        WHERE h.opportunity_id = opportunities_opportunity.id ORDER BY h.valid_from DESC LIMIT 1
    ) WHERE id IN (SELECT opportunity_id FROM opportunities_heightsversion)
"""


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0011_index_of_confirmed")]

    operations = [
        migrations.RemoveIndex(model_name="opportunity", name="opportunity_open_of_stage"),
        *(
            migrations.AddField(
                model_name="opportunity",
                name=name,
                field=models.PositiveSmallIntegerField(editable=False, null=True),
            )
            for name in COPIES
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
