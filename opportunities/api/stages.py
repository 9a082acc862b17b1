"""Stages: everybody reads them, administrators set them."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import AdminsWrite, TokenScope
from config.web.api import Resource
from opportunities import actions
from opportunities.api.serializers import OrderSerializer, RetireSerializer, StageSerializer
from opportunities.models import Stage


class Stages(Resource):
    """Win-rate stages, retired ones too."""

    queryset = Stage.objects.all()
    serializer_class = StageSerializer
    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsWrite)
    filterset_fields = ("key", "outcome")
    search_fields = ("key", "name_zh", "name_en")
    orderings = {"position": "position", "id": "id", "key": "key"}  # noqa: RUF012
    default_ordering = "position"

    def visible(self) -> QuerySet[Any]:
        return Stage.objects.all()

    def create(self, request: Request) -> Response:
        row = actions.create_stage(actor=request.user, **self.parsed())
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename, or set win rate and expected days from now on."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(actions.edit_stage(stage=row, changes=changes, seen=seen, actor=request.user))

    @extend_schema(request=RetireSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Take a stage out of use; its opportunities move to `target` in the same act."""
        row = self.get_object()
        body = RetireSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return self.reread(actions.retire_stage(stage=row, target=body.validated_data["target"], actor=request.user))

    @extend_schema(request=OrderSerializer, responses=StageSerializer(many=True), filters=False)
    @action(detail=False, methods=["post"], pagination_class=None, filter_backends=[])
    def reorder(self, request: Request) -> Response:
        """Put all stages in use into this order."""
        body = OrderSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        actions.reorder_stages(order=[stage.pk for stage in body.validated_data["order"]], actor=request.user)
        rows = Stage.objects.in_use()
        return Response(self.get_serializer(rows, many=True).data)
