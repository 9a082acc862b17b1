"""When it was said that an activity was done. Of those that were done before this was kept, the moment that was said."""

from django.db import migrations, models

FILL = "UPDATE opportunities_activity SET debriefed_at = done_at WHERE done_at IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0013_index_of_heights_now")]

    operations = [
        migrations.AddField(
            model_name="activity",
            name="debriefed_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
