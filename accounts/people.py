"""Writes about people: invited, changed, ended, begun again.

What a change means for somebody's opportunities stands above, in opportunities/actions/people.py.
"""

from collections.abc import Iterable
from copy import copy
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import edits
from accounts.actions import BEGINNING, create_person, refuse_unless_admin
from accounts.invitations import invite, revoke_all
from accounts.models import AccessToken, Invitation, Team, User, UserTeam
from accounts.selectors import calendar, today

PERSON_FIELDS = ("name", "email", "role", "team", "language", "active_from", "active_until")
ACCESS = frozenset({"role", "active_from", "active_until"})  # what somebody does not set for themselves
LONGEST_NAME = 64
NOBODY = (False, False, False)


def suggested_username(email: str) -> str:
    """A login name that is free, made of the address: its part before the @, with a number when that is taken."""
    allowed = "".join(letter for letter in email.partition("@")[0].lower() if letter.isalnum() or letter in "._-")
    stem = allowed[: LONGEST_NAME - 4] or "person"
    found = User.objects.filter(username__istartswith=stem).values_list("username", flat=True)
    taken = {name.lower() for name in found}
    return next(name for name in (stem, *(f"{stem}{number}" for number in range(2, 9999))) if name not in taken)


@transaction.atomic
def invite_person(*, actor: User, email: str, base: str, username: str = "", **fields: Any) -> Invitation:
    """A new person, who has no password yet, and the link by which they set it.

    Without `username` one is made of the address. `base` is the scheme and host that the link begins with.
    """
    refuse_unless_admin(actor)
    person = _new_person(actor=actor, email=email, username=username or suggested_username(email), **fields)
    return invite(person=person, actor=actor, base=base)


@transaction.atomic
def new_person(*, actor: User, username: str, **fields: Any) -> User:
    """A new person without an invitation: they have no password until they get one."""
    refuse_unless_admin(actor)
    return _new_person(actor=actor, username=username, **fields)


def _new_person(*, actor: User, username: str, email: str = "", **fields: Any) -> User:
    _refuse_dates(fields.get("active_from"), fields.get("active_until"))
    refuse_archived_team(fields.get("team"))
    _refuse_taken(email, None)
    username = User.normalize_username(username)
    try:
        refuse_taken_name(username)
    except ValidationError as error:
        raise ValidationError({"username": error}) from error
    User(username=username, email=email, **fields).full_clean(exclude=["password", "team"], validate_constraints=False)
    try:
        with transaction.atomic():
            return create_person(username=username, email=email, actor=actor, **fields)
    except IntegrityError as error:  # somebody else was quicker by less than the checks above take
        raise ValidationError(_("This login name or address has just been taken.")) from error


@transaction.atomic
def edit_person(
    *, person: User, changes: dict[str, Any], seen: int | None, actor: User, at: datetime | None = None
) -> User:
    """Set fields of PERSON_FIELDS; a new team counts from `at` (now) on (FINE-PRINT 6).

    Nobody changes their own role or dates, and the last active administrator stays one.
    """
    refuse_unless_admin(actor)
    wanted = {name: value for name, value in changes.items() if name in PERSON_FIELDS}
    keep_an_administrator(person, wanted)
    person = edits.locked(person)
    found, before = edits.differences(person, wanted), person.team
    _refuse_own_access(person, actor, found)
    _refuse_impossible(person, wanted, found)
    person = edits.edit(person, changes=wanted, seen=seen, actor=actor)
    if "team" in found:
        _begin_in_team(person, before, at or timezone.now())
    if "email" in found:
        revoke_all(person)  # a link that was mailed to the old address opens nothing any more
    return person


def _refuse_own_access(person: User, actor: User, found: dict[str, Any]) -> None:
    if person.pk != actor.pk:
        return
    for name in sorted(ACCESS & set(found)):
        raise ValidationError(
            {name: _("Another administrator changes this for you, so that nobody locks themselves out.")}
        )


def _refuse_impossible(person: User, wanted: dict[str, Any], found: dict[str, Any]) -> None:
    if {"active_from", "active_until"} & set(found):
        _refuse_dates(wanted.get("active_from", person.active_from), wanted.get("active_until", person.active_until))
    if "team" in found:
        refuse_archived_team(wanted["team"])
    if "email" in found:
        _refuse_taken(wanted["email"], person)


def _refuse_dates(since: Any, until: Any) -> None:
    if since and until and since > until:
        raise ValidationError({"active_until": _("The person ends before they begin.")})


def refuse_archived_team(team: Team | None) -> None:
    if team is None:
        return
    if Team.objects.select_for_update(no_key=True).get(pk=team.pk).archived_at is not None:
        raise ValidationError({"team": _("This team is archived. Restore it first.")})


def is_taken(email: str, person: User | None) -> bool:
    """Whether somebody other than `person` has this address."""
    others = User.objects.exclude(pk=person.pk) if person else User.objects.all()
    return bool(email) and others.filter(email__iexact=email).exists()


def refuse_taken_name(username: str) -> None:
    """ValidationError when somebody has this login name: sign-in does not tell letters' cases apart."""
    if username and User.objects.filter(username__iexact=username).exists():
        raise ValidationError(_("This login name is taken."))


def _refuse_taken(email: str, person: User | None) -> None:
    if is_taken(email, person):
        raise ValidationError({"email": _("Somebody else has this address.")})


def keep_an_administrator(person: User, changes: dict[str, Any]) -> None:
    """Refuse a change that leaves no active administrator, or none without an end date where there was one.

    Administrators stay locked meanwhile.
    """
    if not ({*ACCESS, "deactivated_at"} & set(changes)):
        return
    admins = list(User.objects.select_for_update(no_key=True).filter(role=User.Role.ADMIN).order_by("pk"))
    held = next((admin for admin in admins if admin.pk == person.pk), None)
    if held is None:
        return
    after, day = copy(held), today()
    for name, value in changes.items():
        setattr(after, name, value)
    others = [admin for admin in admins if admin.pk != person.pk]
    if administration([after, *others], day) < administration(admins, day):
        text = _("The last active administrator stays one.")
        raise ValidationError({"role": text} if "role" in changes else text)


def administration(people: Iterable[User], day: date) -> tuple[bool, bool, bool]:
    """How well an installation is administered: somebody does, who can sign in, and whose time has no end.

    Of several administrators the best counts; tuples compare in this order.
    """
    active = [person for person in people if person.is_admin and person.active_on(day)]
    return max(((True, _can_sign_in(person), person.active_until is None) for person in active), default=NOBODY)


def _can_sign_in(person: User) -> bool:
    has_password = bool(person.password) and person.has_usable_password()
    return has_password and (settings.DEBUG or not person.is_demo)


def _begin_in_team(person: User, before: Team | None, at: datetime) -> None:
    if not UserTeam.objects.filter(user=person).exists():  # made by `createsuperuser`
        UserTeam.objects.create(user=person, team=before, valid_from=BEGINNING)
    UserTeam.objects.create(user=person, team=person.team, valid_from=at)


@transaction.atomic
def end_access(*, person: User, seen: int | None, actor: User) -> User:
    """Deactivate somebody: no sign-in from now on; running sessions, tokens and invitations end at once."""
    refuse_unless_admin(actor)
    if person.pk == actor.pk:
        raise ValidationError(_("Another administrator deactivates you, so that nobody locks themselves out."))
    now, day = timezone.now(), today()
    changes: dict[str, Any] = {"deactivated_at": now}
    keep_an_administrator(person, changes)
    person = edits.locked(person)
    if person.deactivated_at is not None:
        return person
    if not (person.active_from and person.active_from > day) and not (
        person.active_until and person.active_until < day
    ):
        changes["active_until"] = day
    agreed = person.active_until if person.active_until and person.active_until > day else None
    kept = {"agreed_until": agreed}
    person = edits.edit_locked(person, changes=changes, seen=seen, actor=actor, action="deactivate", besides=kept)
    AccessToken.objects.usable().filter(user=person).update(expires_at=now)
    revoke_all(person)
    _end_sessions(person)
    return person


def _end_sessions(person: User) -> None:
    """A session does not name its person in a column, so the running ones are read: some thousands at most."""
    running = Session.objects.filter(expire_date__gt=timezone.now())
    own = [row.pk for row in running.iterator() if row.get_decoded().get("_auth_user_id") == str(person.pk)]
    Session.objects.filter(pk__in=own).delete()


@transaction.atomic
def reactivate_person(*, person: User, seen: int | None, actor: User) -> User:
    """Let somebody sign in again, with the password that they had; tokens and invitations stay ended.

    An end that was agreed before and still lies ahead holds again, unless another one was set meanwhile.
    """
    refuse_unless_admin(actor)
    person = edits.locked(person)
    if person.deactivated_at is None:
        return person
    refuse_archived_team(person.team)
    changes: dict[str, Any] = {"deactivated_at": None}
    day, agreed = today(), person.agreed_until
    if person.active_until is not None and person.active_until <= day:
        brought_forward = person.active_until == calendar().local_date(person.deactivated_at)
        changes["active_until"] = agreed if brought_forward and agreed is not None and agreed >= day else None
    kept = {"agreed_until": None}
    return edits.edit_locked(person, changes=changes, seen=seen, actor=actor, action="reactivate", besides=kept)
