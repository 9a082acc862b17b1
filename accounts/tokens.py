"""Personal API tokens: shown once, kept as a hash."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import AccessToken, User

LAST_USED_STEP = timedelta(minutes=5)


def digest(secret: str) -> str:
    """SHA-256 of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create_token(
    *, user: User, name: str, scope: str = AccessToken.Scope.READ, expires_at: datetime | None = None,
    actor: User | None = None,
) -> tuple[AccessToken, str]:  # fmt: skip
    """A new token and its secret, which cannot be read again."""
    secret = f"asc_{secrets.token_urlsafe(32)}"
    token = AccessToken(user=user, name=name, scope=scope, digest=digest(secret), expires_at=expires_at)
    token.full_clean()
    token.save()
    audit.record("create_token", row=user, actor=actor or user, changes={"scope": (None, scope)})
    return token, secret


def find_token(secret: str) -> AccessToken | None:
    """The usable token with this secret, its person and team loaded."""
    found = AccessToken.objects.usable().select_related("user__team").filter(digest=digest(secret)).first()
    if found is not None and (found.last_used_at is None or found.last_used_at < timezone.now() - LAST_USED_STEP):
        AccessToken.objects.filter(pk=found.pk).update(last_used_at=timezone.now())
    return found
