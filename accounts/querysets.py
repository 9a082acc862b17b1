"""The words of accounts' querysets."""

from datetime import date
from typing import Any, Self

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.utils import timezone


class TeamQuerySet(models.QuerySet[Any]):
    def below(self, team: Any) -> Self:
        """This team and all below it."""
        return self.filter(path__startswith=team.path)

    def in_use(self) -> Self:
        return self.filter(archived_at__isnull=True)


class UserQuerySet(models.QuerySet[Any]):
    def active_on(self, day: date) -> Self:
        """People who may sign in on this date; both ends count."""
        return self.filter(
            models.Q(active_from__isnull=True) | models.Q(active_from__lte=day),
            models.Q(active_until__isnull=True) | models.Q(active_until__gte=day),
        )

    def in_team(self, team: Any) -> Self:
        """People whose team is this one or lies below it."""
        return self.filter(team__path__startswith=team.path)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> Any:
        return self.get(username=username)

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Any:
        """A person; without a password they cannot sign in until they are invited."""
        fields.setdefault("name", username)
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.email = self.normalize_email(user.email)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> Any:
        """The first administrator of an installation (`createsuperuser`)."""
        return self.create_user(username, password, role=self.model.Role.ADMIN, **fields)


class AccessTokenQuerySet(models.QuerySet[Any]):
    def usable(self) -> Self:
        return self.filter(models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=timezone.now()))
