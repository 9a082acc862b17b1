"""The audit trail."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.people import User
from accounts.querysets import AuditQuerySet


class AuditEntry(models.Model):
    """Who changed what, when, through which door: one row a write, never changed afterwards.

    `part_of` is the id of the row of which the changed one is a part, so that nobody has to read its parts.
    """

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    door = models.CharField(max_length=20)
    action = models.CharField(max_length=50)
    model = models.CharField(max_length=50)
    object_id = models.BigIntegerField(null=True)
    label = models.CharField(max_length=300, blank=True)
    object_version = models.PositiveIntegerField(null=True)
    changes = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    part_of = models.BigIntegerField(null=True, editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["model", "object_id", "-id"], name="audit_of_one_row"),
            models.Index(fields=["actor", "-id"], name="audit_of_one_person"),
            models.Index(fields=["at", "id"], name="audit_by_moment"),
            models.Index(fields=["request_id"], name="audit_of_one_request"),
            models.Index(fields=["part_of", "at"], condition=Q(part_of__isnull=False), name="audit_of_parts"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.model} {self.object_id}"

    def save(self, *args: Any, **options: Any) -> None:
        """A row is written once."""
        if not self._state.adding:
            raise TypeError("Rows of the audit trail are not changed.")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> Any:
        raise TypeError("Rows of the audit trail are not deleted.")
