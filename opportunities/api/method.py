"""Settings of the method: the gate, what grades need, the wording of rungs."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions import BEGINNING
from accounts.api.fields import MomentField
from accounts.api.permissions import AdminsWrite, TokenScope
from accounts.models import User
from opportunities import actions
from opportunities.actions.method import TEXTS
from opportunities.models import MethodSetting, Rung
from opportunities.selectors.gate import method_now
from opportunities.selectors.ladders import ladders


class MethodSerializer(serializers.ModelSerializer[MethodSetting]):
    """`grade_needs` is {grade: [contact, said_on, trace]}; `id` names the setting that was seen."""

    gate_mode = serializers.ChoiceField(choices=MethodSetting.GateMode.choices, required=False)
    grade_needs = serializers.DictField(
        child=serializers.ListField(child=serializers.ChoiceField(choices=MethodSetting.NEEDS)), required=False
    )
    valid_from = serializers.SerializerMethodField()

    class Meta:
        model = MethodSetting
        fields = ("id", "gate_mode", "grade_needs", "valid_from")

    @extend_schema_field({"type": ["string", "null"], "format": "date-time"})
    def get_valid_from(self, row: MethodSetting) -> str | None:
        """Null: from the beginning."""
        begun = row.valid_from is None or row.valid_from == BEGINNING
        return None if begun else MomentField().to_representation(row.valid_from)


class RungSerializer(serializers.ModelSerializer[Rung]):
    """A level's wording; `id` changes with every new wording."""

    class Meta:
        model = Rung
        fields = ("id", "factor", "level", *TEXTS)
        read_only_fields = ("id", "factor", "level")


class MethodView(APIView):
    """The gate and the needs of grades as they hold now; administrators set them."""

    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsWrite)

    @extend_schema(responses=MethodSerializer)
    def get(self, request: Request) -> Response:
        """The present setting."""
        return Response(MethodSerializer(method_now()).data)

    @extend_schema(request=MethodSerializer, responses=MethodSerializer)
    def patch(self, request: Request) -> Response:
        """Another setting from now on; with `id`, only if that one still holds."""
        assert isinstance(request.user, User)
        body = MethodSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        now = method_now()
        given = {"gate_mode": now.gate_mode, "grade_needs": now.grade_needs, **body.validated_data}
        seen = request.data.get("id")
        row = actions.edit_method(**given, seen=seen if isinstance(seen, int) else None, actor=request.user)
        return Response(MethodSerializer(row).data)


class RungView(APIView):
    """The wording of one level of a factor; administrators set it."""

    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsWrite)

    def rung(self, factor: str, level: int) -> Rung:
        ladder = ladders().get(factor)
        if ladder is None or level >= len(ladder.rungs):
            raise Http404
        return ladder.rung(level)

    @extend_schema(responses=RungSerializer)
    def get(self, request: Request, factor: str, level: int) -> Response:
        """As it is worded now."""
        return Response(RungSerializer(self.rung(factor, level)).data)

    @extend_schema(request=RungSerializer, responses=RungSerializer)
    def patch(self, request: Request, factor: str, level: int) -> Response:
        """Another wording from now on; records keep the one that they were made under."""
        assert isinstance(request.user, User)
        row = self.rung(factor, level)
        body = RungSerializer(row, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        changes: dict[str, Any] = dict(body.validated_data)
        return Response(RungSerializer(actions.edit_rung(rung=row, changes=changes, actor=request.user)).data)
