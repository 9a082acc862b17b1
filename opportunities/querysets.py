"""The words of opportunities' querysets."""

from datetime import UTC, date, datetime
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef
from django.db.models.functions import Trim

from accounts import visibility
from accounts.models import AuditEntry, User

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


class StageQuerySet(models.QuerySet[Any]):
    def open(self) -> Self:
        """The open stages in order, retired ones left out."""
        return self.filter(outcome="open", retired_at__isnull=True).order_by("position", "id")

    def in_use(self) -> Self:
        """All stages in order, retired ones left out."""
        return self.filter(retired_at__isnull=True).order_by("position", "id")


class OpportunityQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        return visibility.visible_opportunities(self, user)  # type: ignore[return-value]

    def editable_by(self, user: User) -> Self:
        return visibility.editable_opportunities(self, user)  # type: ignore[return-value]

    def in_use(self) -> Self:
        """Without the archived ones."""
        return self.filter(archived_at__isnull=True)

    def open(self) -> Self:
        return self.filter(outcome="open")

    def overdue(self, day: date) -> Self:
        """Open ones whose next step was due before this day (FINE-PRINT 51)."""
        return self.in_use().open().filter(next_step_due__lt=day).alias(said=Trim("next_step")).exclude(said="")

    def with_names(self) -> Self:
        """With the rows that a page names beside an opportunity."""
        return self.select_related("customer", "stage", "owner", "team", "product")


class TimedQuerySet(models.QuerySet[Any]):
    def at_end_of(self, end: datetime) -> Self:
        """The versions that held when the day that ends at `end` ended (FINE-PRINT 1: half-open at midnight)."""
        return self.filter(valid_from__lt=end, valid_to__gte=end)

    def current(self) -> Self:
        return self.filter(valid_to=FOREVER)


class VersionQuerySet(TimedQuerySet):
    pass


class HeightsQuerySet(TimedQuerySet):
    pass


class RungQuerySet(models.QuerySet[Any]):
    def current(self) -> Self:
        """The wordings that hold now, one for each factor and level."""
        later = self.model.objects.filter(
            factor=models.OuterRef("factor"),
            level=models.OuterRef("level"),
            valid_from__gt=models.OuterRef("valid_from"),
        )
        return self.filter(~models.Exists(later))


class OfOpportunityQuerySet(models.QuerySet[Any]):
    """Rows that are seen and changed with their opportunity."""

    def visible_to(self, user: User) -> Self:
        return visibility.visible_with_opportunity(self, user)  # type: ignore[return-value]

    def editable_by(self, user: User) -> Self:
        return visibility.editable_with_opportunity(self, user)  # type: ignore[return-value]

    def in_use(self) -> Self:
        """Without the archived ones."""
        return self.filter(archived_at__isnull=True)


class CheckpointQuerySet(OfOpportunityQuerySet):
    def standing(self) -> Self:
        """Without the withdrawn ones."""
        return self.filter(withdrawn_at__isnull=True)

    def awaiting_confirmation(self) -> Self:
        """E2 on levels 5-6 that a manager has not confirmed."""
        return self.standing().filter(grade="E2", level__gte=5, confirmed_at__isnull=True)


class AttachmentQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        return visibility.visible_attachments(self, user)  # type: ignore[return-value]

    def in_use(self) -> Self:
        """Without the removed ones."""
        return self.filter(removed_at__isnull=True)


class PlaybookQuerySet(models.QuerySet[Any]):
    """Everybody's to read (METHOD.md §10)."""

    def in_use(self) -> Self:
        """Without the archived ones."""
        return self.filter(archived_at__isnull=True)


IN_USE = models.Q(opportunity__isnull=True) | models.Q(opportunity__archived_at__isnull=True)


class ActivityQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        return visibility.visible_activities(self, user)  # type: ignore[return-value]

    def visible_among_few(self, user: User) -> Self:
        """The same where other conditions leave few rows."""
        return visibility.visible_among_few_activities(self, user)  # type: ignore[return-value]

    def editable_by(self, user: User) -> Self:
        return visibility.editable_activities(self, user)  # type: ignore[return-value]

    def planned(self) -> Self:
        """Neither done nor cancelled, and not of an archived opportunity: nothing comes of those any more."""
        return self.filter(IN_USE, done_at__isnull=True, cancelled_at__isnull=True)

    def done(self) -> Self:
        return self.filter(done_at__isnull=False)

    def cancelled(self) -> Self:
        return self.filter(cancelled_at__isnull=False)

    def within(self, begin: datetime, end: datetime) -> Self:
        """Those that were done between two moments, or are planned for then; what was cancelled is left out."""
        planned = IN_USE & models.Q(planned_at__gte=begin, planned_at__lt=end, done_at__isnull=True)
        done = models.Q(done_at__gte=begin, done_at__lt=end)
        return self.filter(planned | done, cancelled_at__isnull=True)

    def with_names(self) -> Self:
        """With the rows that a list names beside an activity."""
        return self.select_related("kind", "customer", "opportunity", "owner__team")


class CalendarFeedQuerySet(models.QuerySet[Any]):
    """Private calendar addresses."""

    def usable(self) -> Self:
        """Those of people who were not deactivated since they made them: who comes back has none of before."""
        ended = AuditEntry.objects.filter(
            model="user", object_id=OuterRef("user_id"), action="deactivate", at__gte=OuterRef("created_at")
        )
        return self.filter(~Exists(ended))
