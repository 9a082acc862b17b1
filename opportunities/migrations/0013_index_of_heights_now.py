"""The index of open ones with their heights, so that sums read nothing else.

In a transaction of its own: together with the UPDATE before, the index would hold each row as it was and as it is.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0012_heights_now")]

    operations = [
        migrations.AddIndex(
            model_name="opportunity",
            index=models.Index(
                condition=models.Q(("archived_at__isnull", True), ("outcome", "open")),
                fields=["stage", "entered_at", "-id"],
                include=(
                    "amount", "win_rate", "entered_on", "customer", "owner", "team",
                    "now_demand", "now_power", "now_goal", "now_value", "now_coordination",
                ),
                name="opportunity_open_of_stage",
            ),
        ),
    ]  # fmt: skip
