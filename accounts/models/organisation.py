"""The organisation."""

from typing import Any
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.web.revisions import Revised


def monday_to_friday() -> list[int]:
    """ISO weekdays, 1 = Monday."""
    return [1, 2, 3, 4, 5]


class Organisation(Revised):
    """The one company whose pipeline this installation holds."""

    class Industry(models.TextChoices):
        MANUFACTURING = "manufacturing", _("Manufacturing")
        SERVICES = "services", _("Services")

    name = models.CharField(_("name"), max_length=200)
    industry = models.CharField(_("industry"), max_length=20, choices=Industry, default=Industry.MANUFACTURING)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    timezone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    fiscal_year_start_month = models.PositiveSmallIntegerField(_("first month of the fiscal year"), default=1)
    working_days = models.JSONField(_("working days"), default=monday_to_friday)
    is_demo = models.BooleanField(default=False, editable=False)
    set_up_at = models.DateTimeField(null=True, blank=True, editable=False)  # the first-start guide was gone through

    class Meta:
        constraints = [
            models.CheckConstraint(name="organisation_is_one", condition=models.Q(id=1)),
            models.CheckConstraint(
                name="organisation_fiscal_year_starts_in_a_month",
                condition=models.Q(fiscal_year_start_month__gte=1, fiscal_year_start_month__lte=12),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Any = None) -> None:
        """Also: the currency and the time zone are known ones, the working days weekdays, the month a month."""
        super().clean_fields(exclude=exclude)
        found = {
            "currency": None if self.currency in list_currencies() else _("This is not a currency."),
            "timezone": None if self.timezone in available_timezones() else _("There is no such time zone."),
            "working_days": None if are_weekdays(self.working_days) else _("Choose one working day at least."),
            "fiscal_year_start_month": (
                None if 1 <= self.fiscal_year_start_month <= 12 else _("There is no such month.")
            ),
        }
        errors = {name: text for name, text in found.items() if text and name not in (exclude or ())}
        if errors:
            raise ValidationError(errors)


def are_weekdays(days: Any) -> bool:
    """Whether these are ISO weekdays (1 = Monday), one at least, each once, in order."""
    return bool(days) and set(days) <= set(range(1, 8)) and list(days) == sorted(set(days))
