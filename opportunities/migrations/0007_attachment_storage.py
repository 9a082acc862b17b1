"""Attachments lie in a storage of their own; the database stays as it is."""

import opportunities.models.files
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('opportunities', '0006_shipped_method'),
    ]

    operations = [
        migrations.AlterField(
            model_name='attachment',
            name='stored',
            field=models.FileField(max_length=200, storage=opportunities.models.files.attachment_storage, upload_to=''),
        ),
    ]
