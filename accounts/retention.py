"""What accounts does not keep for ever. Rows of the audit trail are never deleted."""

from collections import Counter

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.idempotency import KEPT
from accounts.models import IdempotencyRecord, Invitation, Notification, OutboxMessage
from config.web.retention import days_ago, delete_in_batches


def forget_old() -> Counter[str]:
    """Delete what has been kept for long enough; how many rows of each table."""
    return Counter({
        "messages": delete_in_batches(_old_messages()),
        "notifications": delete_in_batches(_old_notifications()),
        "invitations": delete_in_batches(_old_invitations()),
        "idempotency": delete_in_batches(IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT)),
        "sessions": delete_in_batches(Session.objects.filter(expire_date__lt=timezone.now())),
    })  # fmt: skip


def _old_messages() -> QuerySet[OutboxMessage]:
    """Sent, dropped or given up, and not younger than KEEP_MESSAGES_DAYS."""
    done = Q(sent_at__isnull=False) | Q(dropped_at__isnull=False) | Q(failed_at__isnull=False)
    return OutboxMessage.objects.filter(done, created_at__lt=days_ago(settings.KEEP_MESSAGES_DAYS))


def _old_notifications() -> QuerySet[Notification]:
    read = Q(read_at__lt=days_ago(settings.KEEP_READ_NOTIFICATIONS_DAYS))
    return Notification.objects.filter(read | Q(created_at__lt=days_ago(settings.KEEP_NOTIFICATIONS_DAYS)))


def _old_invitations() -> QuerySet[Invitation]:
    """Those whose link has long been of no use."""
    then = days_ago(settings.KEEP_INVITATIONS_DAYS)
    return Invitation.objects.filter(Q(used_at__lt=then) | Q(revoked_at__lt=then) | Q(expires_at__lt=then))
