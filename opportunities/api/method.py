"""Settings of the method: the gate, what grades need, the wording of rungs.

Every change is a row of its own: the `id` that was seen stands for a version.
"""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions import BEGINNING
from accounts.api.fields import MomentField
from accounts.api.permissions import AdminsWrite, TokenScope
from accounts.models import User
from config.web.api import StrictSerializer
from opportunities import actions
from opportunities.actions.method import TEXTS
from opportunities.models import MethodSetting, Rung
from opportunities.selectors.gate import method_now
from opportunities.selectors.ladders import ladders


def seen_id() -> Any:
    """The id of the row that the caller saw."""
    return serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class MethodSerializer(StrictSerializer):
    """`grade_needs` is {grade: [contact, said_on, trace]}, grades that are not named keep theirs; `id` names the
    setting that was seen."""

    id = seen_id()
    gate_mode = serializers.ChoiceField(choices=MethodSetting.GateMode.choices, required=False)
    grade_needs = serializers.DictField(
        child=serializers.ListField(child=serializers.ChoiceField(choices=tuple(MethodSetting.NEEDS))), required=False
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


class RungSerializer(StrictSerializer):
    """A level's wording; `id` changes with every new wording."""

    id = seen_id()

    class Meta:
        model = Rung
        fields = ("id", "factor", "level", *TEXTS)
        read_only_fields = ("factor", "level")


def conflict(request: Request, now: Any, changes: dict[str, Any], seen: int, shown: Any) -> Response | None:
    """409 when a field of `changes` was changed by somebody since the row `seen`; None when it holds."""
    among = type(now).objects.filter(**{name: getattr(now, name) for name in ("factor", "level") if hasattr(now, name)})
    before = among.filter(pk=seen).first()
    if before is None:
        raise serializers.ValidationError({"id": [_("There is no such choice.")]})
    moved = [name for name in changes if getattr(before, name) != getattr(now, name) != changes[name]]
    if not moved:
        return None
    yours = {name: request.data[name] for name in sorted(moved)}
    return Response({"current": shown(now).data, "yours": yours, "conflicts": sorted(moved)}, status=409)


class MethodView(APIView):
    """The gate and the needs of grades as they hold now; administrators set them."""

    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsWrite)

    @extend_schema(responses=MethodSerializer)
    def get(self, request: Request) -> Response:
        """The present setting."""
        return Response(MethodSerializer(method_now()).data)

    @extend_schema(request=MethodSerializer, responses={200: MethodSerializer, 409: OpenApiTypes.OBJECT})
    def patch(self, request: Request) -> Response:
        """Another setting from now on; with `id`, only if that one still holds."""
        assert isinstance(request.user, User)
        now = method_now()
        body = MethodSerializer(now, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        changes = dict(body.validated_data)
        seen = changes.pop("id", None)
        if "grade_needs" in changes:
            changes["grade_needs"] = {**now.grade_needs, **changes["grade_needs"]}
        if seen is not None and (answer := conflict(request, now, changes, seen, MethodSerializer)):
            return answer
        given = {"gate_mode": now.gate_mode, "grade_needs": now.grade_needs, **changes}
        row = actions.edit_method(**given, seen=now.pk, actor=request.user)
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

    @extend_schema(request=RungSerializer, responses={200: RungSerializer, 409: OpenApiTypes.OBJECT})
    def patch(self, request: Request, factor: str, level: int) -> Response:
        """Another wording from now on, with the `id` that was seen; records keep the one they were made under."""
        assert isinstance(request.user, User)
        row = self.rung(factor, level)
        body = RungSerializer(row, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        changes: dict[str, Any] = dict(body.validated_data)
        seen = changes.pop("id", None)
        if seen is None:
            raise serializers.ValidationError({"id": [_("This field is required.")]})
        if answer := conflict(request, row, changes, seen, RungSerializer):
            return answer
        return Response(RungSerializer(actions.edit_rung(rung=row, changes=changes, actor=request.user)).data)
