from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_normalised_names_and_merges")]

    operations = [migrations.AddField("merge", "taken_up", models.JSONField(default=dict))]
