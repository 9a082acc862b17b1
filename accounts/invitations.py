"""Invitations: a signed link, for one use, by which somebody sets their first password.

The link is signed from the row's id and nonce. Nothing that opens it is kept: who reads the database has no link.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import audit, edits
from accounts.actions import refuse_unless_admin
from accounts.models import Invitation, OutboxMessage, User
from accounts.selectors import organisation
from config.web.templatetags.formats import day_full

SALT = "accounts.invitation"
KIND = "invitation"  # of the message in the outbox


class LinkDoesNotWork(Exception):
    """The link is used, expired, taken back or forged: nobody is told which."""


@transaction.atomic
def invite(*, person: User, actor: User, base: str) -> Invitation:
    """A new link for somebody who has no password yet, by mail too if they have an address; older links end.

    `base` is the scheme and host that the link begins with, such as https://ascent.example.
    """
    refuse_unless_admin(actor)
    person = edits.locked(person)
    _refuse_uninvitable(person)
    revoke_all(person)
    expires_at = timezone.now() + timedelta(days=settings.INVITATION_DAYS)
    invitation = Invitation.objects.create(user=person, created_by=actor, expires_at=expires_at)
    if person.email:
        _send(invitation, base)
    audit.record("invite", row=person, actor=actor, changes={"expires_at": (None, expires_at)})
    return invitation


def _refuse_uninvitable(person: User) -> None:
    if person.has_usable_password():
        raise ValidationError(_("%(name)s has a password already.") % {"name": person})
    if not may_sign_in(person):
        raise ValidationError(
            _("%(name)s may not sign in today, so there is nothing to invite them to.") % {"name": person}
        )


def may_sign_in(person: User) -> bool:
    """Active today; people of the demo company only while DEBUG is on (accounts/backends.py)."""
    return person.is_active and (settings.DEBUG or not person.is_demo)


def _send(invitation: Invitation, base: str) -> None:
    OutboxMessage.objects.create(
        channel=OutboxMessage.Channel.MAIL, kind=KIND, recipient=invitation.user, model="invitation",
        object_id=invitation.pk, params={"base": base}, due_at=timezone.now(),
    )  # fmt: skip


def revoke_all(*people: User) -> int:
    """Take back whatever link of these people still works; how many."""
    return Invitation.objects.usable().filter(user__in=people).update(revoked_at=timezone.now())


@transaction.atomic
def revoke(*, invitation: Invitation, actor: User) -> None:
    """Take one invitation back; its person stays."""
    refuse_unless_admin(actor)
    if revoke_all(invitation.user):
        audit.record("revoke_invitation", row=invitation.user, actor=actor)


# --- The link


def base_of(request: HttpRequest) -> str:
    """Scheme and host of a request, one of ALLOWED_HOSTS, for links that are read elsewhere."""
    return f"{request.scheme}://{request.get_host()}"


def link_to(invitation: Invitation, base: str) -> str:
    """The link's address."""
    token = signing.Signer(salt=SALT).sign_object([invitation.pk, invitation.nonce])
    return base + reverse("invitation", args=[token])


def opened_by(token: str) -> Invitation:
    """The invitation that this link opens. Raises LinkDoesNotWork."""
    try:
        pk, nonce = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        raise LinkDoesNotWork from None
    found = Invitation.objects.usable().select_related("user", "created_by").filter(pk=pk, nonce=nonce).first()
    if found is None or not may_sign_in(found.user):
        raise LinkDoesNotWork
    return found  # type: ignore[no-any-return]


def accept(*, token: str, password: str) -> User:
    """Set the first password of the link's person; the link is used then. Raises LinkDoesNotWork.

    The password was checked by the caller; it is hashed before the transaction begins, because that takes its time.
    """
    hashed = make_password(password)
    with transaction.atomic():
        invitation = opened_by(token)
        person = edits.locked(invitation.user)
        if not Invitation.objects.usable().filter(pk=invitation.pk).update(used_at=timezone.now()):
            raise LinkDoesNotWork
        person.password = hashed
        person.save(update_fields=["password"])
        audit.record("accept_invitation", row=person, actor=person)
    return person


def mail_of(message: OutboxMessage) -> tuple[str, str] | None:
    """Subject and text of an invitation's mail in its reader's language; None once the link does not work any more."""
    found = Invitation.objects.usable().select_related("user", "created_by").filter(pk=message.object_id).first()
    if found is None or not may_sign_in(found.user):
        return None
    with translation.override(found.user.language):
        words = {
            "name": str(found.user),
            "inviter": str(found.created_by or _("Your administrator")),
            "company": organisation().name or _("your company"),
            "username": found.user.username,
            "link": link_to(found, message.params["base"]),
            "day": day_full(found.expires_at),
        }
        return _subject(words), _text(words)


def _subject(words: dict[str, str]) -> str:
    return " ".join((_("%(inviter)s invites you to Ascent") % words).split())


def _text(words: dict[str, str]) -> str:
    return (
        _(
            "Hello %(name)s,\n\n"
            "%(inviter)s invites you to Ascent, where %(company)s keeps its deals.\n\n"
            "Set your password here:\n%(link)s\n\n"
            "Your login name is %(username)s. The link works once, until %(day)s."
        )
        % words
    )
