"""One set of filters a resource: for the list, the export and the API."""

from typing import Any

import django_filters as filters
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from customers.models import Contact, Customer, Order, Product

LONGEST = 200


def _visible_customers(request: Any) -> QuerySet[Any]:
    return Customer.objects.none() if request is None else Customer.objects.visible_to(request.user)


def in_teams(queryset: QuerySet[Any], teams: list[Team], path: str) -> QuerySet[Any]:
    """Rows whose team (`path` leads to its path) is one of these or lies below one."""
    wanted = Q()
    for team in teams:
        wanted |= Q(**{f"{path}__startswith": team.path})
    return queryset.filter(wanted) if teams else queryset


class ArchivedFilter(filters.BooleanFilter):
    """`archived=true`: the archived rows alone; without it the others."""

    def filter(self, queryset: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        return queryset.filter(archived_at__isnull=not value)


class CustomerFilter(filters.FilterSet):
    """References by key, people by login name; one that is unknown or hidden is invalid, with the same words."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=LONGEST)
    tier = filters.MultipleChoiceFilter(choices=Customer.Tier, label=_("Tier"))
    owner = filters.ModelMultipleChoiceFilter(to_field_name="username", queryset=User.objects.all(), label=_("Owner"))
    team = filters.ModelMultipleChoiceFilter(
        to_field_name="key", queryset=Team.objects.all(), method="filter_team", label=_("Team")
    )
    industry = filters.CharFilter(lookup_expr="icontains", label=_("Industry"), max_length=LONGEST)
    region = filters.CharFilter(lookup_expr="icontains", label=_("Region"), max_length=LONGEST)
    parent = filters.ModelChoiceFilter(to_field_name="key", queryset=_visible_customers, label=_("Parent company"))
    key = filters.CharFilter(label=_("Key"), max_length=LONGEST)
    archived = ArchivedFilter(label=_("Archived"))

    class Meta:
        model = Customer
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(industry__icontains=value) | Q(region__icontains=value))

    def filter_team(self, queryset: QuerySet[Any], _name: str, teams: list[Team]) -> QuerySet[Any]:
        return in_teams(queryset, teams, "team__path")


class ContactFilter(filters.FilterSet):
    """Contacts by text, customer, buying role."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=LONGEST)
    customer = filters.ModelMultipleChoiceFilter(to_field_name="key", queryset=_visible_customers, label=_("Customer"))
    buying_role = filters.MultipleChoiceFilter(choices=Contact.BuyingRole, label=_("Buying role"))
    key = filters.CharFilter(label=_("Key"), max_length=LONGEST)
    archived = ArchivedFilter(label=_("Archived"))

    class Meta:
        model = Contact
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        names = ("name", "title", "department", "email", "phone", "customer__name")
        wanted = Q()
        for name in names:
            wanted |= Q(**{f"{name}__icontains": value})
        return queryset.filter(wanted)


class ProductFilter(filters.FilterSet):
    """Products by text and whether they are on sale."""

    q = filters.CharFilter(method="filter_text", label=_("Text"), max_length=LONGEST)
    line = filters.CharFilter(lookup_expr="icontains", label=_("Product line"), max_length=LONGEST)
    active = filters.BooleanFilter(label=_("Active"))
    is_core = filters.BooleanFilter(label=_("Core product"))
    key = filters.CharFilter(label=_("Key"), max_length=LONGEST)
    archived = ArchivedFilter(label=_("Archived"))

    class Meta:
        model = Product
        fields: list[str] = []

    def filter_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(line__icontains=value))


class OrderFilter(filters.FilterSet):
    """Orders by customer, product, seller and day."""

    customer = filters.ModelMultipleChoiceFilter(to_field_name="key", queryset=_visible_customers, label=_("Customer"))
    product = filters.ModelMultipleChoiceFilter(to_field_name="key", queryset=Product.objects.all(), label=_("Product"))
    owner = filters.ModelMultipleChoiceFilter(to_field_name="username", queryset=User.objects.all(), label=_("Seller"))
    booked_from = filters.DateFilter(field_name="booked_on", lookup_expr="gte", label=_("Booked from"))
    booked_to = filters.DateFilter(field_name="booked_on", lookup_expr="lte", label=_("Booked to"))
    key = filters.CharFilter(label=_("Key"), max_length=LONGEST)
    archived = ArchivedFilter(label=_("Archived"))

    class Meta:
        model = Order
        fields: list[str] = []


def ordered(queryset: QuerySet[Any], wanted: str, orderings: dict[str, str], default: str) -> QuerySet[Any]:
    """Sorted by one of `orderings` (`-` in front: downwards), empty values last, ties by id."""
    name = wanted.removeprefix("-") if wanted.removeprefix("-") in orderings else default.removeprefix("-")
    down = (wanted if name == wanted.removeprefix("-") else default).startswith("-")
    column = F(orderings[name])
    return queryset.order_by(column.desc(nulls_last=True) if down else column.asc(nulls_last=True), "id")
