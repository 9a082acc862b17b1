"""Waivers: asked for beside their opportunity, granted and refused here."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import MomentField, person
from accounts.api.permissions import TokenScope
from config.web.api import ReferenceField, Resource
from opportunities import actions
from opportunities.api.filters import ByOpportunity
from opportunities.api.serializers import StageField
from opportunities.models import Waiver
from opportunities.selectors.waivers import named

ASKED = OpenApiExample(
    "Asked for",
    value={"stage": "lock", "reason": "The chairman decides by the green channel this year"},
    request_only=True,
)
REFUSED = OpenApiExample("Refused", value={"reason": "See the decision maker first"}, request_only=True)


class WaiverSerializer(serializers.ModelSerializer[Waiver]):
    """A move to `stage` past the gate, as it was asked for and decided; `answer` is why it was refused."""

    opportunity = ReferenceField()
    source = ReferenceField()
    stage = ReferenceField()
    asked_by = person(read_only=True)
    asked_at = MomentField()
    decided_by = person(read_only=True, allow_null=True)
    decided_at = MomentField(allow_null=True)

    class Meta:
        model = Waiver
        fields = (
            "id", "opportunity", "source", "stage", "reason", "asked_by", "asked_at", "state", "decided_by",
            "decided_at", "answer",
        )  # fmt: skip
        read_only_fields = fields


class AskSerializer(serializers.Serializer[Any]):
    """Where to, and why without the evidence."""

    stage = StageField()
    reason = serializers.CharField(max_length=500)


class RefuseSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class WaiverFilter(ByOpportunity, filters.FilterSet):
    state = filters.ChoiceFilter(choices=Waiver.State.choices)

    class Meta:
        model = Waiver
        fields: ClassVar[list[str]] = []


class Waivers(Resource):
    """Waivers of opportunities that the caller may see."""

    queryset = Waiver.objects.all()
    serializer_class = WaiverSerializer
    filterset_class = WaiverFilter
    permission_classes = (permissions.IsAuthenticated, TokenScope)
    default_ordering = "-id"

    def visible(self) -> QuerySet[Any]:
        return named(Waiver.objects.visible_to(self.request.user))

    def shown(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(row).data, status=code)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def grant(self, request: Request, pk: str) -> Response:
        """Let the move through: it is made at once. 403 for everybody but a manager above the owner."""
        return self.shown(actions.grant_waiver(waiver=self.get_object(), actor=request.user))

    @extend_schema(request=RefuseSerializer, examples=[REFUSED])
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> Response:
        """Refuse it, with a reason."""
        waiver = self.get_object()
        body = RefuseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        reason = body.validated_data["reason"]
        return self.shown(actions.refuse_waiver(waiver=waiver, reason=reason, actor=request.user))
