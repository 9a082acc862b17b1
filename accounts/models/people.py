"""People, teams, invitations."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.querysets import InvitationQuerySet, TeamQuerySet, UserManager
from config.web.revisions import Revised, random_key
from config.web.sorting import LONGEST, sort_key


class Team(Revised):
    """A node of the team tree; `path` holds the ids from the root, such as `/1/4/`, so a subtree is a prefix."""

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    name = models.CharField(_("name"), max_length=200)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    path = models.CharField(max_length=500, editable=False, db_index=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class User(AbstractBaseUser, Revised):
    """A person who signs in. Imported people have no password until they are invited."""

    class Role(models.TextChoices):
        REP = "rep", _("Sales rep")
        MANAGER = "manager", _("Manager")
        EXECUTIVE = "executive", _("Executive")
        ADMIN = "admin", _("Administrator")

    class Theme(models.TextChoices):
        AUTO = "auto", _("Like the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Language(models.TextChoices):
        ZH = "zh-hans", "简体中文"
        EN = "en", "English"

    username = models.CharField(
        _("login name"), max_length=64, unique=True, validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("This login name is taken.")},
    )  # fmt: skip
    name = models.CharField(_("full name"), max_length=150)
    email = models.EmailField(_("email"), blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.REP)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    language = models.CharField(_("language"), max_length=10, choices=Language, default=Language.ZH)
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    rail = models.BooleanField(_("narrow navigation"), default=True)
    shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)
    active_from = models.DateField(_("active from"), null=True, blank=True)
    active_until = models.DateField(_("active until"), null=True, blank=True)
    deactivated_at = models.DateTimeField(null=True, blank=True, editable=False)
    agreed_until = models.DateField(null=True, blank=True, editable=False)  # before it was ended early
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sort_key = models.CharField(max_length=LONGEST, default="", editable=False, db_index=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    objects = UserManager()

    class Meta:
        ordering = ["sort_key", "id"]
        constraints = [
            models.CheckConstraint(
                name="user_active_from_before_until",
                condition=models.Q(active_from__isnull=True)
                | models.Q(active_until__isnull=True)
                | models.Q(active_from__lte=models.F("active_until")),
            ),
            models.UniqueConstraint(
                Lower("username"), name="user_login_name_is_one_persons",
                violation_error_message=_("This login name is taken."),
            ),
            models.UniqueConstraint(
                Lower("email"), name="user_email_is_one_persons", condition=~models.Q(email=""),
                violation_error_message=_("Somebody else has this address."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name or self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """With the key by which lists sort the name."""
        names = kwargs.get("update_fields")
        if names is None or "name" in names:
            self.sort_key = sort_key(str(self))
            kwargs["update_fields"] = names and [*names, "sort_key"]
        super().save(*args, **kwargs)

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether the person may sign in today, in the organisation's time zone."""
        from accounts.selectors import today

        return self.active_on(today())

    def active_on(self, day: Any) -> bool:
        """Whether the person may sign in on this date; both ends count, and nobody who was deactivated may."""
        return (
            self.deactivated_at is None
            and (self.active_from is None or self.active_from <= day)
            and (self.active_until is None or self.active_until >= day)
        )

    def get_full_name(self) -> str:
        return self.name

    @property
    def is_admin(self) -> bool:
        return self.role == self.Role.ADMIN

    @property
    def is_manager(self) -> bool:
        return self.role == self.Role.MANAGER

    @property
    def sees_everything(self) -> bool:
        return self.role in (self.Role.EXECUTIVE, self.Role.ADMIN)

    @property
    def sells(self) -> bool:
        """Reps and managers edit sales records; executives and administrators read them."""
        return self.role in (self.Role.REP, self.Role.MANAGER)


class UserTeam(models.Model):
    """Which team a person was in from a moment on; the first row of a person begins before all time."""

    user = models.ForeignKey(User, models.PROTECT, related_name="team_history")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    valid_from = models.DateTimeField()

    class Meta:
        ordering = ["user", "valid_from"]
        constraints = [models.UniqueConstraint(fields=["user", "valid_from"], name="user_team_one_at_a_moment")]

    def __str__(self) -> str:
        return f"{self.user_id} -> {self.team_id}"


class Invitation(models.Model):
    """A link by which a person sets their first password: one use, until it expires or is taken back.

    The link is signed from the row's id and nonce (accounts/invitations.py), so the database alone opens nothing.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="invitations")
    nonce = models.CharField(max_length=16, default=random_key, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.user_id} until {self.expires_at:%Y-%m-%d}"
