"""What the nightly work keeps: each day's totals, and which days have been computed."""

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Team, User
from config.web.money import MoneyField
from customers.models import Product
from opportunities.models import Stage


class DailyTotal(models.Model):
    """The open pipeline at the end of a day, by owner, team, stage and product of then."""

    day = models.DateField()
    owner = models.ForeignKey(User, models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="+")
    count = models.PositiveIntegerField()
    amount = MoneyField(total=True)
    weighted = MoneyField(total=True)
    counted = MoneyField(total=True)
    unassessed_count = models.PositiveIntegerField()
    unassessed_amount = MoneyField(total=True)

    class Meta:
        ordering = ["day", "id"]
        constraints = [
            models.UniqueConstraint(
                "day", "owner", Coalesce("team", 0), "stage", Coalesce("product", 0), name="daily_total_once_a_group"
            ),  # fmt: skip
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.count}"


class NightlyRun(models.Model):
    """One step of the nightly work of one day: who has claimed it until when, and how it ended."""

    class Step(models.TextChoices):
        TOTALS = "totals", _("Totals of the day")

    class State(models.TextChoices):
        DUE = "due", pgettext_lazy("night", "Due")
        RUNNING = "running", _("Running")
        FINISHED = "finished", _("Finished")
        FAILED = "failed", _("Failed")

    day = models.DateField(_("day"))
    step = models.CharField(_("step"), max_length=20, choices=Step, default=Step.TOTALS)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DUE)
    claim = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    rows = models.PositiveIntegerField(_("rows"), null=True)
    error = models.CharField(_("error"), max_length=500, blank=True)

    class Meta:
        ordering = ["-day", "step"]
        constraints = [models.UniqueConstraint(fields=["day", "step"], name="nightly_run_once_a_day_and_step")]

    def __str__(self) -> str:
        return f"{self.step} {self.day}: {self.state}"
