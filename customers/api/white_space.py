"""Suppliers and units of customers, and from whom each unit has which product."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import KeyedSerializer, MomentField
from accounts.api.permissions import SalesRecord, TokenScope
from accounts.models import User
from config.web.api import ReferenceField, Resource, StrictSerializer
from customers import actions
from customers.actions.shared import refuse_unless_editable
from customers.api.facts import Facts
from customers.api.serializers import CustomerField, customers_of
from customers.fact_filters import OfCustomerFilter
from customers.models import Coverage, Customer, Product, Supplier, Unit
from customers.selectors.bought import white_space


def _units_of(user: User) -> QuerySet[Any]:
    return Unit.objects.visible_to(user).in_use().select_related("customer")


def _products_of(_user: User) -> QuerySet[Any]:
    return Product.objects.in_use()


class SupplierSerializer(KeyedSerializer):
    customer = CustomerField(among=customers_of)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = Supplier
        fields = ("id", "key", "customer", "name", "annual_amount", "archived_at", "version")
        read_only_fields = ("version",)
        create_only = ("key", "customer")
        validators = ()  # once at a customer: the action says so


class UnitSerializer(KeyedSerializer):
    customer = CustomerField(among=customers_of)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = Unit
        fields = ("id", "key", "customer", "name", "archived_at", "version")
        read_only_fields = ("version",)
        create_only = ("key", "customer")
        validators = ()


class CoverageSerializer(StrictSerializer):
    """`state` null: from nobody, as far as we know. `supplier` is kept where the state is `others`."""

    unit = ReferenceField(among=_units_of)
    product = ReferenceField(among=_products_of)
    state = serializers.ChoiceField(choices=Coverage.State.choices, allow_null=True)

    class Meta:
        model = Coverage
        fields = ("id", "unit", "product", "state", "supplier", "version")
        read_only_fields = ("version",)
        validators = ()


class FieldSeenSerializer(serializers.Serializer[Any]):
    """The version of a field that the caller saw, 0 of a blank one."""

    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True)


class Suppliers(Facts):
    """From whom else customers buy, and for how much a year."""

    queryset = Supplier.objects.all()
    serializer_class = SupplierSerializer
    filterset_class = OfCustomerFilter
    search_fields = ("name", "=key", "=customer__key")
    orderings = {"id": "id", "key": "key", "name": "name", "annual_amount": "annual_amount"}  # noqa: RUF012
    row = "supplier"
    create_row, edit_row = actions.create_supplier, actions.edit_supplier
    archive_row, restore_row = actions.archive_supplier, actions.restore_supplier

    def visible(self) -> QuerySet[Any]:
        return Supplier.objects.visible_to(self.request.user).select_related("customer")


class Units(Facts):
    """Plants, branches and departments of customers that buy on their own."""

    queryset = Unit.objects.all()
    serializer_class = UnitSerializer
    filterset_class = OfCustomerFilter
    search_fields = ("name", "=key", "=customer__key")
    orderings = {"id": "id", "key": "key", "name": "name"}  # noqa: RUF012
    row = "unit"
    create_row, edit_row = actions.create_unit, actions.edit_unit
    archive_row, restore_row = actions.archive_unit, actions.restore_unit

    def visible(self) -> QuerySet[Any]:
        return Unit.objects.visible_to(self.request.user).select_related("customer")


class OrderedSerializer(serializers.Serializer[Any]):
    """A product that orders of the last four fiscal years hold, and their sum."""

    product = ReferenceField()
    amount = serializers.DecimalField(source="ordered", max_digits=20, decimal_places=2)


class WhiteSpaceOfCustomer(Resource):
    """From whom each unit of one customer has which product.

    What has no row is blank, unless `ordered/` holds the product and no unit has it as `ours`: it is had then, by whom
    is not known.
    """

    queryset = Coverage.objects.all()
    serializer_class = CoverageSerializer
    permission_classes = (permissions.IsAuthenticated, TokenScope, SalesRecord)

    def visible(self) -> QuerySet[Any]:
        rows = Coverage.objects.filter(unit__customer=self._customer(), unit__archived_at=None)
        return rows.select_related("unit", "product")

    def _customer(self) -> Customer:
        return get_object_or_404(Customer.objects.visible_to(self.request.user), pk=self.kwargs["pk"])  # type: ignore[arg-type]

    def list(self, request: Request, pk: str) -> Response:  # type: ignore[override]
        """The fields that are not blank."""
        return super().list(request)

    @extend_schema(responses={200: CoverageSerializer, 204: None})
    def create(self, request: Request, pk: str) -> Response:
        """Set the field of a unit and a product; 204 when it is blank from now on.

        With `version` (0: it was blank) it is refused when somebody has changed it since.
        """
        customer = self._customer()
        refuse_unless_editable(customer, request.user)  # type: ignore[arg-type]
        fields = self._of(customer, self.parsed())
        row = actions.set_coverage(actor=request.user, seen=self._seen(), **fields)
        return self.reread(row) if row else Response(status=status.HTTP_204_NO_CONTENT)

    def _of(self, customer: Customer, fields: dict[str, Any]) -> dict[str, Any]:
        if fields["unit"].customer_id != customer.pk:
            raise serializers.ValidationError({"unit": [_("There is no such choice.")]})
        return {"supplier": "", **fields}

    def _seen(self) -> int | None:
        seen = FieldSeenSerializer(data=self.request.data)
        seen.is_valid(raise_exception=True)
        return seen.validated_data.get("version")  # type: ignore[no-any-return]


class OrderedOfCustomer(Resource):
    """What one customer as a whole has from us: orders name no unit."""

    queryset = Customer.objects.all()
    serializer_class = OrderedSerializer
    permission_classes = (permissions.IsAuthenticated, TokenScope)
    filter_backends = ()

    @extend_schema(operation_id="customers_white_space_ordered_list")
    def list(self, request: Request, pk: str) -> Response:  # type: ignore[override]
        """By the name of the product."""
        user: Any = request.user
        space = white_space(get_object_or_404(Customer.objects.visible_to(user), pk=pk), user)
        page: Any = self.paginate_queryset([row for row in space.rows if row.ordered is not None])  # type: ignore[arg-type]
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
