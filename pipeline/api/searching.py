"""The search over everything."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import permissions, serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import TokenScope
from accounts.pickers import LONGEST
from pipeline.selectors.searching import NAMES, search_everything


class AskedSerializer(serializers.Serializer[Any]):
    q = serializers.CharField(max_length=LONGEST)
    kind = serializers.ChoiceField(choices=NAMES, required=False, allow_blank=True)


class HitSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    key = serializers.CharField()
    text = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)


class FoundSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=NAMES)
    results = HitSerializer(many=True, source="hits")
    more = serializers.BooleanField()


@extend_schema(
    operation_id="search",
    parameters=[
        OpenApiParameter("q", str, required=True, description="A part of a name, pinyin or its initials, a phone's last digits, a code."),  # noqa: E501
        OpenApiParameter("kind", str, enum=NAMES, description="One kind alone, more of it."),
    ],
    responses=FoundSerializer(many=True),
)  # fmt: skip
@api_view(["GET"])
@permission_classes([permissions.IsAuthenticated, TokenScope])
def search_view(request: Request) -> Response:
    """Customers, opportunities, contacts and playbook entries that answer to what was typed, the best first."""
    asked = AskedSerializer(data=request.query_params)
    asked.is_valid(raise_exception=True)
    found = search_everything(request.user, asked.validated_data["q"], asked.validated_data.get("kind", ""))
    return Response(FoundSerializer(found, many=True).data)
