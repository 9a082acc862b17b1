"""Personal API tokens: shown once, kept as a hash, deleted when they are revoked; the audit trail keeps both."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, last_seen
from accounts.models import AccessToken, User

LAST_USED_STEP = timedelta(minutes=5)


def digest(secret: str) -> str:
    """SHA-256 of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create_token(
    *, user: User, name: str, scope: str = AccessToken.Scope.READ, expires_at: datetime | None = None,
    actor: User | None = None, by: AccessToken | None = None,
) -> tuple[AccessToken, str]:  # fmt: skip
    """A new token and its secret, which cannot be read again.

    `by` is the token that asks for it: it makes none that may do more, or that lives longer, than itself.
    """
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": _("This moment has passed.")})
    _refuse_wider(by, scope, expires_at)
    secret = f"asc_{secrets.token_urlsafe(32)}"
    token = AccessToken(user=user, name=name, scope=scope, digest=digest(secret), expires_at=expires_at)
    token.full_clean()
    token.save()
    told = {"token": name, "scope": scope} | ({"expires_at": expires_at} if expires_at else {})
    audit.record(
        "create_token", row=user, actor=actor or user, changes={field: (None, value) for field, value in told.items()}
    )
    return token, secret


def _refuse_wider(by: AccessToken | None, scope: str, expires_at: datetime | None) -> None:
    if by is None:
        return
    if scope == AccessToken.Scope.WRITE and by.scope != AccessToken.Scope.WRITE:
        raise PermissionDenied(_("This token may only read."))
    if by.expires_at is not None and (expires_at is None or expires_at > by.expires_at):
        raise ValidationError({"expires_at": _("A token makes none that lives longer than itself.")})


@transaction.atomic
def revoke_token(*, token: AccessToken, actor: User) -> None:
    """End a token at once. PermissionDenied for another person's."""
    if token.user_id != actor.pk:
        raise PermissionDenied(_("Tokens are revoked by their own person."))
    gone, _by_model = AccessToken.objects.filter(pk=token.pk).delete()
    if gone:
        audit.record("revoke_token", row=actor, actor=actor, changes={"token": (token.name, None)})


def find_token(secret: str) -> AccessToken | None:
    """The usable token with this secret, its person and team loaded."""
    found = AccessToken.objects.usable().select_related("user__team").filter(digest=digest(secret)).first()
    if found is not None and (found.last_used_at is None or found.last_used_at < timezone.now() - LAST_USED_STEP):
        last_seen.unless_busy(AccessToken.objects.filter(pk=found.pk), last_used_at=timezone.now())
    return found
