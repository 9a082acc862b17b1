"""The audit trail, for administrators; it is only read."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import MomentField, person
from accounts.api.permissions import AdminsOnly, TokenScope
from accounts.filters import AuditFilter
from accounts.models import AuditEntry
from config.web.api import Resource


class AuditSerializer(serializers.ModelSerializer[AuditEntry]):
    """One write. `changes` is {field: [from, to]}, null for a field whose values are not kept."""

    at = MomentField()
    actor = person(read_only=True, allow_null=True)
    changes = serializers.DictField(child=serializers.ListField(allow_null=True), read_only=True)

    class Meta:
        model = AuditEntry
        fields = (
            "id", "at", "actor", "door", "action", "model", "object_id", "label", "object_version", "changes",
            "request_id",
        )  # fmt: skip
        read_only_fields = fields


class Audit(Resource):
    """Who changed what, when, through which door."""

    queryset = AuditEntry.objects.all()
    serializer_class = AuditSerializer
    permission_classes = (permissions.IsAuthenticated, TokenScope, AdminsOnly)
    filterset_class = AuditFilter
    orderings = {"id": "id"}  # noqa: RUF012
    default_ordering = "-id"

    def visible(self) -> QuerySet[Any]:
        return AuditEntry.objects.select_related("actor")

    def retrieve(self, request: Request, pk: str) -> Response:
        """One entry. It never changes, so it has no version."""
        return Response(self.get_serializer(self.get_object()).data)
