"""The words of opportunities' querysets."""

from datetime import UTC, date, datetime
from typing import Any, Self

from django.db import models
from django.db.models.functions import Trim

from accounts import visibility
from accounts.models import User

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


class VersionQuerySet(models.QuerySet[Any]):
    def at_end_of(self, end: datetime) -> Self:
        """The versions that held when the day that ends at `end` ended (FINE-PRINT 1: half-open at midnight)."""
        return self.filter(valid_from__lt=end, valid_to__gte=end)

    def current(self) -> Self:
        return self.filter(valid_to=FOREVER)
