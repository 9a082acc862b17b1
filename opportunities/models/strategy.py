"""The strategy sheet of an opportunity and its Go / No-Go decisions (METHOD.md §6)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from config.web.money import MoneyField
from config.web.revisions import Revised, random_key
from opportunities.models.opportunities import Opportunity
from opportunities.querysets import OfOpportunityQuerySet


class SuccessFactor(models.TextChoices):
    """The nine success factors 九大成功要素."""

    PROCESS = "process", _("Our sales process fits the customer's process")
    BUYING_FACTORS = "buying_factors", _("Buying factors")
    PRICING = "pricing", _("Pricing")
    POWER_MAP = "power_map", _("Decision power map")
    DECISION_STYLE = "decision_style", _("Decision style")
    SALES_THEME = "sales_theme", _("Sales theme")
    NEGOTIATION = "negotiation", _("Negotiation")
    EFFECTIVE_SELLING = "effective_selling", _("Effective selling")
    GO_NO_GO = "go_no_go", _("Go / No-Go")


class Rating(models.TextChoices):
    RED = "red", _("Red")
    AMBER = "amber", _("Amber")
    GREEN = "green", _("Green")


class StrategySheet(Revised):
    """How this opportunity is to be won. `price_floor` is read as METHOD.md §4 says; `floor_by` is its author."""

    audit_hidden, audit_part_of = ("price_floor",), "opportunity_id"

    opportunity = models.OneToOneField(Opportunity, models.PROTECT, related_name="strategy")
    sales_theme = models.CharField(_("sales theme"), max_length=500, blank=True)
    buying_factors = models.TextField(_("buying factors"), max_length=2000, blank=True)
    price = MoneyField(_("price"), null=True, blank=True)
    price_note = models.CharField(_("about the price"), max_length=500, blank=True)
    price_floor = MoneyField(_("price floor"), null=True, blank=True)
    floor_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    success_factors = models.JSONField(default=dict, blank=True)  # {SuccessFactor: {"rating": Rating, "fact": text}}
    missing_information = models.TextField(_("missing information"), max_length=2000, blank=True)
    resources = models.TextField(_("resources asked for"), max_length=2000, blank=True)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)

    objects = OfOpportunityQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.opportunity_id)


class Competitor(Revised):
    """Somebody else who wants this opportunity."""

    audit_part_of = "opportunity_id"

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="competitors")
    name = models.CharField(_("competitor"), max_length=200)
    strength = models.CharField(_("their strength"), max_length=500, blank=True)
    counter = models.CharField(_("our counter"), max_length=500, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OfOpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["opportunity", "id"]

    def __str__(self) -> str:
        return self.name


class Decision(models.Model):
    """A Go / No-Go decision with its four answers; the latest one holds."""

    class Choice(models.TextChoices):
        GO = "go", pgettext_lazy("decision", "Go")
        NO_GO = "no_go", pgettext_lazy("decision", "No-Go")

    key = models.CharField(max_length=64, unique=True, default=random_key, editable=False)
    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="decisions")
    decision = models.CharField(_("decision"), max_length=5, choices=Choice)
    is_real = models.CharField(_("is it real?"), max_length=500, blank=True)
    can_win = models.CharField(_("can we win?"), max_length=500, blank=True)
    worth_it = models.CharField(_("is it worth it?"), max_length=500, blank=True)
    cost_of_losing = models.CharField(_("what does losing cost?"), max_length=500, blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    look_again_if = models.CharField(_("look again if"), max_length=500, blank=True)
    look_again_on = models.DateField(_("look again on"), null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    objects = OfOpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["opportunity", "-decided_at", "-id"]

    def __str__(self) -> str:
        return self.decision
