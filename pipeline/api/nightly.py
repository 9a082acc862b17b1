"""The nightly runs, for administrators."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import MomentField
from accounts.api.permissions import AdminsOnly, TokenScope
from config.web.api import Resource
from pipeline import nightly
from pipeline.models import NightlyRun
from pipeline.tasks import nudge, run_nightly_now


class NightlyRunSerializer(serializers.ModelSerializer[NightlyRun]):
    """One step of the work of one day; `rows` that it wrote, and what went wrong."""

    started_at = MomentField(allow_null=True)
    ended_at = MomentField(allow_null=True)

    class Meta:
        model = NightlyRun
        fields = ("id", "day", "step", "state", "started_at", "ended_at", "rows", "error")
        read_only_fields = fields


class StartedSerializer(serializers.Serializer[Any]):
    """`due`: how many days are to be computed. Not `started`: it begins by itself once the broker is back."""

    started = serializers.BooleanField()
    due = serializers.IntegerField(min_value=0)


class NightlyRuns(Resource):
    """The nightly runs, the latest day first."""

    queryset = NightlyRun.objects.all()
    serializer_class = NightlyRunSerializer
    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsOnly)
    filterset_fields = ("day", "state")
    orderings = {"id": "id", "day": "day", "started_at": "started_at"}  # noqa: RUF012
    default_ordering = "-day"

    def visible(self) -> QuerySet[Any]:
        return NightlyRun.objects.all()

    def shown(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(row).data, status=code)

    @extend_schema(request=None, responses={202: StartedSerializer})
    @action(detail=False, methods=["post"])
    def run(self, request: Request) -> Response:
        """Have the days that are due computed now, by the worker."""
        due = len(nightly.due_days(at_once=True))
        return Response({"started": nudge(run_nightly_now), "due": due}, status=status.HTTP_202_ACCEPTED)
