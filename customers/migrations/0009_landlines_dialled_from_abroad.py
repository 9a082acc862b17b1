"""A landline that was written as 86 21 … without a + is compared as 021 …."""

from django.db import migrations

from customers.rules.names import normalised_phone

COLUMNS = {"Customer": "phone", "Contact": "normalised_phone"}


def compare_anew(apps, schema_editor):
    for name, column in COLUMNS.items():
        model = apps.get_model("customers", name)
        rows = list(model.objects.filter(**{f"{column}__startswith": "86"}).only("pk", column))
        for row in rows:
            setattr(row, column, normalised_phone(getattr(row, column)))
        model.objects.bulk_update(rows, [column], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("customers", "0008_indexes_of_contacts_signs")]
    operations = [migrations.RunPython(compare_anew, migrations.RunPython.noop)]
