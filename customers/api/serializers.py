"""Customers, contacts, products and orders as the API shows them."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import KeyedSerializer, MomentField, person
from accounts.models import User
from config.web.api import ReferenceField
from customers.duplicates import Alike, Candidate
from customers.filters import merged_into
from customers.models import Contact, Customer, Merge, Product
from customers.rules.tiers import FULL, REVIEW_DEPTHS, treatment_of


def customers_of(user: User) -> QuerySet[Any]:
    """The customers that somebody may name."""
    return Customer.objects.visible_to(user).in_use()


class CustomerField(ReferenceField):
    """A customer by its key; the key of one that was merged away means the survivor."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError:
            if not isinstance(data, str) or "\x00" in data:
                raise
            survivor = self.get_queryset().filter(pk__in=merged_into(data)).first()
            if survivor is None:
                raise
            return survivor


class TreatmentSerializer(serializers.Serializer[Any]):
    """What the tier asks of us by the rules of now; `cadence_days` 0: no contact."""

    cadence_days = serializers.IntegerField()
    plan_required = serializers.BooleanField()
    review_depth = serializers.ChoiceField(REVIEW_DEPTHS)


class CustomerSerializer(KeyedSerializer):
    owner = person(allow_null=True, required=False)
    team = ReferenceField(allow_null=True)
    parent = CustomerField(among=customers_of, allow_null=True, required=False)
    merged_into = ReferenceField(allow_null=True)
    score = serializers.SerializerMethodField()
    treatment = serializers.SerializerMethodField()
    archived_at = MomentField(allow_null=True)
    created_at = MomentField()
    another = serializers.BooleanField(
        write_only=True, required=False, default=False,
        help_text="Create it although customers in sight share its name, phone or mail domain: it is another company.",
    )  # fmt: skip

    class Meta:
        model = Customer
        fields = (
            "id", "key", "name", "industry", "region", "owner", "team", "parent", "annual_spend", "tier", "score",
            "treatment", "created_on", "credit_code", "phone", "domain", "merged_into", "created_at", "archived_at",
            "version", "another",
        )  # fmt: skip
        read_only_fields = ("version",)
        create_only = ("key", "another")

    def get_score(self, row: Any) -> float | None:
        """The total of the latest assessment, 0 to 100; null: not assessed."""
        return None if row.points is None else row.points / FULL

    @extend_schema_field(TreatmentSerializer(allow_null=True))
    def get_treatment(self, row: Customer) -> Any:
        """Null without a tier."""
        found = treatment_of(row.tier, row)
        return None if found is None else TreatmentSerializer(found).data


class ContactSerializer(KeyedSerializer):
    customer = CustomerField(among=customers_of)
    archived_at = MomentField(allow_null=True)
    created_at = MomentField()

    class Meta:
        model = Contact
        fields = (
            "id", "key", "customer", "name", "title", "department", "email", "phone", "buying_role", "influence",
            "stance", "notes", "created_at", "archived_at", "version",
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


class MergeOtherSerializer(serializers.Serializer[Any]):
    """Which customer is merged into the one of the address."""

    other = ReferenceField(among=customers_of)
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    other_version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class MergeSerializer(serializers.ModelSerializer[Merge]):
    """`other` was merged into `survivor`; `moved` {model.field: ids}, `filled` names the fields that it filled."""

    survivor = ReferenceField()
    other = ReferenceField()
    merged_by = person(read_only=True)
    merged_at = MomentField()
    undone_at = MomentField(allow_null=True)
    filled = serializers.SerializerMethodField()

    class Meta:
        model = Merge
        fields = ("id", "survivor", "other", "merged_at", "merged_by", "moved", "filled", "undone_at")
        read_only_fields = fields

    def get_filled(self, merge: Merge) -> list[str]:
        return list(merge.filled)


class UndoneSerializer(serializers.Serializer[Any]):
    """What is not as it was: rows moved elsewhere, parted, or still archived; fields edited since."""

    merge = MergeSerializer()
    elsewhere = serializers.DictField(child=serializers.ListField(child=serializers.IntegerField()))
    edited = serializers.ListField(child=serializers.CharField())


class CandidateSerializer(serializers.Serializer[Any]):
    """A customer in sight that may be the same; `reasons` are of same name, code, phone, domain, or `near`.

    `url` is its page for people; `formerly` names the customer that was merged into it and has the name or code; else
    empty.
    """

    id = serializers.IntegerField(source="pk")
    key = serializers.CharField()
    name = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    formerly = serializers.CharField()
    url = serializers.SerializerMethodField()

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, found: Candidate) -> str:
        return self.context["request"].build_absolute_uri(reverse("customer", args=[found.pk]))  # type: ignore[no-any-return]


class NotCreatedSerializer(serializers.Serializer[Any]):
    """Why a customer was not created: messages of each field; with code `duplicate` those that may be the same.

    Code `already_served`: it is there, out of the caller's sight; nothing more is told.
    """

    code = serializers.ChoiceField(["duplicate", "already_served"], required=False)
    candidates = CandidateSerializer(many=True, required=False)
    name = serializers.ListField(child=serializers.CharField(), required=False)
    another = serializers.ListField(child=serializers.CharField(), required=False)


def refused_as_alike(error: Alike, request: Request) -> dict[str, Any]:
    """The body that says which customers in sight may be the same."""
    found = CandidateSerializer(error.candidates, many=True, context={"request": request}).data
    return {**error.message_dict, "code": "duplicate", "candidates": found}


class SignsSerializer(serializers.Serializer[Any]):
    """By what to look for one that may be the same."""

    name = serializers.CharField(max_length=200, required=False, default="")
    credit_code = serializers.CharField(max_length=40, required=False, default="")
    phone = serializers.CharField(max_length=50, required=False, default="")
    domain = serializers.CharField(max_length=100, required=False, default="")
