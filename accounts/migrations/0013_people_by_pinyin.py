"""Lists sort people by the pinyin of their names."""

from django.db import migrations, models

from config.web.sorting import sort_key


def fill(apps, _schema_editor):
    people = apps.get_model("accounts", "User").objects
    rows = list(people.only("name", "username"))
    for row in rows:
        row.sort_key = sort_key(row.name or row.username)
    people.bulk_update(rows, ["sort_key"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_audit_of_parts")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="sort_key",
            field=models.CharField(db_index=True, default="", editable=False, max_length=200),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterModelOptions(name="user", options={"ordering": ["sort_key", "id"]}),
    ]
