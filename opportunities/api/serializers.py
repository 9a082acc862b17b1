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
from customers.api.serializers import CustomerField, customers_of
from customers.models import Product
from opportunities.api.evidence import MEMBERS, EvidencedSerializer
from opportunities.models import FactorKey, Grade, Opportunity, OpportunityVersion, Stage
from opportunities.querysets import FOREVER
from opportunities.rules import reason_in_words
from opportunities.selectors.collaborators import collaborators_of
from opportunities.selectors.stages import all_stages
from opportunities.selectors.timeline import KINDS


def stages_of(_user: User) -> Any:
    return Stage.objects.all()


class StageField(ReferenceField):
    """A stage by its key, retired ones too, among those that this request has read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(among=stages_of, **kwargs)

    def to_internal_value(self, data: Any) -> Stage:
        found = next((stage for stage in all_stages() if stage.key == data), None)
        if found is None:
            self.fail("invalid")
        return found


def products_of(_user: User) -> Any:
    return Product.objects.in_use()


def sensible_day(day: date) -> None:
    """A day that a sale may have."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise serializers.ValidationError(_("Enter a date between 1970 and 2199."))


class StageSerializer(KeyedSerializer):
    position = serializers.IntegerField(min_value=1, max_value=32000, required=False)
    floor = serializers.IntegerField(min_value=0, max_value=6, required=False, allow_null=True)
    floors = serializers.DictField(child=serializers.IntegerField(min_value=0, max_value=6), required=False)
    milestones = serializers.ListField(child=serializers.CharField(max_length=30), required=False)
    retired_at = MomentField(allow_null=True)

    class Meta:
        model = Stage
        fields = (
            "id", "key", "name_zh", "name_en", "position", "outcome", "win_rate", "floor", "floors", "milestones",
            "expected_days", "retired_at", "version",
        )  # fmt: skip
        read_only_fields = ("version",)
        create_only = ("key", "outcome", "position")


class OpportunitySerializer(EvidencedSerializer, KeyedSerializer):
    """An opportunity as of now. `declared` is the win rate of its stage; while unassessed it counts so."""

    customer = CustomerField(among=customers_of)
    owner = person(required=False)
    team = ReferenceField(allow_null=True)
    stage = StageField(required=False)
    product = ReferenceField(among=products_of, allow_null=True, required=False)
    expected_close_date = serializers.DateField(allow_null=True, required=False, validators=[sensible_day])
    next_step_due = serializers.DateField(allow_null=True, required=False, validators=[sensible_day])
    signed_on = serializers.DateField(allow_null=True, required=False, validators=[sensible_day])
    reason = serializers.CharField(max_length=500, write_only=True, required=False, allow_blank=True)
    override = serializers.BooleanField(write_only=True, required=False)
    declared = RateSerializerField(source="win_rate", read_only=True)
    collaborators = serializers.SerializerMethodField()
    stage_entered_at = MomentField(source="entered_at")
    created_at = MomentField()
    closed_at = MomentField(allow_null=True)
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = Opportunity
        fields = (
            "id", "key", "title", "customer", "owner", "team", "stage", "outcome", "amount", "expected_close_date",
            "product", "next_step", "next_step_due", "source", "forecast_category", "declared", *MEMBERS,
            "collaborators", "signed_on", "competitor", "stage_entered_at", "created_at", "closed_at", "archived_at",
            "version", "reason", "override",
        )  # fmt: skip
        read_only_fields = ("outcome", "version")
        create_only = ("key", "stage", "reason", "override")

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_collaborators(self, row: Opportunity) -> list[str]:
        return collaborators_of(row)


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
    reason = serializers.SerializerMethodField(help_text="The product's own in the caller's language.")

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

    def get_reason(self, row: OpportunityVersion) -> str:
        return reason_in_words(row.reason)


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


class EventSerializer(serializers.Serializer[Any]):
    """Something that happened. `actor` is null where an import or nobody acted; `created` marks the first change.

    `changes` are those of kind `change`; factor, level and grade those of a record of evidence; `text` its evidence,
    or what came of an activity.
    """

    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=KINDS)
    actor = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    created = serializers.BooleanField()
    changes = ChangeSerializer(many=True)
    factor = serializers.ChoiceField(choices=FactorKey.choices, allow_null=True)
    level = serializers.IntegerField(allow_null=True, min_value=1, max_value=6)
    grade = serializers.ChoiceField(choices=Grade.choices, allow_null=True)
    decision = serializers.ChoiceField(choices=("go", "no_go"), allow_null=True)
    text = serializers.CharField()


class TimelineSerializer(serializers.Serializer[Any]):
    """Twenty events, the newest first; `next` is the number of the page that follows."""

    results = EventSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)


# --- Bodies of the verbs ----------------------------------------------------------------------


class MoveSerializer(serializers.Serializer[Any]):
    """Where to, and what a closing or a step back needs; `override` with a `reason` moves on without evidence."""

    stage = StageField()
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    amount = MoneySerializerField(required=False, allow_null=True, default=None)
    signed_on = serializers.DateField(required=False, allow_null=True, default=None, validators=[sensible_day])
    competitor = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    override = serializers.BooleanField(required=False, default=False)


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
