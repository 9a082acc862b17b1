"""Two customers made one, and how to take it back (FINE-PRINT 55); a contact's erasure (FINE-PRINT 54)."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers.models.customers import Contact, Customer

PERSONAL = ("name", "email", "phone", "notes")  # of a contact: what an erasure takes away
ERASED = "—"  # the name of somebody whose data was erased


class Merge(models.Model):
    """`other` was merged into `survivor`. `moved`: {model.field: [ids]}; `filled`: {field: [before, after]}.

    `archived`: {model: [ids]} of moved rows that the survivor had already; `taken_up`: {id: {field: [before, after]}}
    of its settled targets that the other pursued; `from_day`: the first day of what moved.
    """

    survivor = models.ForeignKey(Customer, models.PROTECT, related_name="merges")
    other = models.ForeignKey(Customer, models.PROTECT, related_name="merged_by")
    merged_at = models.DateTimeField(default=timezone.now)
    merged_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    moved = models.JSONField(default=dict)
    filled = models.JSONField(default=dict)
    archived = models.JSONField(default=dict)
    taken_up = models.JSONField(default=dict)
    from_day = models.DateField(null=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-merged_at", "-id"]
        constraints = [
            models.CheckConstraint(name="merge_is_of_two_customers", condition=~Q(survivor=F("other"))),
            models.UniqueConstraint(fields=["other"], condition=Q(undone_at__isnull=True), name="merged_away_once"),
        ]

    def __str__(self) -> str:
        return f"{self.other_id} into {self.survivor_id}"


class Erasure(models.Model):
    """A record that a contact's personal data was erased; it does not say what it was."""

    contact = models.OneToOneField(Contact, models.PROTECT, related_name="erasure")
    erased_at = models.DateTimeField(default=timezone.now)
    erased_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=500)

    class Meta:
        ordering = ["-erased_at", "-id"]

    def __str__(self) -> str:
        return f"contact {self.contact_id}"
