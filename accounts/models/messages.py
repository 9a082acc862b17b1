"""What has to be sent, what a person was told, and what they want to be told."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from accounts.querysets import NotificationQuerySet, OutboxQuerySet


class Kind(models.TextChoices):
    """What a person is told about."""

    HANDED_OVER = "handed_over", _("Something was handed to me")
    OVERDUE = "overdue", _("Next steps of mine are overdue")
    RENEWAL_DUE = "renewal_due", _("Contracts of my customers are about to end")
    IMPORT_ENDED = "import_ended", _("An import or export of mine has ended")
    WAIVER_ASKED = "waiver_asked", _("Somebody asks me for a waiver")
    WAIVER_DECIDED = "waiver_decided", _("A waiver that I asked for is decided")
    COACHED = "coached", _("A manager left a note on a debrief of mine")
    CONTACTS_KEPT = "contacts_kept", _("Contacts are kept with whom nothing was done for years")
    NIGHTLY_FAILED = "nightly_failed", _("A nightly run has failed")


class OutboxMessage(models.Model):
    """Something to be sent once its moment has come, written in the transaction of the change that causes it.

    An undo of that change drops it. `once` names what must not be told twice, such as a day's digest of a person.
    """

    class Channel(models.TextChoices):
        BELL = "bell", _("In Ascent")
        MAIL = "mail", _("Mail")

    channel = models.CharField(max_length=10, choices=Channel)
    kind = models.CharField(max_length=30)  # one of Kind, or `invitation`
    recipient = models.ForeignKey(User, models.PROTECT, related_name="+")
    model = models.CharField(max_length=50, blank=True)
    object_id = models.BigIntegerField(null=True)
    object_version = models.PositiveIntegerField(null=True)  # the change that an undo would take back
    params = models.JSONField(default=dict)  # ids and numbers for the words, which are chosen when it is sent
    once = models.CharField(max_length=100, null=True, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    claim = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)  # undone, switched off, or no longer the reader's to see
    failed_at = models.DateTimeField(null=True)  # given up after the last attempt

    objects = OutboxQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="outbox_waiting",
                condition=models.Q(sent_at__isnull=True, dropped_at__isnull=True, failed_at__isnull=True),
            ),
            models.Index(fields=["model", "object_id"], name="outbox_about_one_row"),
            models.Index(fields=["created_at"], name="outbox_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient_id} by {self.channel}"


class Notification(models.Model):
    """What a person was told: shown with its row only while they may see that."""

    recipient = models.ForeignKey(User, models.PROTECT, related_name="notifications")
    kind = models.CharField(max_length=30, choices=Kind)
    model = models.CharField(max_length=50, blank=True)
    object_id = models.BigIntegerField(null=True)
    params = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    read_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notification_of_one_person"),
            models.Index(
                fields=["recipient"], name="notification_unread", condition=models.Q(read_at__isnull=True)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient_id}"


class NotificationPreference(models.Model):
    """How a person wants to be told of a kind of thing; without a row by bell and mail."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notification_preferences")
    kind = models.CharField(max_length=30, choices=Kind)
    bell = models.BooleanField(default=True)
    mail = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="notification_preference_once_a_kind")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind}"
