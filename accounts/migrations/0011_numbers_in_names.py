"""Numbers in names are found by four digits at a time: what has any is indexed anew by the task of every ten minutes."""

from django.db import migrations
from django.db.models import Exists, OuterRef


def forget(apps, _schema_editor):
    token = apps.get_model("accounts", "SearchToken")
    numbered = token.objects.filter(kind=OuterRef("kind"), object_id=OuterRef("object_id"), token__regex=r"^[0-9]{2}$")
    token.objects.filter(Exists(numbered)).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_search_reads_the_index_alone")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
