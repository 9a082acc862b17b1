"""Contacts have their phone and the domain of their mail as they are compared."""

from django.db import migrations, models
from django.db.models import Q

from customers.rules.names import signs_of_contact

BATCH = 10_000
SET = "UPDATE customers_contact SET normalised_phone = %s, mail_domain = %s WHERE id = %s"


def note(apps, schema_editor):
    Contact = apps.get_model("customers", "Contact")
    reached, last = Contact.objects.exclude(phone="", email=""), 0
    while rows := list(reached.filter(pk__gt=last).order_by("pk").values_list("pk", "phone", "email")[:BATCH]):
        with schema_editor.connection.cursor() as cursor:
            cursor.executemany(SET, [(*signs_of_contact(phone, email).values(), pk) for pk, phone, email in rows])
        last = rows[-1][0]


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_targets_taken_up")]
    operations = [
        migrations.AddField(
            "contact", "normalised_phone", models.CharField(blank=True, default="", editable=False, max_length=60)
        ),
        migrations.AddField(
            "contact", "mail_domain", models.CharField(blank=True, default="", editable=False, max_length=254)
        ),
        migrations.RunPython(note, migrations.RunPython.noop),
        migrations.AddIndex(
            "contact",
            models.Index(
                fields=["normalised_phone"], name="contact_by_phone", condition=Q(("normalised_phone", ""), _negated=True)
            ),
        ),
        migrations.AddIndex(
            "contact",
            models.Index(
                fields=["mail_domain"], name="contact_by_mail_domain", condition=Q(("mail_domain", ""), _negated=True)
            ),
        ),
    ]
