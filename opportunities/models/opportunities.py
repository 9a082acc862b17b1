"""Opportunities, and the versions that keep an opportunity's past."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from config.web.indexes import EmptyLastIndex
from config.web.money import MoneyField, RateField
from config.web.revisions import Revised, random_key
from config.web.searching import Searched
from customers.models import Customer, Product
from opportunities.models.stages import Outcome, Stage
from opportunities.querysets import FOREVER, OpportunityQuerySet, VersionQuerySet


class ForecastCategory(models.TextChoices):
    COMMIT = "commit", _("Commit")
    BEST_CASE = "best_case", _("Best case")
    PIPELINE = "pipeline", _("Pipeline")
    OMITTED = "omitted", _("Omitted")


class Held(models.Model):
    """What an opportunity holds now and each of its versions held then."""

    stage = models.ForeignKey(Stage, models.PROTECT, related_name="+", verbose_name=_("stage"))
    outcome = models.CharField(_("outcome"), max_length=11, choices=Outcome, default=Outcome.OPEN)
    win_rate = RateField(_("win rate"))
    amount = MoneyField(_("amount"), null=True, blank=True)
    expected_close_date = models.DateField(_("expected close"), null=True, blank=True)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("owner"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"))
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    next_step = models.CharField(_("next step"), max_length=500, blank=True)
    next_step_due = models.DateField(_("next step due"), null=True, blank=True)
    # The last change of stage: its moment, its local date; and the position of the furthest open stage so far
    # (rules.WON when it was ever won, 0 when it reached nothing).
    entered_at = models.DateTimeField()
    entered_on = models.DateField()
    furthest = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True


class Opportunity(Held, Revised):
    """A chance to sell, from its discovery to its signature or its end."""

    searched = Searched(names=("title",), codes=("key",))

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="opportunities", verbose_name=_("customer"))
    title = models.CharField(_("title"), max_length=200)
    source = models.CharField(_("source"), max_length=200, blank=True)
    forecast_category = models.CharField(
        _("forecast category"), max_length=10, choices=ForecastCategory, blank=True, default=ForecastCategory.PIPELINE
    )
    signed_on = models.DateField(_("signing date"), null=True, blank=True)
    competitor = models.CharField(_("competitor"), max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_on = models.DateField(editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("created by"), editable=False
    )
    changed_at = models.DateTimeField(editable=False)  # valid_from of the open version
    last_change = models.JSONField(null=True, blank=True, editable=False)  # what an undo needs (actions/undo.py)
    # Moved without proof: the stage from which it was moved past the gate, until its evidence has caught up.
    unproven_from = models.ForeignKey(
        Stage, models.PROTECT, null=True, blank=True, related_name="+", editable=False,
        verbose_name=_("moved without proof from"),
    )  # fmt: skip
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The verified heights of the HeightsVersion that holds now, for sums over open ones; NULL while unassessed. Derived
    # and no part of what is edited, versioned or exchanged: whoever writes heights writes them too.
    now_demand = models.PositiveSmallIntegerField(null=True, editable=False)
    now_power = models.PositiveSmallIntegerField(null=True, editable=False)
    now_goal = models.PositiveSmallIntegerField(null=True, editable=False)
    now_value = models.PositiveSmallIntegerField(null=True, editable=False)
    now_coordination = models.PositiveSmallIntegerField(null=True, editable=False)
    collaborators: "models.ManyToManyField[User, Collaborator]" = models.ManyToManyField(
        User, through="Collaborator", through_fields=("opportunity", "user"), related_name="+"
    )

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="opportunity_amount_is_not_negative",
                condition=models.Q(amount__isnull=True) | models.Q(amount__gte=0),
            ),
        ]
        indexes = [
            models.Index(
                fields=["stage", "entered_at", "-id"],
                include=[
                    "amount",
                    "win_rate",
                    "entered_on",
                    "customer",
                    "owner",
                    "team",
                    "now_demand",
                    "now_power",
                    "now_goal",
                    "now_value",
                    "now_coordination",
                ],
                condition=models.Q(outcome="open", archived_at__isnull=True),
                name="opportunity_open_of_stage",
            ),
            models.Index(
                fields=["stage", "entered_at", "-id"],
                include=["win_rate", "entered_on", "customer", "owner", "team"],
                condition=models.Q(outcome="won", archived_at__isnull=True),
                name="opportunity_won_of_stage",
            ),
            EmptyLastIndex(
                fields=["-amount", "-id"],
                condition=models.Q(outcome="open", archived_at__isnull=True),
                name="opportunity_open_by_amount",
            ),
            models.Index(
                fields=["owner", "outcome", "stage"], include=["id", "archived_at"], name="opportunity_of_owner"
            ),
            models.Index(fields=["customer", "outcome"], name="opportunity_of_customer"),
            models.Index(fields=["expected_close_date", "id"], name="opportunity_by_close"),
            models.Index(fields=["created_on"], name="opportunity_by_creation"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def closed_at(self):  # type: ignore[no-untyped-def]
        """The moment of closing, None while it is open."""
        return None if self.outcome == Outcome.OPEN else self.entered_at

    @property
    def is_open(self) -> bool:
        return self.outcome == Outcome.OPEN

    @property
    def moved_without_proof(self) -> bool:
        """Whether it is open, was moved past the gate, and its evidence has not reached the stage yet."""
        return self.is_open and self.unproven_from_id is not None


class HeightsOfOpportunity(models.ForeignObject):
    """The heights of a version's opportunity, all of them: for queries, which join them without the opportunity.

    It has no column and is no field to be read. A join says at which moment (selectors/heights.py).
    """

    requires_unique_target = False

    def __init__(self) -> None:
        super().__init__(
            "opportunities.HeightsVersion", models.DO_NOTHING, ["opportunity"], ["opportunity"],
            null=True, related_name="+",
        )  # fmt: skip

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = True, **kwargs: Any) -> None:
        super().contribute_to_class(cls, name, private_only=private_only, **kwargs)


class OpportunityVersion(Held):
    """What an opportunity held from valid_from (inclusive) to valid_to (exclusive; FOREVER while it holds)."""

    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="versions")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(default=FOREVER)
    heights = HeightsOfOpportunity()
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["opportunity", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity"], condition=models.Q(valid_to=FOREVER), name="version_one_open_end"
            ),
            models.UniqueConstraint(fields=["opportunity", "valid_from"], name="version_one_begin_at_a_moment"),
            models.UniqueConstraint(fields=["opportunity", "valid_to"], name="version_one_end_at_a_moment"),
            models.CheckConstraint(
                name="version_begins_before_it_ends", condition=models.Q(valid_from__lt=models.F("valid_to"))
            ),
        ]
        indexes = [
            models.Index(fields=["valid_from"], name="version_by_begin"),
            models.Index(
                fields=["opportunity", "valid_from"],
                include=["stage", "outcome", "entered_at"],
                condition=models.Q(entered_at=models.F("valid_from")),
                name="version_entering_a_stage",
            ),
            models.Index(
                fields=["valid_to", "valid_from"],
                include=["opportunity", "stage", "win_rate", "amount", "owner", "team", "entered_on"],
                condition=models.Q(outcome="open"),
                name="version_open_as_of",
            ),
            models.Index(
                fields=["owner", "valid_to", "valid_from"],
                include=["opportunity", "stage", "win_rate", "amount", "team", "entered_on"],
                condition=models.Q(outcome="open"),
                name="version_open_of_owner",
            ),
            models.Index(
                fields=["valid_to", "valid_from"],
                include=["opportunity", "owner", "team", "furthest"],
                name="version_standing_as_of",
            ),
            models.Index(
                fields=["valid_from"],
                include=["opportunity", "owner", "team", "amount", "entered_at"],
                condition=models.Q(outcome="won"),
                name="version_won_by_begin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity_id} from {self.valid_from:%Y-%m-%d %H:%M}"


class Collaborator(models.Model):
    """Somebody who works on an opportunity beside its owner."""

    opportunity = models.ForeignKey(Opportunity, models.PROTECT)
    user = models.ForeignKey(User, models.PROTECT, related_name="collaborations")
    added_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["opportunity", "user"]
        constraints = [models.UniqueConstraint(fields=["opportunity", "user"], name="collaborator_once")]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.opportunity_id}"
