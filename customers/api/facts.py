"""Orders, contracts, NPS answers: read within what the caller may see, written through the actions."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import KeyedSerializer, MomentField, person
from accounts.api.permissions import SalesRecord, TokenScope
from accounts.models import User
from config.web.api import ReferenceField, Resource, SeenSerializer
from customers import actions
from customers.actions.shared import refuse_unless_editable
from customers.api.serializers import CustomerField, customers_of
from customers.fact_filters import ContractFilter, NpsFilter
from customers.filters import OrderFilter
from customers.models import Contact, Contract, Customer, NpsResponse, Order, Product


def _contacts_of(user: User) -> QuerySet[Any]:
    return Contact.objects.visible_to(user).in_use()


def _contracts_of(user: User) -> QuerySet[Any]:
    return Contract.objects.visible_to(user).in_use()


def _products_of(_user: User) -> QuerySet[Any]:
    return Product.objects.in_use()


class BookedOrderSerializer(KeyedSerializer):
    """`customer` is null when the caller sees the order as its seller, and not the customer."""

    customer = CustomerField(among=customers_of, allow_null=True)
    product = ReferenceField(among=_products_of, allow_null=True, required=False)
    owner = person(allow_null=True, required=False)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = Order
        fields = ("id", "key", "customer", "product", "owner", "amount", "booked_on", "archived_at", "version")
        read_only_fields = ("version",)
        create_only = ("key", "customer")

    def validate_customer(self, customer: Customer | None) -> Customer:
        """Null is what a seller may read, not an order's customer."""
        if customer is None:
            self.fields["customer"].fail("null")
        return customer


class ContractSerializer(KeyedSerializer):
    customer = CustomerField(among=customers_of)
    renewed_by = ReferenceField(among=_contracts_of, allow_null=True, required=False)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = Contract
        fields = (
            "id", "key", "customer", "title", "amount", "starts_on", "ends_on", "renewed_by", "archived_at", "version",
        )  # fmt: skip
        read_only_fields = ("version",)
        create_only = ("key", "customer")


class NpsResponseSerializer(KeyedSerializer):
    customer = CustomerField(among=customers_of)
    contact = ReferenceField(among=_contacts_of, allow_null=True, required=False)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = NpsResponse
        fields = ("id", "key", "customer", "contact", "score", "answered_on", "comment", "archived_at", "version")
        read_only_fields = ("version",)
        create_only = ("key", "customer")


class Facts(Resource):
    """What the three resources do alike; the actions are named after the row."""

    permission_classes = (permissions.IsAuthenticated, TokenScope, SalesRecord)
    row: ClassVar[str]
    create_row: ClassVar[Callable[..., Any]]
    edit_row: ClassVar[Callable[..., Any]]
    archive_row: ClassVar[Callable[..., Any]]
    restore_row: ClassVar[Callable[..., Any]]

    def create(self, request: Request) -> Response:
        made = type(self).create_row(actor=request.user, **self.parsed())
        return self.reread(made, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(type(self).edit_row(**{self.row: row}, changes=changes, seen=seen, actor=request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive."""
        row = self.get_object()
        type(self).archive_row(**{self.row: row}, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived one back."""
        row = self.get_object()
        seen = self.seen_if_said(row)
        return self.reread(type(self).restore_row(**{self.row: row}, seen=seen, actor=request.user))


class Orders(Facts):
    """Orders booked."""

    queryset = Order.objects.all()
    serializer_class = BookedOrderSerializer
    filterset_class = OrderFilter
    search_fields = ("key",)
    orderings = {"id": "id", "key": "key", "booked_on": "booked_on", "amount": "amount"}  # noqa: RUF012
    default_ordering = "-booked_on"
    row = "order"
    create_row, edit_row = actions.create_order, actions.edit_order
    archive_row, restore_row = actions.archive_order, actions.restore_order

    def visible(self) -> QuerySet[Any]:
        customers = Customer.objects.visible_to(self.request.user).only("id", "key")
        return (
            Order.objects.visible_to(self.request.user)
            .select_related("product", "owner")
            .prefetch_related(Prefetch("customer", queryset=customers))  # one out of sight is null
        )


class RenewalSerializer(serializers.Serializer[Any]):
    """The contract that follows; it starts the day after the end of this one unless it says otherwise."""

    title = serializers.CharField(max_length=200, required=False, allow_blank=True)
    amount = serializers.DecimalField(max_digits=15, decimal_places=2, min_value=0, required=False, allow_null=True)
    starts_on = serializers.DateField(required=False)
    ends_on = serializers.DateField()


class Contracts(Facts):
    """Contracts with their terms, and which one renews which."""

    queryset = Contract.objects.all()
    serializer_class = ContractSerializer
    filterset_class = ContractFilter
    search_fields = ("title", "=key")
    orderings = {"id": "id", "key": "key", "ends_on": "ends_on", "starts_on": "starts_on"}  # noqa: RUF012
    default_ordering = "ends_on"
    row = "contract"
    create_row, edit_row = actions.create_contract, actions.edit_contract
    archive_row, restore_row = actions.archive_contract, actions.restore_contract

    def visible(self) -> QuerySet[Any]:
        return Contract.objects.visible_to(self.request.user).select_related("customer", "renewed_by")

    @extend_schema(request=RenewalSerializer, responses={201: ContractSerializer})
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, pk: str) -> Response:
        """A new contract that follows this one, linked to it."""
        row = self.get_object()
        refuse_unless_editable(row, request.user)
        given = RenewalSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = actions.renew_contract(contract=row, actor=request.user, **{"amount": None, **given.validated_data})
        return self.reread(made, status.HTTP_201_CREATED)


class NpsResponses(Facts):
    """How likely people at the customers' would recommend us."""

    queryset = NpsResponse.objects.all()
    serializer_class = NpsResponseSerializer
    filterset_class = NpsFilter
    search_fields = ("comment", "=key")
    orderings = {"id": "id", "key": "key", "answered_on": "answered_on", "score": "score"}  # noqa: RUF012
    default_ordering = "-answered_on"
    row = "response"
    create_row, edit_row = actions.create_nps_response, actions.edit_nps_response
    archive_row, restore_row = actions.archive_nps_response, actions.restore_nps_response

    def visible(self) -> QuerySet[Any]:
        return NpsResponse.objects.visible_to(self.request.user).select_related("customer", "contact")
