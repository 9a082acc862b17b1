"""The account plan 客户经营计划表: one a customer and year (METHOD.md §4)."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from config.web.money import MoneyField
from config.web.revisions import Revised, random_key
from customers.models.customers import Contact, Customer
from customers.querysets import OfCustomerQuerySet, OfPlanQuerySet

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class AccountPlan(Revised):
    """What we want to be to a customer in a year, and how; `year` is a fiscal year (FINE-PRINT 4)."""

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="plans", verbose_name=_("customer"))
    year = models.PositiveSmallIntegerField(_("year"), validators=[MinValueValidator(2000), MaxValueValidator(2100)])
    strategy_now = models.TextField(_("their strategy now"), max_length=2000, blank=True)
    strategy_later = models.TextField(_("their strategy in 3 to 10 years"), max_length=2000, blank=True)
    our_match = models.TextField(_("where we match"), max_length=2000, blank=True)
    goals_short = models.TextField(_("their goals, short term"), max_length=2000, blank=True)
    goals_long = models.TextField(_("their goals, long term"), max_length=2000, blank=True)
    risks = models.TextField(_("risks"), max_length=2000, blank=True)
    our_leader = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("leads on our side")
    )
    their_leader = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("leads on their side")
    )
    share_now = models.PositiveSmallIntegerField(_("share now, %"), null=True, blank=True, validators=PERCENT)
    share_aimed = models.PositiveSmallIntegerField(_("share aimed at, %"), null=True, blank=True, validators=PERCENT)
    confirmed_on = models.DateField(_("confirmed with the customer on"), null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        ordering = ["customer", "-year"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "year"], condition=Q(archived_at__isnull=True), name="account_plan_once_a_year"
            ),
            models.CheckConstraint(
                name="account_plan_shares_are_percentages",
                condition=(Q(share_now__isnull=True) | Q(share_now__lte=100))
                & (Q(share_aimed__isnull=True) | Q(share_aimed__lte=100)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.year)


class PlanLine(Revised):
    """A field of business in the plan: what they want, what we have for it, what it shall bring in three years."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("account plan", "To start")
        ON_TRACK = "on_track", pgettext_lazy("account plan", "On track")
        AT_RISK = "at_risk", pgettext_lazy("account plan", "At risk")
        DONE = "done", pgettext_lazy("account plan", "Done")

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    plan = models.ForeignKey(AccountPlan, models.PROTECT, related_name="lines")
    strategy = models.CharField(_("their strategy"), max_length=300)
    our_match = models.CharField(_("our match"), max_length=300, blank=True)
    revenue = MoneyField(_("expected this year"), null=True, blank=True)
    revenue_next = MoneyField(_("expected next year"), null=True, blank=True)
    revenue_third = MoneyField(_("expected in the third year"), null=True, blank=True)
    milestone = models.CharField(_("next milestone"), max_length=300, blank=True)
    milestone_due = models.DateField(_("due"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "id"]

    def __str__(self) -> str:
        return self.strategy


class JointAction(Revised):
    """Something that both sides have agreed on in the plan; done by one of us, by one of them, or both."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("account plan", "Open")
        DONE = "done", pgettext_lazy("account plan", "Done")
        DROPPED = "dropped", pgettext_lazy("account plan", "Dropped")

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    plan = models.ForeignKey(AccountPlan, models.PROTECT, related_name="joint_actions")
    action = models.CharField(_("action"), max_length=300)
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="joint_actions", verbose_name=_("owner, our side")
    )
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner, their side")
    )
    due_on = models.DateField(_("due"), null=True, blank=True)
    state = models.CharField(_("our side"), max_length=7, choices=State, default=State.OPEN)
    their_state = models.CharField(_("their side"), max_length=7, choices=State, default=State.OPEN)
    result = models.CharField(_("result"), max_length=500, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "due_on", "id"]
        indexes = [models.Index(fields=["owner", "due_on"], name="joint_action_of_owner_by_due")]

    def __str__(self) -> str:
        return self.action
