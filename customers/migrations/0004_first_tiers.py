"""The tier rules as shipped, and the tier that each customer has so far as the first of its history."""

from datetime import UTC, datetime

from django.db import migrations

BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)


def first_rows(apps, schema_editor):
    apps.get_model("customers", "TierRules").objects.get_or_create(valid_from=BEGINNING)
    CustomerTier = apps.get_model("customers", "CustomerTier")
    customers = apps.get_model("customers", "Customer").objects.values_list("pk", "tier").iterator(2_000)
    batch = []
    for pk, tier in customers:
        batch.append(CustomerTier(customer_id=pk, tier=tier, valid_from=BEGINNING))
        if len(batch) == 2_000:
            CustomerTier.objects.bulk_create(batch)
            batch = []
    CustomerTier.objects.bulk_create(batch)


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_tiers_facts_plans")]
    operations = [migrations.RunPython(first_rows, migrations.RunPython.noop)]
