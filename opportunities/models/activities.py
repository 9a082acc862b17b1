"""The behaviour sheet: what is planned with a customer, and what came of it (METHOD.md §6)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import calendar, today
from config.web.revisions import Revised, random_key
from customers.models import Contact, Customer
from customers.rules.attention import FACE_TO_FACE
from opportunities.models.evidence import in_language
from opportunities.models.opportunities import Opportunity
from opportunities.querysets import ActivityQuerySet, CalendarFeedQuerySet


class ActivityKind(Revised):
    """A kind of activity as the company calls it; `base` is one of the eight of the interchange format."""

    class Base(models.TextChoices):
        VISIT = "visit", _("Visit")
        CALL = "call", _("Call")
        MEETING = "meeting", _("Meeting")
        DEMO = "demo", _("Demo")
        NEGOTIATION = "negotiation", _("Negotiation")
        SURVEY = "survey", _("Survey")
        PROPOSAL = "proposal", _("Proposal")
        OTHER = "other", _("Other")

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    name_zh = models.CharField(_("Chinese name"), max_length=50)
    name_en = models.CharField(_("English name"), max_length=50)
    base = models.CharField(_("counts as"), max_length=11, choices=Base)
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the active language."""
        return in_language(self, "name")


class Activity(Revised):
    """Something planned or done with a customer. Done when `done_at` is set, cancelled when `cancelled_at` is.

    `debriefed_at` is when it was said that it was done.
    """

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    kind = models.ForeignKey(ActivityKind, models.PROTECT, related_name="+", verbose_name=_("kind"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="activities", verbose_name=_("customer")
    )
    opportunity = models.ForeignKey(
        Opportunity, models.PROTECT, null=True, blank=True, related_name="activities", verbose_name=_("opportunity")
    )
    owner = models.ForeignKey(User, models.PROTECT, related_name="activities", verbose_name=_("owner"))
    contacts = models.ManyToManyField(Contact, blank=True, related_name="activities", verbose_name=_("with whom"))
    planned_at = models.DateTimeField(_("planned"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    debriefed_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)
    objective = models.CharField(_("objective"), max_length=500, blank=True)
    customer_needs = models.CharField(_("what the customer needs"), max_length=500, blank=True)
    line_of_talk = models.CharField(_("our line of talk"), max_length=500, blank=True)
    advantage = models.CharField(_("advantage to place"), max_length=500, blank=True)
    outcome = models.CharField(_("outcome"), max_length=500, blank=True)
    said = models.CharField(_("what the customer said"), max_length=500, blank=True)
    promised = models.CharField(_("what the customer promised"), max_length=500, blank=True)
    promised_by = models.DateField(_("promised by"), null=True, blank=True)
    skill = models.CharField(_("skill to improve"), max_length=500, blank=True)
    coaching = models.CharField(_("coaching note"), max_length=1000, blank=True)
    coached_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    coached_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", editable=False)

    objects = ActivityQuerySet.as_manager()
    audit_part_of = "opportunity_id"

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "activities"
        indexes = [
            models.Index(fields=["owner", "planned_at"], name="activity_planned_of_owner"),
            models.Index(fields=["owner", "done_at"], name="activity_done_of_owner"),
            models.Index(fields=["opportunity", "done_at"], name="activity_done_of_opportunity"),
            models.Index(fields=["opportunity", "debriefed_at"], name="activity_told_of_opportunity"),
            models.Index(fields=["customer", "done_at"], name="activity_done_of_customer"),
        ]

    def __str__(self) -> str:
        return self.said_of_it or str(self.kind)

    @property
    def said_of_it(self) -> str:
        """What stands beside its kind: what it is for, else what came of it, else nothing."""
        return self.objective or self.outcome

    @property
    def about(self) -> Opportunity | Customer | None:
        """The row with which it is seen; none of what is one's own alone."""
        return self.opportunity or self.customer

    @property
    def is_joint_visit(self) -> bool:
        """Whether the customer took part in person, which is a trace of theirs (METHOD.md §3)."""
        return self.kind.base in FACE_TO_FACE

    @property
    def is_planned(self) -> bool:
        """Neither done nor cancelled."""
        return self.done_at is None and self.cancelled_at is None

    @property
    def is_overdue(self) -> bool:
        """Planned for a day before today, and neither done nor cancelled."""
        return self.is_planned and self.planned_at is not None and self.planned_at < calendar().start_of_day(today())


class CalendarFeed(models.Model):
    """A person's private calendar address: whoever has the token reads it; deleting the row revokes it."""

    user = models.OneToOneField(User, models.PROTECT, related_name="calendar_feed")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = CalendarFeedQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.user_id)


class Look(models.Model):
    """Up to when a person has looked at what changed in their opportunities."""

    user = models.OneToOneField(User, models.PROTECT, related_name="+")
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} until {self.looked_at:%Y-%m-%d %H:%M}"
