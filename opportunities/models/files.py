"""Files that belong to an opportunity or to a playbook entry."""

from django.core.files.storage import Storage, storages
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from config.web.file_types import PREVIEWED
from config.web.revisions import random_key
from opportunities.models.opportunities import Opportunity
from opportunities.querysets import AttachmentQuerySet


def attachment_storage() -> Storage:
    """The private storage of STORAGES: a folder outside of what is served, or an S3-compatible bucket."""
    return storages["attachments"]


class Attachment(models.Model):
    """A file as it was checked and stored: `stored` is its random name, `name` what it is called to people."""

    key = models.CharField(max_length=64, unique=True, default=random_key, editable=False)
    opportunity = models.ForeignKey(Opportunity, models.PROTECT, null=True, blank=True, related_name="attachments")
    playbook_entry = models.ForeignKey(
        "PlaybookEntry", models.PROTECT, null=True, blank=True, related_name="attachments"
    )
    stored = models.FileField(max_length=200, storage=attachment_storage)
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    uploaded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="attachment_belongs_to_one_thing",
                condition=models.Q(opportunity__isnull=False, playbook_entry__isnull=True)
                | models.Q(opportunity__isnull=True, playbook_entry__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        """Whether it was drawn anew, and so may be shown."""
        return self.content_type in PREVIEWED
