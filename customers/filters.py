"""One set of filters for lists, exports and the API of customers and what hangs on them."""

from typing import Any

import django_filters as filters
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from config.web.filters import ArchivedFilter, ChoicesFilter, ReferenceFilter
from customers.models import Contact, Customer, Order, Product


def _visible_customers(request: Any) -> QuerySet[Any]:
    return Customer.objects.none() if request is None else Customer.objects.visible_to(request.user)


def containing(queryset: QuerySet[Any], text: str, *names: str) -> QuerySet[Any]:
    """Rows with the text in one of these fields."""
    wanted = Q()
    for name in names:
        wanted |= Q(**{f"{name}__icontains": text})
    return queryset.filter(wanted)


def ordered(queryset: QuerySet[Any], wanted: str, orderings: dict[str, str], default: str) -> QuerySet[Any]:
    """Sorted by one of `orderings` (`-` in front: downwards), empty values last, ties by id."""
    if wanted.removeprefix("-") not in orderings:
        wanted = default
    column = F(orderings[wanted.removeprefix("-")])
    first = column.desc(nulls_last=True) if wanted.startswith("-") else column.asc(nulls_last=True)
    return queryset.order_by(first, "id")


class CustomerFilter(filters.FilterSet):
    """References by key, people by login name; one that is unknown or hidden is invalid, with the same words."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    owner = ReferenceFilter(to_field_name="username", queryset=User.objects.all(), label=_("Owner"))
    team = ReferenceFilter(to_field_name="key", queryset=Team.objects.all(), method="filter_team", label=_("Team"))
    tier = ChoicesFilter(choices=Customer.Tier, label=_("Tier"))
    industry = filters.CharFilter(lookup_expr="icontains", label=_("Industry"), max_length=200)
    region = filters.CharFilter(lookup_expr="icontains", label=_("Region"), max_length=200)
    parent = ReferenceFilter(to_field_name="key", queryset=_visible_customers, label=_("Parent company"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = Customer
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return containing(queryset, value, "name", "industry", "region")

    def filter_team(self, queryset: QuerySet[Any], _name: str, teams: list[Team]) -> QuerySet[Any]:
        """Those of the teams and of all below them."""
        wanted = Q()
        for team in teams:
            wanted |= Q(team__path__startswith=team.path)
        return queryset.filter(wanted) if teams else queryset


class ContactFilter(filters.FilterSet):
    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=200)
    customer = ReferenceFilter(to_field_name="key", queryset=_visible_customers, label=_("Customer"))
    buying_role = ChoicesFilter(choices=Contact.BuyingRole, label=_("Buying role"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = Contact
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return containing(queryset, value, "name", "title", "department", "email", "phone", "customer__name")


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
    customer = ReferenceFilter(to_field_name="key", queryset=_visible_customers, label=_("Customer"))
    product = ReferenceFilter(to_field_name="key", queryset=Product.objects.all(), label=_("Product"))
    owner = ReferenceFilter(to_field_name="username", queryset=User.objects.all(), label=_("Seller"))
    booked_from = filters.DateFilter(field_name="booked_on", lookup_expr="gte", label=_("Booked from"))
    booked_to = filters.DateFilter(field_name="booked_on", lookup_expr="lte", label=_("Booked to"))
    key = filters.CharFilter(label=_("Key"))
    archived = ArchivedFilter(label=_("With archived ones"))

    class Meta:
        model = Order
        fields: list[str] = []
