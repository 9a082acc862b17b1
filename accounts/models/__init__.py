"""People, teams, the organisation, tokens, saved views, messages, and the audit trail."""

from accounts.models.api import AccessToken, IdempotencyRecord
from accounts.models.audit import AuditEntry
from accounts.models.messages import Kind, Notification, NotificationPreference, OutboxMessage
from accounts.models.organisation import Organisation
from accounts.models.people import Invitation, Team, User, UserTeam
from accounts.models.search import SearchToken
from accounts.models.views import SavedView, SavedViewPlace

__all__ = [
    "AccessToken",
    "AuditEntry",
    "IdempotencyRecord",
    "Invitation",
    "Kind",
    "Notification",
    "NotificationPreference",
    "Organisation",
    "OutboxMessage",
    "SavedView",
    "SavedViewPlace",
    "SearchToken",
    "Team",
    "User",
    "UserTeam",
]
