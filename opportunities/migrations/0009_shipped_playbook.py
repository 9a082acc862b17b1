"""The shipped entries of the playbook (METHOD.md §6), from opportunities/shipped/playbook."""

import re
from pathlib import Path

from django.db import migrations

SHIPPED = Path(__file__).resolve().parents[1] / "shipped" / "playbook"
LANGUAGE = re.compile(r"^=== (zh|en)\n", re.MULTILINE)


def ship_playbook(apps, schema_editor):
    """Add the entries that are missing; tie those without a stage to theirs. Twice changes nothing."""
    entries = apps.get_model("opportunities", "PlaybookEntry")
    versions = apps.get_model("opportunities", "PlaybookVersion")
    stages = apps.get_model("opportunities", "Stage")
    for path in sorted(SHIPPED.glob("*.md")):
        fields, wording = read(path.read_text(encoding="utf-8"))
        entry, is_new = entries.objects.get_or_create(
            key=path.stem, defaults={"kind": fields["kind"], "rungs": fields["rungs"].split(), **wording}
        )
        if is_new:
            versions.objects.create(entry=entry, number=1, **wording)
        if not entry.stages.exists():
            entry.stages.set(stages.objects.filter(key__in=fields["stages"].split()))


def read(text):
    """The fields above the texts, and title and text in both languages."""
    head, _zh, body_zh, _en, body_en = LANGUAGE.split(text)
    fields = dict(line.split(": ", 1) for line in head.strip().splitlines())
    wording = {"title_zh": fields["title_zh"], "title_en": fields["title_en"]}
    return fields, {**wording, "body_zh": body_zh.strip(), "body_en": body_en.strip()}


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0008_speed")]

    operations = [migrations.RunPython(ship_playbook, migrations.RunPython.noop, elidable=False)]
