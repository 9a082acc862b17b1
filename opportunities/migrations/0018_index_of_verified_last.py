"""When something of an opportunity was proved last: My day and what stands still ask it of every open one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0017_audit_of_parts")]

    operations = [
        migrations.AddIndex(
            model_name="checkpoint",
            index=models.Index(
                fields=["opportunity", "-verified_at"],
                condition=models.Q(verified_at__isnull=False, withdrawn_at__isnull=True),
                name="checkpoint_verified_last",
            ),
        ),
    ]
