"""One set of filters for lists, exports and the API of customers and what hangs on them."""

from datetime import date
from typing import Any

import django_filters as filters
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import search
from accounts.models import Team, User
from accounts.selectors import today
from config.web.filters import ArchivedFilter, ChoicesFilter, DayFilter, ReferenceFilter
from customers.models import Contact, Customer, Order, Product, TierRules
from customers.querysets import counts_on
from customers.selectors.assessments import counts_in_quarters, is_due
from customers.selectors.attention import is_neglected, lacks_plan
from customers.selectors.pyramid import moved, movement_periods
from customers.selectors.share import has_low_share
from customers.selectors.tiers import rules_now

NO_TIER = "none"


def visible_customers(request: Any) -> QuerySet[Any]:
    return Customer.objects.none() if request is None else Customer.objects.visible_to(request.user)


def merged_into(key: str) -> QuerySet[Any]:
    """The id of the customer into which the one of this key was merged."""
    merged = Customer.objects.filter(key=key, merged_into__isnull=False).order_by()
    return merged.values("merged_into")


def answering(text: str) -> Q:
    """Customers that answer to a text which is written nowhere: by initials or pinyin of the name.

    Also the survivor of one that was merged, by its name so or as it is written, or by its key (FINE-PRINT 55).
    """
    spelt = search.is_spelt(text, pk=Customer) or Q()
    merged = Customer.objects.filter(Q(name__icontains=text) | Q(key=text) | spelt, merged_into__isnull=False)
    return Q(pk__in=merged.order_by().values("merged_into")) | spelt


class CustomerKeyFilter(ReferenceFilter):
    """Rows of customers by key; the key of one that was merged away means the survivor (FINE-PRINT 55)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(to_field_name="key", **{"queryset": visible_customers, "label": _("Customer"), **options})

    def filter(self, qs: Any, value: Any) -> Any:
        return qs.filter(**{f"{self.field_name}__in": [row.merged_into_id or row.pk for row in value]}) if value else qs

    def within(self, among: QuerySet[Any]) -> Q:
        meant = among.order_by().annotate(meant=Coalesce("merged_into_id", "pk")).values("meant")
        return Q(**{f"{self.field_name}__in": meant})


def containing(queryset: QuerySet[Any], text: str, *names: str) -> QuerySet[Any]:
    """Rows with the text in one of these fields."""
    wanted = Q()
    for name in names:
        wanted |= Q(**{f"{name}__icontains": text})
    return queryset.filter(wanted)


def spelt_else(queryset: QuerySet[Any], written: QuerySet[Any], spelt: Q | None) -> QuerySet[Any]:
    """The rows in which a text is written; where there is none, those that are spelt so (`search.is_spelt`)."""
    return written if spelt is None or written.exists() else queryset.filter(spelt)


def ordered(queryset: QuerySet[Any], wanted: str, orderings: dict[str, str], default: str) -> QuerySet[Any]:
    """Sorted by one of `orderings` (`-` in front: downwards), empty values last, ties by id."""
    if wanted.removeprefix("-") not in orderings:
        wanted = default
    column = F(orderings[wanted.removeprefix("-")])
    first = column.desc(nulls_last=True) if wanted.startswith("-") else column.asc(nulls_last=True)
    return queryset.order_by(first, "id")


def _either(queryset: QuerySet[Any], condition: Q, holds: bool) -> QuerySet[Any]:
    return queryset.filter(condition) if holds else queryset.exclude(condition)


class TierFilter(ChoicesFilter):
    """Customers of these tiers; `none`: those without one."""

    def filter(self, qs: Any, value: list[str]) -> Any:
        return super().filter(qs, ["" if each == NO_TIER else each for each in value])


class CustomerFilter(filters.FilterSet):
    """References by key, people by login name; one that is unknown or hidden is invalid, with the same words."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    owner = ReferenceFilter(to_field_name="username", queryset=User.objects.all(), label=_("Owner"))
    team = ReferenceFilter(to_field_name="key", queryset=Team.objects.all(), method="filter_team", label=_("Team"))
    tier = TierFilter(choices=[*Customer.Tier.choices, (NO_TIER, _("No tier"))], label=_("Tier"))
    industry = filters.CharFilter(lookup_expr="icontains", label=_("Industry"), max_length=200)
    region = filters.CharFilter(lookup_expr="icontains", label=_("Region"), max_length=200)
    parent = CustomerKeyFilter(label=_("Parent company"))
    key = filters.CharFilter(method="filter_key", label=_("Key"))
    neglected = filters.BooleanFilter(method="filter_neglected", label=_("Neglected"))
    assessment_due = filters.BooleanFilter(method="filter_assessment_due", label=_("Assessment due"))
    no_plan = filters.BooleanFilter(method="filter_no_plan", label=_("Without the account plan required"))
    low_share = filters.BooleanFilter(method="filter_low_share", label=_("Wallet share below the threshold"))
    moved = filters.ChoiceFilter(
        choices=[("up", _("Upgraded")), ("down", _("Downgraded"))], method="filter_moved", label=_("Tier changed")
    )
    moved_in = filters.ChoiceFilter(
        choices=[("quarter", _("This quarter")), ("t12m", _("Last 12 months"))], method="filter_nothing",
        label=_("Period of the change of tier, the quarter unless said otherwise"),
    )  # fmt: skip
    archived = ArchivedFilter(label=_("With archived ones"))
    written: bool | None = None  # whether the text of `q` stands in a row so

    class Meta:
        model = Customer
        fields: list[str] = []

    @cached_property
    def rules(self) -> TierRules:
        """The tier rules that hold now, read when they are asked for."""
        return rules_now()

    def all_but(self, name: str) -> QuerySet[Any]:
        """What the filters leave when one of them is not asked; nothing when they mean nothing."""
        if not self.is_valid():
            return self.queryset.none()
        found = self.queryset
        for each, value in self.form.cleaned_data.items():
            found = found if each == name else self.filters[each].filter(found, value)
        return found

    def filter_nothing(self, queryset: QuerySet[Any], _name: str, _value: str) -> QuerySet[Any]:
        """What only says how another filter is meant."""
        return queryset

    def filter_neglected(self, queryset: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        return _either(queryset, is_neglected(self.request.user, today(), self.rules), value)

    def filter_assessment_due(self, queryset: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        return _either(queryset, is_due(today(), self.rules), value)

    def filter_no_plan(self, queryset: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        return _either(queryset, lacks_plan(today(), self.rules), value)

    def filter_low_share(self, queryset: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        """A share that is not known is not below the threshold."""
        return _either(queryset, has_low_share(today()), value)

    def filter_moved(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        periods = movement_periods(today())
        period = periods[self.form.cleaned_data.get("moved_in") or "quarter"]
        return queryset.filter(pk__in=moved(queryset.order_by(), period, value).values("pk"))

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """By a part of these fields; where nothing is so written, by what else it answers to."""
        written = containing(queryset, value, "name", "industry", "region")
        return written if self._is_written(written) else queryset.filter(answering(value))

    def _is_written(self, written: Any) -> bool:
        """In a row that is shown; asked once, however often the filters are applied."""
        if self.written is None:
            shown = written if self.form.cleaned_data.get("archived") else written.in_use()
            self.written = shown.exists()
        return self.written

    def filter_key(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """The customer of this key; of one that was merged away, the survivor too."""
        return queryset.filter(Q(key=value) | Q(pk__in=merged_into(value)))

    def filter_team(self, queryset: QuerySet[Any], _name: str, teams: list[Team]) -> QuerySet[Any]:
        """Those of the teams and of all below them."""
        wanted = Q()
        for team in teams:
            wanted |= Q(team__path__startswith=team.path)
        return queryset.filter(wanted) if teams else queryset


class ContactFilter(filters.FilterSet):
    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    customer = CustomerKeyFilter()
    buying_role = ChoicesFilter(choices=Contact.BuyingRole, label=_("Buying role"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = Contact
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """By a part of these fields; where nothing is so written, by initials or pinyin of person or company."""
        written = containing(queryset, value, "name", "title", "department", "email", "phone", "customer__name")
        return spelt_else(queryset, written, search.is_spelt(value, pk=Contact, customer_id=Customer))


class ProductFilter(filters.FilterSet):
    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    line = filters.CharFilter(label=_("Product line"))
    is_core = filters.BooleanFilter(label=_("Core product"))
    active = filters.BooleanFilter(label=_("Active"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = Product
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return containing(queryset, value, "name", "line")


class OrderFilter(filters.FilterSet):
    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    customer = CustomerKeyFilter()
    product = ReferenceFilter(to_field_name="key", queryset=Product.objects.all(), label=_("Product"))
    owner = ReferenceFilter(to_field_name="username", queryset=User.objects.all(), label=_("Seller"))
    booked_from = filters.DateFilter(field_name="booked_on", lookup_expr="gte", label=_("Booked from"))
    booked_to = filters.DateFilter(field_name="booked_on", lookup_expr="lte", label=_("Booked to"))
    key = filters.CharFilter(label=_("Key"))
    as_of = filters.DateFilter(method="filter_as_of", label=_("As figures of this day hold them"))
    quarters_to = DayFilter(method="filter_quarters", label=_("Of the eight quarters up to this day"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = Order
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Of a customer out of sight the name finds nothing."""
        named = Customer.objects.visible_to(self.request.user)  # type: ignore[union-attr]
        named = named.filter(name__icontains=value)
        wanted = (
            Q(key__iexact=value) | Q(product__name__icontains=value) | Q(customer__in=named.order_by().values("pk"))
        )
        return queryset.filter(wanted)

    def filter_as_of(self, queryset: QuerySet[Any], _name: str, value: date) -> QuerySet[Any]:
        """Those that were archived later are among them, with `archived=true`."""
        return queryset.filter(counts_on(value))

    def filter_quarters(self, queryset: QuerySet[Any], _name: str, value: date) -> QuerySet[Any]:
        """Likewise, each as of the end of its own quarter."""
        return queryset.filter(counts_in_quarters(value))
