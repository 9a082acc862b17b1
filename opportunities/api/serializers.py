"""Stages, opportunities and their versions as the API shows them."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import KeyedSerializer, MomentField, TotalField, person
from accounts.models import User
from config.web.api import ReferenceField, SeenSerializer
from config.web.fields import FIRST_YEAR, LAST_YEAR
from config.web.money import MoneySerializerField, RateSerializerField
from customers.api.serializers import customers_of
from customers.models import Product
from opportunities.models import Opportunity, OpportunityVersion, Stage
from opportunities.querysets import FOREVER


def stages_of(_user: User) -> Any:
    return Stage.objects.all()


def products_of(_user: User) -> Any:
    return Product.objects.in_use()


def sensible_day(day: date) -> None:
    """A day that a sale may have."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise serializers.ValidationError(_("Enter a date between 1970 and 2199."))


class StageSerializer(KeyedSerializer):
    position = serializers.IntegerField(min_value=1, max_value=32000, required=False)
    retired_at = MomentField(allow_null=True)

    class Meta:
        model = Stage
        fields = (
            "id", "key", "name_zh", "name_en", "position", "outcome", "win_rate", "expected_days", "retired_at",
            "version",
        )  # fmt: skip
        read_only_fields = ("version",)
        create_only = ("key", "outcome", "position")


class OpportunitySerializer(KeyedSerializer):
    """An opportunity as of now. `declared` is the win rate of its stage; without evidence it counts so."""

    customer = ReferenceField(among=customers_of)
    owner = person(required=False)
    team = ReferenceField(allow_null=True)
    stage = ReferenceField(among=stages_of, required=False)
    product = ReferenceField(among=products_of, allow_null=True, required=False)
    expected_close_date = serializers.DateField(allow_null=True, required=False, validators=[sensible_day])
    next_step_due = serializers.DateField(allow_null=True, required=False, validators=[sensible_day])
    signed_on = serializers.DateField(allow_null=True, required=False, validators=[sensible_day])
    reason = serializers.CharField(max_length=500, write_only=True, required=False, allow_blank=True)
    declared = RateSerializerField(source="win_rate", read_only=True)
    counted = RateSerializerField(source="win_rate", read_only=True)
    unassessed = serializers.SerializerMethodField()
    collaborators = serializers.SerializerMethodField()
    stage_entered_at = MomentField(source="entered_at")
    created_at = MomentField()
    closed_at = MomentField(allow_null=True)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = Opportunity
        fields = (
            "id", "key", "title", "customer", "owner", "team", "stage", "outcome", "amount", "expected_close_date",
            "product", "next_step", "next_step_due", "source", "forecast_category", "declared", "counted", "unassessed",
            "collaborators", "signed_on", "competitor", "stage_entered_at", "created_at", "closed_at", "archived_at",
            "version", "reason",
        )  # fmt: skip
        read_only_fields = ("outcome", "version")
        create_only = ("key", "stage", "reason")

    def get_unassessed(self, row: Opportunity) -> bool:
        """No opportunity has a record of evidence yet."""
        return True

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_collaborators(self, row: Opportunity) -> list[str]:
        return sorted(user.username for user in row.collaborators.all())


class VersionSerializer(serializers.ModelSerializer[OpportunityVersion]):
    """What an opportunity held from `valid_from` up to `valid_to` (null: it still does)."""

    stage = ReferenceField()
    owner = person(read_only=True)
    team = ReferenceField(allow_null=True)
    product = ReferenceField(allow_null=True)
    actor = person(read_only=True, allow_null=True)
    declared = RateSerializerField(source="win_rate", read_only=True)
    valid_from = MomentField()
    valid_to = serializers.SerializerMethodField()
    stage_entered_at = MomentField(source="entered_at")

    class Meta:
        model = OpportunityVersion
        fields = (
            "valid_from", "valid_to", "stage", "outcome", "declared", "amount", "expected_close_date", "owner", "team",
            "product", "next_step", "next_step_due", "stage_entered_at", "actor", "reason",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": ["string", "null"], "format": "date-time"})
    def get_valid_to(self, row: OpportunityVersion) -> str | None:
        return None if row.valid_to == FOREVER else MomentField().to_representation(row.valid_to)


# --- Answers of their own, for the schema -----------------------------------------------------


class CountedSerializer(serializers.Serializer[Any]):
    """How many, and their amount."""

    count = serializers.IntegerField()
    amount = TotalField()


class ColumnSerializer(CountedSerializer):
    """A stage of the board: sums over all that match, its first twelve rows, where the list of them goes on."""

    stage = serializers.CharField()
    weighted = TotalField()
    counted = TotalField()
    unassessed = CountedSerializer()
    results = OpportunitySerializer(many=True)
    next = serializers.URLField(allow_null=True)


class BoardSerializer(serializers.Serializer[Any]):
    """Open stages in order, and what was won this quarter."""

    columns = ColumnSerializer(many=True)


class ChangeSerializer(serializers.Serializer[Any]):
    """A field, and its value before and after: references by key, people by login name."""

    field = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        values = {name: serializers.JSONField() for name in ("from", "to")}
        return {**super().get_fields(), **values}


class EntrySerializer(serializers.Serializer[Any]):
    """One change. `actor` is null where an import or nobody acted; `created` marks the first."""

    at = serializers.DateTimeField()
    actor = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    created = serializers.BooleanField()
    changes = ChangeSerializer(many=True)


class TimelineSerializer(serializers.Serializer[Any]):
    """Twenty changes, the newest first; `next` is the number of the page that follows."""

    results = EntrySerializer(many=True)
    next = serializers.IntegerField(allow_null=True)


# --- Bodies of the verbs ----------------------------------------------------------------------


class MoveSerializer(serializers.Serializer[Any]):
    """Where to, and what a closing or a step back needs."""

    stage = ReferenceField(among=stages_of)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    amount = MoneySerializerField(required=False, allow_null=True, default=None)
    signed_on = serializers.DateField(required=False, allow_null=True, default=None, validators=[sensible_day])
    competitor = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class MoveBody(SeenSerializer, MoveSerializer):
    """Named for the schema: a move with its version."""


class AssignSerializer(serializers.Serializer[Any]):
    owner = person()
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class CloseDateSerializer(serializers.Serializer[Any]):
    expected_close_date = serializers.DateField(allow_null=True, validators=[sensible_day])


class ShiftSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField(min_value=-3650, max_value=3650)


class CollaboratorSerializer(serializers.Serializer[Any]):
    user = person()


class RetireSerializer(serializers.Serializer[Any]):
    target = ReferenceField(among=stages_of, required=False, allow_null=True, default=None)


class OrderSerializer(serializers.Serializer[Any]):
    """The keys of all stages in use, in their new order."""

    order = serializers.ListField(child=ReferenceField(among=stages_of), min_length=1, max_length=100)
