"""The strategy sheet of an opportunity, its competitors and Go / No-Go decisions."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import MomentField, person
from config.web.api import ReferenceField, Resource, StrictSerializer
from opportunities import actions
from opportunities.actions.strategy import LONGEST_FACT
from opportunities.api.of_opportunity import BASIC, Nested, OfOpportunity
from opportunities.api.serializers import sensible_day
from opportunities.models import Competitor, Decision, Opportunity, Rating, StrategySheet, SuccessFactor
from opportunities.selectors.strategy import reads_floor, sheet_of


class SuccessFactorSerializer(serializers.Serializer[Any]):
    """A colour, and the fact that it rests on."""

    rating = serializers.ChoiceField(choices=Rating)
    fact = serializers.CharField(max_length=LONGEST_FACT)


class SuccessFactorsSerializer(serializers.Serializer[Any]):
    """The nine success factors; one that is sent is set, null clears it, one that is not sent stays."""

    def get_fields(self) -> dict[str, Any]:
        return {name: SuccessFactorSerializer(allow_null=True, required=False) for name in SuccessFactor.values}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(SuccessFactor.values)):
            raise serializers.ValidationError({name: [_("There is no such field.")] for name in unknown})
        return super().to_internal_value(data)


class StrategySerializer(StrictSerializer):
    """The sheet. `price_floor` is null for whoever may not read it, who cannot set it either."""

    opportunity = ReferenceField()
    success_factors = SuccessFactorsSerializer(required=False)
    updated_at = serializers.SerializerMethodField()
    updated_by = person(read_only=True, allow_null=True)
    example: ClassVar[dict[str, Any]] = {"sales_theme": "On time, not fast", "resources": "A visit of our chairman"}

    class Meta:
        model = StrategySheet
        fields = (
            "opportunity", "sales_theme", "buying_factors", "price", "price_note", "price_floor", "success_factors",
            "missing_information", "resources", "updated_at", "updated_by", "version",
        )  # fmt: skip
        read_only_fields = ("version",)

    def get_updated_at(self, row: StrategySheet) -> str | None:
        """Null while nobody has written to it."""
        return MomentField().to_representation(row.updated_at) if row.pk else None

    def to_representation(self, instance: StrategySheet) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return shown if self._reads(instance) else {**shown, "price_floor": None}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Sent back as it was shown, the floor of somebody who does not read it stays."""
        if attrs.get("price_floor", "") is None and not self._reads(self.instance):
            attrs.pop("price_floor")
        return attrs

    def _reads(self, row: Any) -> bool:
        return reads_floor(row, row.opportunity, self.context["request"].user)


class StrategyOfDeal(Resource):
    """The strategy sheet of an opportunity; while nobody has written to it, it is empty and of version 1."""

    queryset = StrategySheet.objects.all()
    serializer_class = StrategySerializer
    permission_classes = BASIC
    filter_backends: Any = ()

    def visible(self) -> QuerySet[Any]:
        rows = StrategySheet.objects.visible_to(self.request.user)
        return rows.select_related("opportunity__owner__team", "updated_by")

    def get_object(self) -> StrategySheet:
        """The sheet of the opportunity in the address; 404 when that is not visible."""
        rows = Opportunity.objects.visible_to(self.request.user).select_related("owner__team")
        deal = get_object_or_404(rows, pk=self.kwargs["pk"])
        row = sheet_of(deal)
        row.opportunity = deal
        return row

    def retrieve(self, request: Request, pk: str) -> Response:
        """The sheet."""
        return self.shown(self.get_object())

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set fields; the sheet is made with the first of them."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        sheet = actions.edit_strategy(opportunity=row.opportunity, changes=changes, seen=seen, actor=request.user)
        return self.reread(sheet)


class CompetitorSerializer(StrictSerializer):
    """Somebody else who wants the opportunity: their strength, our counter."""

    opportunity = ReferenceField()
    created_at = MomentField()
    archived_at = MomentField(allow_null=True)
    example: ClassVar[dict[str, Any]] = {"name": "Present supplier", "strength": "8 % cheaper"}

    class Meta:
        model = Competitor
        fields = ("id", "key", "opportunity", "name", "strength", "counter", "created_at", "archived_at", "version")
        read_only_fields = ("key", "version")


class Competitors(OfOpportunity):
    """Who else wants the opportunities that the caller may see."""

    queryset = Competitor.objects.all()
    serializer_class = CompetitorSerializer
    argument = "competitor"
    acts: ClassVar[dict[str, Any]] = {
        "add": actions.add_competitor, "edit": actions.edit_competitor, "archive": actions.archive_competitor,
        "restore": actions.restore_competitor,
    }  # fmt: skip
    orderings: ClassVar[dict[str, str]] = {"id": "id", "name": "name"}
    default_ordering = "id"


class CompetitorsOfDeal(Nested, Competitors):
    """Who else wants an opportunity."""


class DecisionSerializer(StrictSerializer):
    """Go or No-Go with its four answers; the latest one holds."""

    opportunity = ReferenceField()
    look_again_on = serializers.DateField(allow_null=True, required=False, validators=[sensible_day])
    decided_by = person(read_only=True, allow_null=True)
    decided_at = MomentField()

    class Meta:
        model = Decision
        fields = (
            "id", "key", "opportunity", "decision", "reason", "is_real", "can_win", "worth_it", "cost_of_losing",
            "look_again_if", "look_again_on", "decided_by", "decided_at",
        )  # fmt: skip
        read_only_fields = ("key",)


GO = OpenApiExample(
    "Go",
    value={"decision": "go", "reason": "The budget stands", "look_again_if": "The decision maker changes"},
    request_only=True,
)


class DecisionsOfDeal(Nested):
    """The Go / No-Go decisions of an opportunity, the latest first."""

    queryset = Decision.objects.all()
    serializer_class = DecisionSerializer
    permission_classes = BASIC
    filter_backends: Any = ()

    def visible(self) -> QuerySet[Any]:
        rows = Decision.objects.visible_to(self.request.user).select_related("opportunity", "decided_by")
        return rows.order_by("-decided_at", "-id")

    def shown(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(row).data, status=code)

    @extend_schema(examples=[GO])
    def create(self, request: Request, pk: str) -> Response:
        """Decide."""
        deal = self.deal()
        row = actions.record_decision(opportunity=deal, actor=request.user, **self.parsed())
        return self.reread(row, status.HTTP_201_CREATED)
