"""The ideal customer 目标客户画像 of a product line, and whom we have set out to win (step 1 of the eight)."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from config.web.revisions import Revised, random_key
from customers.models.customers import Customer
from customers.querysets import InUse, OfCustomerQuerySet


class IdealProfile(Revised):
    """What a customer looks like who gains most from a product line."""

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    name = models.CharField(_("name"), max_length=200)
    line = models.CharField(_("product line"), max_length=200, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = InUse.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class ProfileCriterion(models.Model):
    """One trait of the profile. `value`: words separated by commas, a tier, or an amount, as `kind` needs."""

    class Kind(models.TextChoices):
        INDUSTRY = "industry", _("Industry is one of")
        REGION = "region", _("Region is one of")
        SPEND = "spend", _("Yearly spend at least")
        TIER = "tier", _("Tier at least")
        BOUGHT_LINE = "bought_line", _("Has bought from the line")
        DECISION_MAKER = "decision_maker", _("We know the decision maker")

    profile = models.ForeignKey(IdealProfile, models.CASCADE, related_name="criteria")
    kind = models.CharField(_("criterion"), max_length=14, choices=Kind)
    value = models.CharField(_("value"), max_length=500, blank=True)
    weight = models.PositiveSmallIntegerField(_("weight"), validators=[MinValueValidator(1), MaxValueValidator(100)])
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["profile", "position", "id"]
        constraints = [
            models.CheckConstraint(name="profile_weight_is_1_to_100", condition=Q(weight__gte=1, weight__lte=100))
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}".rstrip() + f" · {self.weight}"


class TargetCustomer(Revised):
    """A customer whom somebody has set out to win for a profile's line, with the next step towards it."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("target customer", "Pursued")
        WON_OVER = "won_over", pgettext_lazy("target customer", "Became a deal")
        DROPPED = "dropped", pgettext_lazy("target customer", "Dropped")

    profile = models.ForeignKey(IdealProfile, models.PROTECT, related_name="targets")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="targeted")
    owner = models.ForeignKey(User, models.PROTECT, related_name="target_customers", verbose_name=_("owner"))
    next_step = models.CharField(_("next step"), max_length=500, blank=True)
    next_step_due = models.DateField(_("due"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        ordering = ["next_step_due", "id"]
        constraints = [models.UniqueConstraint(fields=["profile", "customer"], name="target_customer_once_a_profile")]

    def __str__(self) -> str:
        return str(self.customer)
