"""What every list and My day begin with, read from an index alone: which opportunities are somebody's, how they moved."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0015_index_of_debriefed")]

    operations = [
        migrations.RemoveIndex(model_name="opportunity", name="opportunity_of_owner"),
        migrations.AddIndex(
            model_name="opportunity",
            index=models.Index(
                fields=["owner", "outcome", "stage"], include=("id", "archived_at"), name="opportunity_of_owner"
            ),
        ),
        migrations.AddIndex(
            model_name="opportunityversion",
            index=models.Index(
                fields=["opportunity", "valid_from"],
                include=("stage", "outcome", "entered_at"),
                condition=models.Q(entered_at=models.F("valid_from")),
                name="version_entering_a_stage",
            ),
        ),
    ]
