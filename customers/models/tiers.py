"""The 5A tier of a customer: the rules in force, the assessments, the tiers held (METHOD.md §4)."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers.models.customers import Customer
from customers.querysets import OfCustomerQuerySet
from customers.rules import tiers as rules


class TierRules(models.Model):
    """Weights, thresholds and what a tier is treated to, from a moment on; the first begins before all time."""

    valid_from = models.DateTimeField(unique=True)
    weights = models.JSONField(_("weights"), default=rules.shipped_weights)  # {criterion: 0-100}, 100 in all
    thresholds = models.JSONField(_("thresholds"), default=rules.shipped_thresholds)  # {tier: points}
    cadence_days = models.JSONField(_("contact cadence"), default=rules.shipped_cadence)  # {tier: days, 0 = none}
    plan_required = models.JSONField(_("account plan required"), default=rules.shipped_plan_required)  # [tier]
    review_depth = models.JSONField(_("review depth"), default=rules.shipped_review_depth)  # {tier: depth}
    accounts_per_rep = models.JSONField(_("accounts a rep can hold"), default=rules.shipped_accounts_per_rep)
    assess_every_days = models.PositiveSmallIntegerField(
        _("assessment due again after"), default=90, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    decision_maker_days = models.PositiveSmallIntegerField(
        _("decision maker met within"), default=90, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )

    class Meta:
        ordering = ["valid_from"]

    def __str__(self) -> str:
        return f"tier rules from {self.valid_from:%Y-%m-%d}"


class Assessment(models.Model):
    """A dated scorecard of a customer. Never changed but for the override, which is dated and signed as well."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="assessments")
    rules = models.ForeignKey(TierRules, models.PROTECT, related_name="+", editable=False)
    assessed_at = models.DateTimeField(default=timezone.now)
    assessed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    scores = models.JSONField(_("scores"))  # {criterion: 0-5}, all seven
    notes = models.JSONField(_("notes"), default=dict, blank=True)  # {criterion: text}
    negative_margin = models.BooleanField(_("negative margin"), default=False)
    payment_days_late = models.PositiveSmallIntegerField(_("payment late, days"), null=True, blank=True)
    points = models.PositiveSmallIntegerField(_("points"), editable=False)  # weighted, in fifths: 0-500
    computed_tier = models.CharField(_("tier by the rules"), max_length=2, choices=Customer.Tier, editable=False)
    tier = models.CharField(_("tier"), max_length=2, choices=Customer.Tier, editable=False)
    override_reason = models.CharField(_("reason of the override"), max_length=500, blank=True)
    overridden_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    overridden_at = models.DateTimeField(null=True, blank=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        ordering = ["-assessed_at", "-id"]
        indexes = [models.Index(fields=["customer", "-assessed_at"], name="assessment_latest_first")]
        constraints = [
            models.UniqueConstraint(fields=["customer", "assessed_at"], name="assessment_once_at_a_moment"),
            models.CheckConstraint(name="assessment_points_are_0_to_500", condition=Q(points__gte=0, points__lte=500)),
            models.CheckConstraint(
                name="assessment_overridden_with_a_reason",
                condition=Q(overridden_at__isnull=True) | ~Q(override_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tier} {self.assessed_at:%Y-%m-%d}"

    @property
    def total(self) -> float:
        """0 to 100."""
        return self.points / rules.FULL


class CustomerTier(models.Model):
    """Which tier a customer has had since when; before the first row the first one holds (FINE-PRINT 6)."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="tiers")
    valid_from = models.DateTimeField()
    tier = models.CharField(_("tier"), max_length=2, choices=Customer.Tier, blank=True)
    assessment = models.ForeignKey(Assessment, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["customer", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "valid_from"], name="customer_tier_once_at_a_moment")
        ]

    def __str__(self) -> str:
        return f"{self.tier} from {self.valid_from:%Y-%m-%d}"
