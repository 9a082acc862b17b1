"""Of which row a changed one is a part: what others changed in somebody's deals is found without reading every part."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_numbers_in_names")]

    operations = [
        migrations.AddField(
            model_name="auditentry", name="part_of", field=models.BigIntegerField(editable=False, null=True)
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                fields=["part_of", "at"], condition=models.Q(part_of__isnull=False), name="audit_of_parts"
            ),
        ),
    ]
