"""The ladders, the records that climb them, and the heights that follow from the records (METHOD.md §3)."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import calendar
from config.web.revisions import Revised
from customers.models import Contact
from opportunities.models.files import Attachment
from opportunities.models.opportunities import Opportunity
from opportunities.querysets import FOREVER, CheckpointQuerySet, HeightsQuerySet, OfOpportunityQuerySet, RungQuerySet
from opportunities.rules import evidence as rules


def in_language(row: Any, name: str) -> str:
    """The text `name` of a row in the active language."""
    return str(getattr(row, f"{name}_zh" if (get_language() or "").startswith("zh") else f"{name}_en"))


class FactorKey(models.TextChoices):
    DEMAND = "demand", _("Demand")
    POWER = "power", _("Power")
    GOAL = "goal", pgettext_lazy("factor", "Goal")
    VALUE = "value", pgettext_lazy("factor", "Value")
    COORDINATION = "coordination", _("Coordination")


class Grade(models.TextChoices):
    E0 = "E0", _("E0 · our word")
    E1 = "E1", _("E1 · dated note with person and words")
    E2 = "E2", _("E2 · the customer's own trace")
    E3 = "E3", _("E3 · a document made by the customer")


class Factor(Revised):
    """One of the five factors, as the company calls it."""

    key = models.CharField(_("key"), max_length=12, unique=True, choices=FactorKey)
    position = models.PositiveSmallIntegerField(_("position"))
    name_zh = models.CharField(_("Chinese name"), max_length=50)
    name_en = models.CharField(_("English name"), max_length=50)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the active language."""
        return in_language(self, "name")


class Rung(models.Model):
    """The wording of a level of a factor from a moment on; a record keeps the one under which it was made."""

    factor = models.CharField(_("factor"), max_length=12, choices=FactorKey)
    level = models.PositiveSmallIntegerField(_("level"), validators=[MaxValueValidator(rules.TOP)])
    valid_from = models.DateTimeField()
    checkpoint_zh = models.CharField(_("checkpoint in Chinese"), max_length=300)
    checkpoint_en = models.CharField(_("checkpoint in English"), max_length=300)
    evidence_zh = models.CharField(_("evidence that counts, in Chinese"), max_length=300, blank=True)
    evidence_en = models.CharField(_("evidence that counts, in English"), max_length=300, blank=True)
    question_zh = models.CharField(_("manager's question in Chinese"), max_length=300, blank=True)
    question_en = models.CharField(_("manager's question in English"), max_length=300, blank=True)

    objects = RungQuerySet.as_manager()

    class Meta:
        ordering = ["factor", "level", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["factor", "level", "valid_from"], name="rung_one_wording_at_a_moment"),
            models.CheckConstraint(name="rung_level_is_0_to_6", condition=models.Q(level__lte=rules.TOP)),
        ]

    def __str__(self) -> str:
        return f"{self.factor} {self.level}"

    @property
    def checkpoint(self) -> str:
        return in_language(self, "checkpoint")

    @property
    def evidence(self) -> str:
        return in_language(self, "evidence")

    @property
    def question(self) -> str:
        return in_language(self, "question")


class MethodSetting(models.Model):
    """How strict the gate is and what a grade needs, from a moment on; the first begins before all time."""

    class GateMode(models.TextChoices):
        ADVISE = "advise", _("Advise: whoever gives a reason may move on")
        ENFORCE = "enforce", _("Enforce: only a manager above the owner may waive")

    NEEDS = {  # noqa: RUF012 - trace: for E2 also the activity of a joint visit
        "contact": _("who on the customer's side said so"),
        "said_on": _("the day they said it"),
        "trace": _("a file or a link"),
    }
    words = {"grade_needs": NEEDS}  # noqa: RUF012 - of values, for conflicts and the trail

    valid_from = models.DateTimeField(unique=True)
    gate_mode = models.CharField(_("gate"), max_length=7, choices=GateMode, default=GateMode.ADVISE)
    grade_needs = models.JSONField(default=dict)  # {grade: names of NEEDS}

    class Meta:
        ordering = ["valid_from"]

    def __str__(self) -> str:
        """The local day from which it holds: the trail keeps it for readers of either language."""
        return calendar().local_date(self.valid_from).isoformat()


class Checkpoint(models.Model):
    """A record that a level of a factor is reached: the evidence, who said so when, how good it is.

    `grade` is what holds now; lowered ones keep their history in `grade_changes`. `verified_at`: since when it has
    been verified, None while it is not.
    """

    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="checkpoints")
    factor = models.CharField(_("factor"), max_length=12, choices=FactorKey)
    level = models.PositiveSmallIntegerField(
        _("level"), validators=[MinValueValidator(1), MaxValueValidator(rules.TOP)]
    )
    rung = models.ForeignKey(Rung, models.PROTECT, related_name="+", editable=False)
    evidence = models.TextField(_("evidence"), max_length=2000, blank=True)
    link = models.URLField(_("link"), max_length=500, blank=True)
    file = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    grade = models.CharField(_("grade"), max_length=2, choices=Grade)
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who said so")
    )
    said_on = models.DateField(_("said on"), null=True, blank=True)
    activity = models.ForeignKey(
        "Activity", models.PROTECT, null=True, blank=True, related_name="checkpoints", verbose_name=_("joint visit")
    )
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now)
    recorded_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    withdrawn_reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CheckpointQuerySet.as_manager()

    class Meta:
        ordering = ["opportunity", "-recorded_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity", "factor", "level", "recorded_at"], name="checkpoint_once_at_a_moment"
            ),
            models.CheckConstraint(
                name="checkpoint_level_is_1_to_6", condition=models.Q(level__gte=1, level__lte=rules.TOP)
            ),
        ]
        indexes = [
            models.Index(
                fields=["recorded_at"],
                name="checkpoint_to_be_confirmed",
                condition=models.Q(grade="E2", level__gte=5, confirmed_at__isnull=True, withdrawn_at__isnull=True),
            ),
            models.Index(
                fields=["confirmed_at"],
                name="checkpoint_confirmed_lately",
                condition=models.Q(confirmed_at__isnull=False),
            ),
            models.Index(
                fields=["opportunity", "-verified_at"],
                name="checkpoint_verified_last",
                condition=models.Q(verified_at__isnull=False, withdrawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factor} {self.level}"

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None

    @property
    def awaits_confirmation(self) -> bool:
        """Whether a manager's confirmation would verify it."""
        return self.level >= 5 and self.grade == Grade.E2 and self.confirmed_at is None and self.withdrawn_at is None


class GradeChange(models.Model):
    """A grade that a manager lowered, from then on."""

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="grade_changes")
    at = models.DateTimeField(default=timezone.now)
    before = models.CharField(max_length=2, choices=Grade)
    after = models.CharField(max_length=2, choices=Grade)
    reason = models.CharField(_("reason"), max_length=500)
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["checkpoint", "at", "id"]

    def __str__(self) -> str:
        return f"{self.before} -> {self.after}"


class HeightsVersion(models.Model):
    """The heights of an opportunity from valid_from (inclusive) to valid_to (exclusive), as its records give them.

    Derived: `settle_heights` writes it again whenever a record changes. The first begins with the first record, so an
    opportunity without one is unassessed. The plain names are verified heights; those of now the opportunity holds too.
    """

    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="heights")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(default=FOREVER)
    demand = models.PositiveSmallIntegerField(default=0)
    power = models.PositiveSmallIntegerField(default=0)
    goal = models.PositiveSmallIntegerField(default=0)
    value = models.PositiveSmallIntegerField(default=0)
    coordination = models.PositiveSmallIntegerField(default=0)
    claimed_demand = models.PositiveSmallIntegerField(default=0)
    claimed_power = models.PositiveSmallIntegerField(default=0)
    claimed_goal = models.PositiveSmallIntegerField(default=0)
    claimed_value = models.PositiveSmallIntegerField(default=0)
    claimed_coordination = models.PositiveSmallIntegerField(default=0)

    objects = HeightsQuerySet.as_manager()

    class Meta:
        ordering = ["opportunity", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity"], condition=models.Q(valid_to=FOREVER), name="heights_one_open_end"
            ),
            models.UniqueConstraint(fields=["opportunity", "valid_from"], name="heights_one_begin_at_a_moment"),
            models.UniqueConstraint(fields=["opportunity", "valid_to"], name="heights_one_end_at_a_moment"),
            models.CheckConstraint(
                name="heights_begin_before_they_end", condition=models.Q(valid_from__lt=models.F("valid_to"))
            ),
        ]
        indexes = [
            models.Index(
                fields=["valid_to", "valid_from"],
                include=["opportunity", *rules.FACTORS],
                name="heights_as_of",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity_id} from {self.valid_from:%Y-%m-%d %H:%M}"

    @property
    def heights(self) -> rules.Heights:
        """As the rules know them."""
        return rules.Heights(
            claimed=tuple(getattr(self, f"claimed_{name}") for name in rules.FACTORS),
            verified=tuple(getattr(self, name) for name in rules.FACTORS),
        )


class Waiver(models.Model):
    """A manager is asked to let a move past the gate (gate_mode enforce); granting it makes the move."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for")
        GRANTED = "granted", _("Granted")
        REFUSED = "refused", _("Refused")

    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="waivers")
    source = models.ForeignKey("Stage", models.PROTECT, related_name="+", editable=False)
    stage = models.ForeignKey("Stage", models.PROTECT, related_name="+", verbose_name=_("stage"))
    reason = models.CharField(_("reason"), max_length=500)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.ASKED)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=500, blank=True)

    objects = OfOpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity"], condition=models.Q(state="asked"), name="waiver_asked_for_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity_id}: {self.state}"
