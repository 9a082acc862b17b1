"""The audit trail says of which opportunity an activity is one, of what was written before too."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def tell(apps, _schema_editor):
    activity = apps.get_model("opportunities", "Activity").objects.filter(pk=OuterRef("object_id"))
    entries = apps.get_model("accounts", "AuditEntry").objects.filter(model="activity")
    entries.update(part_of=Subquery(activity.values("opportunity")[:1]))


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0018_index_of_verified_last"), ("accounts", "0013_people_by_pinyin")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
