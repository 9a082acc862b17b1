"""What a customer has bought, is bound to, says of us, and buys elsewhere (METHOD.md §4)."""

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.calendar import t12m
from accounts.models import User
from config.web.money import MoneyField
from config.web.revisions import Revised, random_key
from customers.models.customers import Contact, Customer, Product
from customers.querysets import ContractQuerySet, OfCustomerQuerySet, OrderQuerySet


class Order(Revised):
    """An order booked on a day; `owner` is the seller."""

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders", verbose_name=_("customer"))
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("product")
    )
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("seller")
    )
    amount = MoneyField(_("amount"))
    booked_on = models.DateField(_("booked on"))
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-booked_on", "-id"]
        indexes = [models.Index(fields=["-booked_on", "-id"], name="order_by_day")]
        constraints = [models.CheckConstraint(name="order_amount_is_not_negative", condition=models.Q(amount__gte=0))]

    def __str__(self) -> str:
        return f"{self.booked_on:%Y-%m-%d} · {self.amount}"


class Contract(Revised):
    """A contract with a term; the one that follows it is named in `renewed_by`."""

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="contracts", verbose_name=_("customer"))
    title = models.CharField(_("title"), max_length=200, blank=True)
    amount = MoneyField(_("amount"), null=True, blank=True)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    renewed_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="renews", verbose_name=_("renewed by")
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering = ["ends_on", "id"]
        indexes = [models.Index(fields=["ends_on", "id"], name="contract_by_end")]
        constraints = [
            models.CheckConstraint(name="contract_ends_after_it_starts", condition=Q(ends_on__gte=F("starts_on"))),
            models.CheckConstraint(
                name="contract_amount_is_not_negative", condition=Q(amount__isnull=True) | Q(amount__gte=0)
            ),
            models.CheckConstraint(
                name="contract_does_not_renew_itself",
                condition=Q(renewed_by__isnull=True) | ~Q(renewed_by=F("id")),
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.key

    @property
    def is_renewed(self) -> bool:
        """Whether one follows that is in use."""
        return self.renewed_by is not None and self.renewed_by.archived_at is None

    def has_lapsed(self, day: date) -> bool:
        """Whether it is among those that `lapsed` finds."""
        return self.archived_at is None and not self.is_renewed and t12m(day).first <= self.ends_on < day

    def next_term(self) -> tuple[date, date]:
        """First and last day of one that follows at once and lasts as long, none later than the last day there is."""
        last = date.max.toordinal()
        begin = min(self.ends_on.toordinal() + 1, last)
        end = min(begin + (self.ends_on - self.starts_on).days, last)
        return date.fromordinal(begin), date.fromordinal(end)


class NpsResponse(Revised):
    """How likely somebody at the customer's would recommend us, 0-10, on a day."""

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="nps_responses", verbose_name=_("customer"))
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="nps_responses", verbose_name=_("contact")
    )
    score = models.PositiveSmallIntegerField(_("score"), validators=[MinValueValidator(0), MaxValueValidator(10)])
    answered_on = models.DateField(_("answered on"))
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        ordering = ["-answered_on", "-id"]
        indexes = [models.Index(fields=["-answered_on", "-id"], name="nps_response_by_day")]
        constraints = [models.CheckConstraint(name="nps_score_is_0_to_10", condition=Q(score__gte=0, score__lte=10))]

    def __str__(self) -> str:
        return f"{self.score} · {self.answered_on:%Y-%m-%d}"


class Supplier(Revised):
    """Somebody else from whom the customer buys what we could sell, and for how much a year."""

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="suppliers")
    name = models.CharField(_("supplier"), max_length=200)
    annual_amount = MoneyField(_("a year"))
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        ordering = ["customer", "-annual_amount", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "name"], condition=Q(archived_at__isnull=True), name="supplier_once_at_a_customer"
            ),
            models.CheckConstraint(name="supplier_amount_is_not_negative", condition=Q(annual_amount__gte=0)),
        ]

    def __str__(self) -> str:
        return self.name


class Unit(Revised):
    """A plant, branch or department of the customer that buys on its own."""

    key = models.CharField(_("key"), max_length=64, unique=True, default=random_key)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="units")
    name = models.CharField(_("unit"), max_length=100)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        ordering = ["customer", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "name"], condition=Q(archived_at__isnull=True), name="unit_once_at_a_customer"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Coverage(Revised):
    """From whom a unit has one of our products, or could; no row: it does not buy it at all, as far as we know."""

    class State(models.TextChoices):
        OURS = "ours", _("Ours")
        PURSUED = "pursued", _("In pursuit")
        OTHERS = "others", _("Competitor")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="coverage")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=7, choices=State)
    supplier = models.CharField(_("supplier"), max_length=200, blank=True)

    class Meta:
        ordering = ["unit", "product"]
        constraints = [models.UniqueConstraint(fields=["unit", "product"], name="coverage_once_of_a_product")]

    def __str__(self) -> str:
        return self.state
