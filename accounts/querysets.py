"""The words of accounts' querysets."""

from datetime import date, timedelta
from typing import Any, Self

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

LAST_PLACE = 32_767  # of a saved view that was never put anywhere
GATHERING = timedelta(minutes=1)


class TeamQuerySet(models.QuerySet[Any]):
    def below(self, team: Any) -> Self:
        """This team and all below it."""
        return self.filter(path__startswith=team.path)

    def in_use(self) -> Self:
        return self.filter(archived_at__isnull=True)


class UserQuerySet(models.QuerySet[Any]):
    def active_on(self, day: date) -> Self:
        """People who may sign in on this date; both ends count, and nobody who was deactivated may."""
        return self.filter(
            models.Q(deactivated_at__isnull=True),
            models.Q(active_from__isnull=True) | models.Q(active_from__lte=day),
            models.Q(active_until__isnull=True) | models.Q(active_until__gte=day),
        )

    def with_unread(self) -> Self:
        """With `has_unread`: whether the bell may have something to count, so that mostly nobody asks how much."""
        notifications = self.model._meta.get_field("notifications").related_model._default_manager
        return self.annotate(has_unread=models.Exists(notifications.unread().filter(recipient=models.OuterRef("pk"))))

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
    def of(self, user: Any) -> Self:
        """Everybody sees their own alone."""
        return self.filter(user=user)

    def usable(self) -> Self:
        return self.filter(models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=timezone.now()))


class InvitationQuerySet(models.QuerySet[Any]):
    def usable(self) -> Self:
        """Neither used, taken back nor expired."""
        return self.filter(used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now())


class AuditQuerySet(models.QuerySet[Any]):
    """Rows of the trail are only added."""

    def update(self, **changes: Any) -> int:
        raise TypeError("Rows of the audit trail are not changed.")

    def delete(self) -> Any:
        raise TypeError("Rows of the audit trail are not deleted.")


class OutboxQuerySet(models.QuerySet[Any]):
    def waiting(self) -> Self:
        """Neither sent, dropped nor given up."""
        return self.filter(sent_at__isnull=True, dropped_at__isnull=True, failed_at__isnull=True)

    def due(self) -> Self:
        """Those whose moment has come and that nobody has in hand."""
        now = timezone.now()
        free = models.Q(leased_until__isnull=True) | models.Q(leased_until__lt=now)
        return self.waiting().filter(free, due_at__lte=now)

    def gathered(self) -> Self:
        """Without hand-overs that are about to be joined by another one to the same person, for a minute at most."""
        now = timezone.now()
        coming = self.model.objects.waiting().filter(
            kind="handed_over", recipient=models.OuterRef("recipient"), due_at__gt=now
        )
        late = models.Q(due_at__lte=now - GATHERING)
        return self.filter(~models.Q(kind="handed_over") | late | ~models.Exists(coming))


class NotificationQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """One's own, those about a row only while one may see that."""
        from accounts import visibility  # which knows the models, and so this module

        return visibility.visible_notifications(self, user)  # type: ignore[return-value]

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class SavedViewQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """One's own, and those that the people of one's team share."""
        mine = models.Q(owner=user)
        return self.filter(mine | models.Q(team=user.team_id)) if user.team_id else self.filter(mine)

    def reachable_by(self, user: Any) -> Self:
        """Those, and what people in this person's charge share, which they may delete; of administrators all shared."""
        seen = models.Q(owner=user)
        if user.team_id:
            seen |= models.Q(team=user.team_id)
        if user.is_admin:
            seen |= models.Q(scope="team")
        elif user.is_manager and user.team_id:
            seen |= models.Q(scope="team", owner__team__path__startswith=user.team.path)
        return self.filter(seen)

    def placed_for(self, user: Any) -> Self:
        """In the order that this person has put them into, with `position` and `is_default`; in one query."""
        own = models.FilteredRelation("places", condition=models.Q(places__user=user))
        found = self.annotate(
            place=own,
            position=Coalesce(models.F("place__position"), models.Value(LAST_PLACE)),
            is_default=Coalesce(models.F("place__is_default"), models.Value(False)),
        )
        return found.order_by("position", "id")
