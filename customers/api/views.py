"""Customers, contacts, products, orders."""

from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import AdminsWrite, SalesRecord, TokenScope
from accounts.models import User
from config.web.api import Resource, SeenSerializer
from customers import actions
from customers.api import serializers
from customers.filters import ContactFilter, CustomerFilter, OrderFilter, ProductFilter
from customers.models import Contact, Customer, Order, Product

BASIC = (permissions.IsAuthenticated, TokenScope)


class Customers(Resource):
    """Companies that buy or may buy from us."""

    queryset = Customer.objects.all()
    serializer_class = serializers.CustomerSerializer
    filterset_class = CustomerFilter
    permission_classes = (*BASIC, SalesRecord)
    search_fields = ("name", "=key")
    orderings = {  # noqa: RUF012
        "id": "id", "key": "key", "name": "name", "tier": "-tier", "owner": "owner__name",
        "annual_spend": "annual_spend", "created_at": "created_at",
    }  # fmt: skip
    default_ordering = "name"

    def visible(self) -> QuerySet[Any]:
        seen = Customer.objects.visible_to(self.request.user)
        return seen.select_related("owner", "team").prefetch_related(
            Prefetch("parent", queryset=seen.only("id", "key"))  # a parent out of sight is null
        )

    def create(self, request: Request) -> Response:
        row = actions.create_customer(actor=request.user, **self.parsed())
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set fields; another `owner` is a hand-over."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(_change(row, changes, seen, request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive; refused while it has open opportunities."""
        row = self.get_object()
        actions.archive_customer(customer=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived customer back."""
        row = self.get_object()
        return self.reread(actions.restore_customer(customer=row, seen=self.seen_if_said(row), actor=request.user))


@transaction.atomic
def _change(row: Customer, changes: dict[str, Any], seen: int, actor: User) -> Customer:
    """The hand-over and the other changes of one PATCH, all or nothing."""
    changed = {name: value for name, value in changes.items() if getattr(row, name) != value}
    if "owner" in changed:
        row = actions.assign_customer(customer=row, owner=changed.pop("owner"), seen=seen, actor=actor)
        if not changed:
            return row
    return actions.edit_customer(customer=row, changes=changed, seen=seen, actor=actor)


class Contacts(Resource):
    """People on the customers' side."""

    queryset = Contact.objects.all()
    serializer_class = serializers.ContactSerializer
    filterset_class = ContactFilter
    permission_classes = (*BASIC, SalesRecord)
    search_fields = ("name", "=key", "title", "email", "phone")
    orderings = {"id": "id", "key": "key", "name": "name", "customer": "customer__name"}  # noqa: RUF012
    default_ordering = "name"

    def visible(self) -> QuerySet[Any]:
        return Contact.objects.visible_to(self.request.user).select_related("customer")

    def create(self, request: Request) -> Response:
        row = actions.create_contact(actor=request.user, **self.parsed())
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(actions.edit_contact(contact=row, changes=changes, seen=seen, actor=request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive."""
        row = self.get_object()
        actions.archive_contact(contact=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived contact back."""
        row = self.get_object()
        return self.reread(actions.restore_contact(contact=row, seen=self.seen_if_said(row), actor=request.user))


class Products(Resource):
    """What we sell; administrators change it."""

    queryset = Product.objects.all()
    serializer_class = serializers.ProductSerializer
    filterset_class = ProductFilter
    permission_classes = (*BASIC, AdminsWrite)
    search_fields = ("name", "=key", "line")
    orderings = {"id": "id", "key": "key", "name": "name", "line": "line"}  # noqa: RUF012
    default_ordering = "name"

    def visible(self) -> QuerySet[Any]:
        return Product.objects.all()

    def create(self, request: Request) -> Response:
        row = actions.create_product(actor=request.user, **self.parsed())
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(actions.edit_product(product=row, changes=changes, seen=seen, actor=request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive."""
        row = self.get_object()
        actions.archive_product(product=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived product back."""
        row = self.get_object()
        return self.reread(actions.restore_product(product=row, seen=self.seen_if_said(row), actor=request.user))


class Orders(Resource):
    """Orders booked."""

    queryset = Order.objects.all()
    serializer_class = serializers.OrderSerializer
    filterset_class = OrderFilter
    search_fields = ("key",)
    orderings = {"id": "id", "key": "key", "booked_on": "booked_on", "amount": "amount"}  # noqa: RUF012
    default_ordering = "-booked_on"

    def visible(self) -> QuerySet[Any]:
        customers = Customer.objects.visible_to(self.request.user).only("id", "key")
        return (
            Order.objects.visible_to(self.request.user)
            .select_related("product", "owner")
            .prefetch_related(Prefetch("customer", queryset=customers))  # one out of sight is null
        )
