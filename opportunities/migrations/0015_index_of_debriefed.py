"""What was debriefed lately, which My day tells: without it everything ever done in the person's deals was read.

In a transaction of its own, after the UPDATE.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0014_when_activities_were_debriefed")]

    operations = [
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(fields=["opportunity", "debriefed_at"], name="activity_told_of_opportunity"),
        ),
    ]
