"""Stages of the win rate, and what held of each from when on."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from config.web.money import RateField
from config.web.revisions import Revised, random_key
from opportunities.querysets import StageQuerySet
from opportunities.rules import gate
from opportunities.rules.evidence import FACTORS


class Outcome(models.TextChoices):
    OPEN = "open", _("Open")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    NO_DECISION = "no_decision", _("No decision")
    NO_GO = "no_go", _("No-go")


class Stage(Revised):
    """A win-rate stage (METHOD.md §2); a retired one stays for the past that it names."""

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    name_zh = models.CharField(_("Chinese name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=100)
    position = models.PositiveSmallIntegerField(_("position"))
    outcome = models.CharField(_("outcome"), max_length=11, choices=Outcome, default=Outcome.OPEN)
    win_rate = RateField(_("win rate"))
    floor = models.PositiveSmallIntegerField(_("floor"), null=True, blank=True, validators=[MaxValueValidator(6)])
    floors = models.JSONField(_("floors by factor"), default=dict, blank=True)  # those that differ from `floor`
    milestones = models.JSONField(_("milestone"), default=list, blank=True)  # conditions of rules/gate.py
    expected_days = models.PositiveIntegerField(
        _("expected days"), default=30, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = StageQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="stage_floor_is_0_to_6", condition=models.Q(floor__isnull=True) | models.Q(floor__lte=6)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the active language."""
        return self.name_zh if (get_language() or "").startswith("zh") else self.name_en

    @property
    def is_open(self) -> bool:
        return self.outcome == Outcome.OPEN

    def clean_fields(self, exclude: Any = None) -> None:
        """Also: floors are heights of factors, a milestone's conditions are known ones."""
        super().clean_fields(exclude=exclude)
        found = {
            "floors": None if are_floors(self.floors) else _("Floors are heights from 0 to 6, by factor."),
            "milestones": None if are_conditions(self.milestones) else _("This is not a condition."),
        }
        errors = {name: text for name, text in found.items() if text and name not in (exclude or ())}
        if errors:
            raise ValidationError(errors)


def are_floors(floors: Any) -> bool:
    """Whether this is {factor: height}."""
    return isinstance(floors, dict) and all(
        name in FACTORS and type(height) is int and 0 <= height <= 6 for name, height in floors.items()
    )


def are_conditions(milestones: Any) -> bool:
    """Whether these are conditions of a milestone, each once."""
    return (
        isinstance(milestones, list)
        and all(isinstance(each, str) and gate.is_condition(each) for each in milestones)
        and len(milestones) == len(set(milestones))
    )


class StageSetting(models.Model):
    """What a stage demands and how likely it is, from a moment on (FINE-PRINT 6); the first begins before all time."""

    stage = models.ForeignKey(Stage, models.PROTECT, related_name="settings")
    valid_from = models.DateTimeField()
    win_rate = RateField(_("win rate"))
    floor = models.PositiveSmallIntegerField(null=True, blank=True)
    floors = models.JSONField(default=dict, blank=True)
    milestones = models.JSONField(default=list, blank=True)
    expected_days = models.PositiveIntegerField(default=30)

    class Meta:
        ordering = ["stage", "valid_from"]
        constraints = [models.UniqueConstraint(fields=["stage", "valid_from"], name="stage_setting_one_at_a_moment")]

    def __str__(self) -> str:
        return f"{self.stage_id} from {self.valid_from:%Y-%m-%d}"
