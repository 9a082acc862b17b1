"""The signs of contacts in use stand in their indexes with the customer."""

from django.db import migrations, models
from django.db.models import Q


def index(field, name):
    return models.Index(fields=[field, "customer"], name=name, condition=~Q(**{field: ""}) & Q(archived_at=None))


class Migration(migrations.Migration):
    dependencies = [("customers", "0007_signs_of_contacts")]
    operations = [
        migrations.RemoveIndex("contact", "contact_by_phone"),
        migrations.RemoveIndex("contact", "contact_by_mail_domain"),
        migrations.AddIndex("contact", index("normalised_phone", "contact_by_phone")),
        migrations.AddIndex("contact", index("mail_domain", "contact_by_mail_domain")),
    ]
