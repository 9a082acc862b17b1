"""Customers, contacts, products and orders as the API shows them."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.api.fields import KeyedSerializer, MomentField, person
from accounts.models import User
from config.web.api import ReferenceField
from customers.models import Contact, Customer, Order, Product


def customers_of(user: User) -> QuerySet[Any]:
    """The customers that somebody may name."""
    return Customer.objects.visible_to(user).in_use()


class CustomerSerializer(KeyedSerializer):
    owner = person(allow_null=True, required=False)
    team = ReferenceField(allow_null=True)
    parent = ReferenceField(among=customers_of, allow_null=True, required=False)
    archived_at = MomentField(allow_null=True)
    created_at = MomentField()

    class Meta:
        model = Customer
        fields = (
            "id", "key", "name", "industry", "region", "owner", "team", "parent", "annual_spend", "tier", "created_on",
            "created_at", "archived_at", "version",
        )  # fmt: skip
        read_only_fields = ("version",)
        create_only = ("key",)


class ContactSerializer(KeyedSerializer):
    customer = ReferenceField(among=customers_of)
    archived_at = MomentField(allow_null=True)
    created_at = MomentField()

    class Meta:
        model = Contact
        fields = (
            "id", "key", "customer", "name", "title", "department", "email", "phone", "buying_role", "influence",
            "stance", "created_at", "archived_at", "version",
        )  # fmt: skip
        read_only_fields = ("version",)
        create_only = ("key", "customer")


class ProductSerializer(KeyedSerializer):
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = Product
        fields = ("id", "key", "name", "line", "is_core", "active", "archived_at", "version")
        read_only_fields = ("version",)
        create_only = ("key",)


class OrderSerializer(serializers.ModelSerializer[Order]):
    """`customer` is null when the caller sees the order as its seller, and not the customer."""

    customer = ReferenceField(allow_null=True)
    product = ReferenceField(allow_null=True)
    owner = person(allow_null=True, read_only=True)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = Order
        fields = ("id", "key", "customer", "product", "owner", "amount", "booked_on", "archived_at", "version")
        read_only_fields = fields
