"""What the nightly work keeps: each day's totals, and which days have been computed; imports and exports."""

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Team, User
from config.web.money import MoneyField
from config.web.revisions import random_key
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


class WorkspaceRun(models.Model):
    """An import or export of the workspace: who asked for it, who has claimed it until when, how it goes."""

    key = models.CharField(max_length=16, unique=True, default=random_key, editable=False)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    claim = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    step = models.CharField(max_length=60, blank=True)  # a file's name, or what is done with all of them
    rows = models.PositiveIntegerField(default=0)  # of this step so far
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    error = models.CharField(_("error"), max_length=500, blank=True)

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.key


class ImportRun(WorkspaceRun):
    """A workspace that was uploaded: checked, then confirmed by a person, then written."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", pgettext_lazy("import", "Waiting to be checked")
        CHECKING = "checking", pgettext_lazy("import", "Being checked")
        CHECKED = "checked", pgettext_lazy("import", "Ready to be imported")
        REFUSED = "refused", pgettext_lazy("import", "Has bad rows")
        CONFIRMED = "confirmed", pgettext_lazy("import", "Waiting to be written")
        WRITING = "writing", pgettext_lazy("import", "Being written")
        FINISHED = "finished", pgettext_lazy("import", "Imported")
        FAILED = "failed", pgettext_lazy("import", "Failed")
        CANCELLED = "cancelled", pgettext_lazy("import", "Cancelled")

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.UPLOADED, db_index=True)
    files = models.JSONField(default=list)  # [{"name", "size"}] as uploaded
    keep_edits = models.BooleanField(_("keep what was changed in Ascent"), default=False)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    report = models.JSONField(null=True)  # pipeline.interchange.Report: counts a file, bad rows, what it overwrites

    @property
    def in_charge(self) -> User:
        """In whose name it is written: who confirmed it; before that, who uploaded it."""
        return self.confirmed_by or self.requested_by


class ExportRun(WorkspaceRun):
    """A workspace written into a zip, to be fetched until it expires by the person who asked for it."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("export", "Waiting")
        RUNNING = "running", pgettext_lazy("export", "Running")
        FINISHED = "finished", pgettext_lazy("export", "Ready to be fetched")
        FAILED = "failed", pgettext_lazy("export", "Failed")
        EXPIRED = "expired", pgettext_lazy("export", "Expired")

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING, db_index=True)
    counts = models.JSONField(default=dict)  # {file: rows}
    size = models.BigIntegerField(null=True)  # bytes
    expires_at = models.DateTimeField(null=True)
