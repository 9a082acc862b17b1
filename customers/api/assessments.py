"""Assessments of a customer: `customers/{id}/assessments/`, and the override of the latest."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import MomentField, TotalField, person
from accounts.selectors import today
from config.web.api import Resource
from customers import actions
from customers.actions.tiers import TierMeanwhile
from customers.models import Assessment, Customer
from customers.rules.tiers import CRITERIA
from customers.selectors.assessments import Facts, facts_of


class AssessmentSerializer(serializers.ModelSerializer[Assessment]):
    """`points` are 0-100; `computed_tier` is what the rules gave, `tier` what holds."""

    points = serializers.FloatField(source="total", read_only=True)
    assessed_at = MomentField()
    assessed_by = person(read_only=True, allow_null=True)
    overridden_at = MomentField(allow_null=True)
    overridden_by = person(read_only=True, allow_null=True)
    scores = serializers.DictField(child=serializers.IntegerField(min_value=0, max_value=5), read_only=True)
    notes = serializers.DictField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Assessment
        fields = (
            "id", "assessed_at", "assessed_by", "scores", "notes", "negative_margin", "payment_days_late", "points",
            "computed_tier", "tier", "override_reason", "overridden_by", "overridden_at",
        )  # fmt: skip
        read_only_fields = fields


class ScoresField(serializers.DictField):
    """A score of each criterion; what is wrong is told at each, one that is missing too."""

    child = serializers.IntegerField(
        min_value=0, max_value=5,
        error_messages=dict.fromkeys(("invalid", "null", "min_value", "max_value"), _("Give a score from 0 to 5.")),
    )  # fmt: skip

    def run_child_validation(self, data: dict[str, Any]) -> Any:
        return super().run_child_validation({**dict.fromkeys(CRITERIA), **data})


def _of_criteria(given: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(given) - set(CRITERIA):
        raise serializers.ValidationError({name: [_("There is no such criterion.")] for name in sorted(unknown)})
    return given


class NewAssessmentSerializer(serializers.Serializer[Any]):
    """All seven scores 0-5 by criterion: sales, margin, growth, potential, credit, goals, openness."""

    scores = ScoresField()
    notes = serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=500), required=False)
    negative_margin = serializers.BooleanField(default=False)
    payment_days_late = serializers.IntegerField(min_value=0, max_value=32_767, allow_null=True, default=None)

    def validate_scores(self, scores: dict[str, int]) -> dict[str, int]:
        return _of_criteria(scores)

    def validate_notes(self, notes: dict[str, str]) -> dict[str, str]:
        return _of_criteria(notes)


class OverrideSerializer(serializers.Serializer[Any]):
    """Another tier; with `seen`, the tier that the caller saw, only if that one still holds."""

    tier = serializers.ChoiceField(choices=Customer.Tier.choices)
    reason = serializers.CharField(max_length=500)
    seen = serializers.ChoiceField(choices=Customer.Tier.choices, required=False)


class TierMeanwhileSerializer(serializers.Serializer[Any]):
    """409: the latest assessment as it is, the tier that the caller sent."""

    current = AssessmentSerializer()
    yours = serializers.DictField(child=serializers.CharField())
    conflicts = serializers.ListField(child=serializers.ChoiceField(["tier"]))


class SuggestedSerializer(serializers.Serializer[Any]):
    """Scores 0-5 that our facts suggest, null where they do not say, with these facts and the latest ten rows of each.

    Orders of the last twelve months (`now`), of the twelve `before`, the `quarters` of eight that had some; `meetings`
    with a decision maker in twelve months. By key: `orders` of `orders_count` that make up `now`, `orders_before` of
    `orders_before_count`, `activities` of `meetings`; all of them by `orders/` and `activities/` with their filters.
    """

    scores = serializers.DictField(child=serializers.IntegerField(allow_null=True))
    now = TotalField()
    before = TotalField()
    quarters = serializers.IntegerField()
    spend = TotalField(allow_null=True)
    meetings = serializers.IntegerField()
    orders = serializers.SerializerMethodField()
    orders_count = serializers.IntegerField()
    orders_before = serializers.SerializerMethodField()
    orders_before_count = serializers.IntegerField()
    activities = serializers.SerializerMethodField()

    def get_orders(self, facts: Facts) -> list[str]:
        return [row.key for row in facts.orders]

    def get_orders_before(self, facts: Facts) -> list[str]:
        return [row.key for row in facts.orders_before]

    def get_activities(self, facts: Facts) -> list[str]:
        return [row.key for row in facts.activities]


class Assessing(Resource):
    """What the resource of customers says about their assessments."""

    @extend_schema(responses=AssessmentSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"])
    def assessments(self, request: Request, pk: str) -> Response:
        """The assessments of a customer, the newest first."""
        page = self.paginate_queryset(_of(self.get_object()))
        return self.get_paginated_response(self._answer(page, many=True))

    @extend_schema(request=NewAssessmentSerializer, responses={201: AssessmentSerializer})
    @assessments.mapping.post
    def assess(self, request: Request, pk: str) -> Response:
        """Assess the customer by the rules in force; its tier follows."""
        given = self._given(NewAssessmentSerializer)
        row = actions.assess_customer(customer=self.get_object(), actor=request.user, **given)  # type: ignore[arg-type]
        return Response(self._answer(row), status=status.HTTP_201_CREATED)

    @extend_schema(responses=SuggestedSerializer, filters=False)
    @action(detail=True, methods=["get"], url_path="assessments/suggested", pagination_class=None)
    def suggested(self, request: Request, pk: str) -> Response:
        """What our own facts suggest for a scorecard, as far as the caller sees them; the human score counts."""
        return Response(SuggestedSerializer(facts_of(self.get_object(), request.user, today())).data)  # type: ignore[arg-type]

    @extend_schema(
        request=OverrideSerializer, responses={200: AssessmentSerializer, 409: TierMeanwhileSerializer}
    )  # fmt: skip
    @action(detail=True, methods=["post"], url_path="assessments/override")
    def override(self, request: Request, pk: str) -> Response:
        """Another tier than the rules gave in the latest assessment, by a manager above the owner; 404 without one."""
        row = _of(self.get_object()).first()
        if row is None:
            raise Http404
        given = self._given(OverrideSerializer)
        try:
            row = actions.override_tier(assessment=row, actor=request.user, **given)  # type: ignore[arg-type]
        except TierMeanwhile as error:
            return self._late(error, given["tier"])
        return Response(self._answer(row))

    def _late(self, error: TierMeanwhile, wanted: str) -> Response:
        """As any stale write: what is there, what was sent, where they conflict."""
        body = {"current": self._answer(error.assessment), "yours": {"tier": wanted}, "conflicts": ["tier"]}
        return Response(body, status=status.HTTP_409_CONFLICT)

    def _given(self, kind: Any) -> dict[str, Any]:
        body = kind(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return body.validated_data

    def _answer(self, rows: Any, many: bool = False) -> Any:
        return AssessmentSerializer(rows, many=many, context=self.get_serializer_context()).data


def _of(customer: Customer) -> Any:
    return Assessment.objects.filter(customer=customer).select_related("customer", "assessed_by", "overridden_by")
