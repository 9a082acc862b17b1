"""What was confirmed lately, which My day tells: without it every record of the person's opportunities was read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0010_heights_of_versions")]

    operations = [
        migrations.AddIndex(
            model_name="checkpoint",
            index=models.Index(
                condition=models.Q(("confirmed_at__isnull", False)),
                fields=["confirmed_at"],
                name="checkpoint_confirmed_lately",
            ),
        ),
    ]
