"""Customers have their normalised name; a merge keeps what it archived and from which day on it rewrites the past."""

from django.db import migrations, models

from customers.rules.names import normalised_name

BATCH = 2_000


def normalise(apps, schema_editor):
    Customer = apps.get_model("customers", "Customer")
    last = 0
    while rows := list(Customer.objects.filter(pk__gt=last).order_by("pk").only("pk", "name")[:BATCH]):
        for row in rows:
            row.normalised_name = normalised_name(row.name)
        Customer.objects.bulk_update(rows, ["normalised_name"], batch_size=500)
        last = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_first_tiers")]
    operations = [
        migrations.AddField("merge", "archived", models.JSONField(default=dict)),
        migrations.AddField("merge", "from_day", models.DateField(null=True)),
        migrations.RunPython(normalise, migrations.RunPython.noop),
    ]
