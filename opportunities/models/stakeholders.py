"""The customer's people on an opportunity, and the plan that both sides share (METHOD.md §3, §4)."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from config.web.revisions import Revised, random_key
from customers.models import Contact
from opportunities.models.opportunities import Opportunity
from opportunities.querysets import OfOpportunityQuerySet


class Stakeholder(Revised):
    """A person who has a say in this opportunity; without a contact: a role that is known, its person not yet.

    `sensitive_note` is read as METHOD.md §4 says; `sensitive_by` is its author.
    """

    class DecisionStyle(models.TextChoices):
        ANALYTICAL = "analytical", _("Analytical: figures and proof")
        DRIVING = "driving", _("Driving: results and speed")
        AMIABLE = "amiable", _("Amiable: trust and consensus")
        EXPRESSIVE = "expressive", _("Expressive: vision and recognition")

    class VetoState(models.TextChoices):
        IDENTIFIED = "identified", pgettext_lazy("veto", "Identified")
        TALKED_TO = "talked_to", pgettext_lazy("veto", "Talked to")
        CONSENTED = "consented", pgettext_lazy("veto", "Consented")
        OPPOSED = "opposed", pgettext_lazy("veto", "Opposed")

    audit_hidden, audit_part_of = ("sensitive_note",), "opportunity_id"

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="stakeholders")
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="stakes", verbose_name=_("contact")
    )
    role_title = models.CharField(_("post, while the person is unknown"), max_length=200, blank=True)
    buying_role = models.CharField(_("buying role"), max_length=20, choices=Contact.BuyingRole, blank=True)
    influence = models.SmallIntegerField(
        _("influence"), default=3, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    stance = models.SmallIntegerField(_("stance"), default=0, validators=[MinValueValidator(-2), MaxValueValidator(2)])
    decision_style = models.CharField(_("decision style"), max_length=20, choices=DecisionStyle, blank=True)
    goal = models.CharField(_("personal goal"), max_length=300, blank=True)
    goal_value = models.CharField(_("measured by"), max_length=100, blank=True)
    goal_on = models.DateField(_("reached by"), null=True, blank=True)
    gains = models.CharField(_("stands to gain"), max_length=300, blank=True)
    threats = models.CharField(_("feels threatened by"), max_length=300, blank=True)
    may_veto = models.BooleanField(_("can say no"), default=False)
    veto_state = models.CharField(_("veto"), max_length=10, choices=VetoState, blank=True)
    veto_plan = models.CharField(_("our plan"), max_length=500, blank=True)
    veto_plan_owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner of the plan")
    )
    sensitive_note = models.TextField(_("sensitive note"), max_length=2000, blank=True)
    sensitive_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OfOpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["opportunity", "-influence", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity", "contact"],
                condition=Q(contact__isnull=False, archived_at__isnull=True),
                name="stakeholder_once_on_an_opportunity",
            ),
            models.CheckConstraint(
                name="stakeholder_influence_is_1_to_5", condition=Q(influence__gte=1, influence__lte=5)
            ),
            models.CheckConstraint(
                name="stakeholder_stance_is_minus_2_to_2", condition=Q(stance__gte=-2, stance__lte=2)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def validate_constraints(self, exclude: Any = None) -> None:
        """The fields' validators say what the checks do; asking the database costs a query for each."""


class JointTask(Revised):
    """A task of one of both sides towards the signature."""

    class Side(models.TextChoices):
        OURS = "ours", _("Ours")
        THEIRS = "theirs", _("The customer's")

    audit_part_of = "opportunity_id"

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="joint_tasks")
    side = models.CharField(_("side"), max_length=6, choices=Side, default=Side.OURS)
    title = models.CharField(_("task"), max_length=300)
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("our owner")
    )
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("their owner")
    )
    due_on = models.DateField(_("due"), null=True, blank=True)
    done_on = models.DateField(_("done"), null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OfOpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["opportunity", "due_on", "id"]

    def __str__(self) -> str:
        return self.title
