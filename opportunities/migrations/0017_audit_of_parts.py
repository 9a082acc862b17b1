"""The audit trail says of which opportunity a changed part is one, of what was written before too."""

from django.db import migrations
from django.db.models import OuterRef, Subquery

PARTS = ("Stakeholder", "JointTask", "StrategySheet", "Competitor")


def tell(apps, _schema_editor):
    entries = apps.get_model("accounts", "AuditEntry").objects
    for name in PARTS:
        part = apps.get_model("opportunities", name).objects.filter(pk=OuterRef("object_id"))
        entries.filter(model=name.lower()).update(part_of=Subquery(part.values("opportunity")[:1]))


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0016_indexes_of_ones_own"), ("accounts", "0012_audit_of_parts")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
