"""Evidence: the ladders, and the records that climb them."""

from contextlib import nullcontext
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import parsers, permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import MomentField, person
from accounts.api.permissions import SalesRecord, TokenScope
from accounts.models import User
from config.web.api import ReferenceField, Resource
from config.web.parsers import JSONParser
from config.web.uploads import takes_files
from customers.models import Contact
from opportunities import actions
from opportunities.actions import Evidence
from opportunities.actions.files import checked, stored
from opportunities.api.filters import ByOpportunity
from opportunities.api.serializers import sensible_day
from opportunities.models import Activity, Checkpoint, Factor, FactorKey, Grade, GradeChange, Opportunity, Rung
from opportunities.rules import LONGEST_REASON
from opportunities.rules.evidence import TOP
from opportunities.selectors.ladders import ladders
from opportunities.views.answers import refuse_readers

BASIC = (permissions.IsAuthenticated, TokenScope)
TEXTS = ("checkpoint_zh", "checkpoint_en", "evidence_zh", "evidence_en", "question_zh", "question_en")

ADDED = OpenApiExample(
    "The decision maker has met us",
    value={
        "factor": "power", "level": 3, "grade": "E2", "evidence": "Visit at their plant, minutes confirmed by mail",
        "contact": "c-li-wei", "said_on": "2026-11-20", "link": "https://mail.example.com/123",
    },
    request_only=True,
)  # fmt: skip
LOWERED = OpenApiExample("Only hearsay", value={"grade": "E1", "reason": "Nobody signed it"}, request_only=True)
WITHDRAWN = OpenApiExample("Misheard", value={"reason": "It was another department"}, request_only=True)


# --- The ladders ------------------------------------------------------------------------------


class WordedRungSerializer(serializers.ModelSerializer[Rung]):
    """A level as it is worded now: the checkpoint, the evidence that counts, the question a manager asks."""

    class Meta:
        model = Rung
        fields = ("level", *TEXTS)
        read_only_fields = fields


class FactorSerializer(serializers.ModelSerializer[Factor]):
    """One of the five factors with its levels 0 to 6."""

    rungs = serializers.SerializerMethodField()

    class Meta:
        model = Factor
        fields = ("id", "key", "position", "name_zh", "name_en", "rungs")
        read_only_fields = fields

    @extend_schema_field(WordedRungSerializer(many=True))
    def get_rungs(self, row: Factor) -> Any:
        return WordedRungSerializer(ladders()[row.key].rungs, many=True).data


class Factors(Resource):
    """The five factors with their ladders."""

    queryset = Factor.objects.all()
    serializer_class = FactorSerializer
    permission_classes = BASIC
    filterset_fields = ("key",)
    orderings: ClassVar[dict[str, str]] = {"position": "position", "key": "key"}
    default_ordering = "position"

    def visible(self) -> QuerySet[Any]:
        return Factor.objects.all()

    def shown(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(row).data, status=code)


# --- The records ------------------------------------------------------------------------------


class GradeChangeSerializer(serializers.ModelSerializer[GradeChange]):
    """A grade that was lowered."""

    at = MomentField()
    actor = person(read_only=True, allow_null=True)

    class Meta:
        model = GradeChange
        fields = ("at", "before", "after", "reason", "actor")
        read_only_fields = fields


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    """A record of evidence. `verified`: whether it verifies its level now; withdrawn ones stay, with their reason.

    `checkpoint_zh`, `checkpoint_en`: its rung as it was worded when the record was made.
    """

    checkpoint_zh = serializers.CharField(source="rung.checkpoint_zh", read_only=True)
    checkpoint_en = serializers.CharField(source="rung.checkpoint_en", read_only=True)
    opportunity = ReferenceField()
    contact = ReferenceField(allow_null=True)
    file = ReferenceField(allow_null=True)
    activity = ReferenceField(allow_null=True)
    link = serializers.CharField(read_only=True, help_text="An address, or empty.")
    verified = serializers.BooleanField(source="is_verified", read_only=True)
    recorded_at = MomentField()
    recorded_by = person(read_only=True, allow_null=True)
    confirmed_at = MomentField(allow_null=True)
    confirmed_by = person(read_only=True, allow_null=True)
    withdrawn_at = MomentField(allow_null=True)
    withdrawn_by = person(read_only=True, allow_null=True)
    grade_changes = GradeChangeSerializer(many=True, read_only=True)

    class Meta:
        model = Checkpoint
        fields = (
            "id", "opportunity", "factor", "level", "checkpoint_zh", "checkpoint_en", "grade", "evidence", "contact",
            "said_on", "link", "file", "activity", "verified", "recorded_at", "recorded_by", "confirmed_at",
            "confirmed_by", "withdrawn_at", "withdrawn_by", "withdrawn_reason", "grade_changes",
        )  # fmt: skip
        read_only_fields = fields


def contacts_of(user: User) -> Any:
    return Contact.objects.visible_to(user).in_use()


def activities_of(user: User) -> Any:
    return Activity.objects.visible_to(user)


class NewCheckpointSerializer(serializers.Serializer[Any]):
    """A level that is reached, and what proves it. What a grade needs: METHOD.md §3, or Settings."""

    factor = serializers.ChoiceField(choices=FactorKey.choices)
    level = serializers.IntegerField(min_value=1, max_value=TOP)
    grade = serializers.ChoiceField(choices=Grade.choices)
    evidence = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    contact = ReferenceField(among=contacts_of, required=False, allow_null=True, default=None)
    said_on = serializers.DateField(required=False, allow_null=True, default=None, validators=[sensible_day])
    link = serializers.URLField(max_length=500, required=False, allow_blank=True, default="")
    activity = ReferenceField(among=activities_of, required=False, allow_null=True, default=None)


class NewCheckpointWithFileSerializer(NewCheckpointSerializer):
    """Likewise as a form, with a file."""

    file = serializers.FileField(required=False)


class GradeSerializer(serializers.Serializer[Any]):
    """A lower grade, and why."""

    grade = serializers.ChoiceField(choices=Grade.choices)
    reason = serializers.CharField(max_length=LONGEST_REASON)


class WithdrawSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class CheckpointFilter(ByOpportunity, filters.FilterSet):
    factor = filters.ChoiceFilter(choices=FactorKey.choices)
    level = filters.NumberFilter(min_value=1, max_value=TOP)
    grade = filters.ChoiceFilter(choices=Grade.choices)
    verified = filters.BooleanFilter(field_name="verified_at", lookup_expr="isnull", exclude=True)
    withdrawn = filters.BooleanFilter(field_name="withdrawn_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Checkpoint
        fields: ClassVar[list[str]] = []


class Checkpoints(Resource):
    """Records of evidence that the caller may see."""

    queryset = Checkpoint.objects.all()
    serializer_class = CheckpointSerializer
    filterset_class = CheckpointFilter
    permission_classes = (*BASIC, SalesRecord)
    orderings: ClassVar[dict[str, str]] = {"id": "id", "recorded_at": "recorded_at", "level": "level"}
    default_ordering = "-id"

    def visible(self) -> QuerySet[Any]:
        named = ("opportunity", "rung", "contact", "file", "activity", "recorded_by", "confirmed_by", "withdrawn_by")
        rows = Checkpoint.objects.visible_to(self.request.user).select_related(*named, "opportunity__owner__team")
        return rows.prefetch_related("grade_changes__actor")

    def shown(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(row).data, status=code)

    def body(self, kind: Any) -> dict[str, Any]:
        """The checked body of a verb."""
        found = kind(data=self.request.data, context=self.get_serializer_context())
        found.is_valid(raise_exception=True)
        return found.validated_data

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Confirm E2 on level 5 or 6, for managers above the owner and never one's own; it is verified from now on."""
        return self.reread(actions.confirm_checkpoint(checkpoint=self.get_object(), actor=request.user))

    @extend_schema(request=GradeSerializer, examples=[LOWERED])
    @action(detail=True, methods=["post"])
    def grade(self, request: Request, pk: str) -> Response:
        """Lower the grade from now on, with a reason: managers above the owner."""
        row, given = self.get_object(), self.body(GradeSerializer)
        return self.reread(actions.lower_grade(checkpoint=row, actor=request.user, **given))

    @extend_schema(request=WithdrawSerializer, examples=[WITHDRAWN])
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back from now on, with a reason; heights may drop."""
        row, given = self.get_object(), self.body(WithdrawSerializer)
        return self.reread(actions.withdraw_checkpoint(checkpoint=row, actor=request.user, **given))


@takes_files()
class CheckpointsOfOpportunity(Checkpoints):
    """The records of one opportunity."""

    parser_classes = (JSONParser, parsers.MultiPartParser)

    def opportunity(self) -> Opportunity:
        """The opportunity of the address; 404 when it is not visible."""
        rows = Opportunity.objects.visible_to(self.request.user)
        found: Opportunity = get_object_or_404(rows, pk=self.kwargs["pk"])
        return found

    @extend_schema(operation_id="opportunities_checkpoints_list")
    def list(self, request: Request, pk: str) -> Response:  # type: ignore[override]
        """Every record of the opportunity, withdrawn ones too."""
        rows = self.filter_queryset(self.visible().filter(opportunity=self.opportunity()))
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(rows), many=True).data)

    @extend_schema(
        request={"application/json": NewCheckpointSerializer, "multipart/form-data": NewCheckpointWithFileSerializer},
        responses={201: CheckpointSerializer}, examples=[ADDED],
    )  # fmt: skip
    def create(self, request: Request, pk: str) -> Response:
        """Record a level, with a file as a multipart form."""
        opportunity = self.opportunity()
        refuse_readers(request.user)
        given = self.body(NewCheckpointSerializer)
        upload = request.FILES.get("file")
        with stored(checked(upload)) if upload else nullcontext() as file:
            made = actions.add_checkpoints(
                opportunity=opportunity, records=[Evidence(**given)], actor=request.user, file=file
            )
        return self.reread(made[0], status.HTTP_201_CREATED)
