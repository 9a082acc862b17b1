"""Customers, their contacts, and what we sell."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from config.web.money import MoneyField
from config.web.revisions import Revised, random_key
from config.web.searching import Searched
from customers.querysets import ContactQuerySet, CustomerQuerySet, ProductQuerySet
from customers.rules.names import signs_of_contact


class Product(Revised):
    """Something we sell."""

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    name = models.CharField(_("name"), max_length=200)
    line = models.CharField(_("product line"), max_length=200, blank=True)
    is_core = models.BooleanField(_("core product"), default=False)
    active = models.BooleanField(_("active"), default=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Customer(Revised):
    """A company that buys or may buy from us."""

    searched = Searched(names=("name",), codes=("key", "credit_code"), phones=("phone",))

    class Tier(models.TextChoices):
        A5 = "5A", "5A"
        A4 = "4A", "4A"
        A3 = "3A", "3A"
        A2 = "2A", "2A"
        A1 = "1A", "1A"

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    name = models.CharField(_("name"), max_length=200)
    industry = models.CharField(_("industry"), max_length=200, blank=True)
    region = models.CharField(_("region"), max_length=200, blank=True)
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="customers", verbose_name=_("owner")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="customers", verbose_name=_("team")
    )
    created_on = models.DateField(_("customer since"), null=True, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="subsidiaries", verbose_name=_("parent company")
    )
    annual_spend = MoneyField(_("yearly spend"), null=True, blank=True)
    tier = models.CharField(_("tier"), max_length=2, choices=Tier, blank=True)
    credit_code = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    domain = models.CharField(_("mail domain"), max_length=100, blank=True)
    normalised_name = models.CharField(max_length=200, blank=True, editable=False)  # rules.names, set by the actions
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_from", editable=False
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["name", "id"], name="customer_by_name"),
            models.Index(fields=["tier", "id"], name="customer_by_tier"),
            models.Index(fields=["normalised_name"], name="customer_by_normalised_name"),
            models.Index(fields=["credit_code"], name="customer_by_credit_code", condition=~models.Q(credit_code="")),
            models.Index(fields=["domain"], name="customer_by_domain", condition=~models.Q(domain="")),
            models.Index(fields=["phone"], name="customer_by_phone", condition=~models.Q(phone="")),
        ]
        constraints = [
            models.CheckConstraint(
                name="customer_is_not_its_own_parent",
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("id")),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Contact(Revised):
    """A person on the customer's side."""

    class BuyingRole(models.TextChoices):
        DECISION_MAKER = "decision_maker", _("Decision maker")
        APPROVER = "approver", _("Approver")
        TECHNICAL_VETO = "technical_veto", _("Technical veto")
        USER = "user", _("User")
        COACH = "coach", _("Coach")
        GATEKEEPER = "gatekeeper", _("Gatekeeper")

    audit_hidden = ("name", "phone", "email", "notes")
    searched = Searched(names=("name",), codes=("key",), phones=("phone",))

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="contacts", verbose_name=_("customer"))
    name = models.CharField(_("full name"), max_length=200)
    title = models.CharField(_("job title"), max_length=200, blank=True)
    department = models.CharField(_("department"), max_length=200, blank=True)
    email = models.EmailField(_("email"), blank=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    buying_role = models.CharField(_("buying role"), max_length=20, choices=BuyingRole, blank=True)
    influence = models.SmallIntegerField(
        _("influence"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    stance = models.SmallIntegerField(
        _("stance"), null=True, blank=True, validators=[MinValueValidator(-2), MaxValueValidator(2)]
    )
    notes = models.TextField(_("notes"), max_length=2000, blank=True)
    normalised_phone = models.CharField(max_length=60, blank=True, default="", editable=False)
    mail_domain = models.CharField(max_length=254, blank=True, default="", editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(
                fields=["normalised_phone", "customer"], name="contact_by_phone",
                condition=~models.Q(normalised_phone="") & models.Q(archived_at=None),
            ),
            models.Index(
                fields=["mail_domain", "customer"], name="contact_by_mail_domain",
                condition=~models.Q(mail_domain="") & models.Q(archived_at=None),
            ),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(
                name="contact_influence_is_1_to_5",
                condition=models.Q(influence__isnull=True) | models.Q(influence__gte=1, influence__lte=5),
            ),
            models.CheckConstraint(
                name="contact_stance_is_minus_2_to_2",
                condition=models.Q(stance__isnull=True) | models.Q(stance__gte=-2, stance__lte=2),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        """By what it is compared follows its phone and mail, whoever saves it (an import does so by itself)."""
        signs = signs_of_contact(self.phone, self.email)
        for name, value in signs.items():
            setattr(self, name, value)
        if options.get("update_fields") is not None:
            options["update_fields"] = {*options["update_fields"], *signs}
        super().save(*args, **options)
