"""The audit trail, for administrators, and the part of it that belongs to a row; it is only read."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import trail
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


class ToldChangeSerializer(serializers.Serializer[trail.Change]):
    """One field in words; neither `before` nor `after` where its values are not kept or not the caller's to see."""

    label = serializers.CharField()
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class ToldEntrySerializer(serializers.Serializer[trail.Line]):
    """One write about a row or what hangs on it, its changes in the caller's language."""

    id = serializers.IntegerField(source="entry.pk")
    at = MomentField(source="entry.at")
    actor = person(source="entry.actor", read_only=True, allow_null=True)
    door = serializers.CharField(source="entry.door")
    action = serializers.CharField(source="entry.action")
    model = serializers.CharField(source="entry.model")
    object_id = serializers.IntegerField(source="entry.object_id", allow_null=True)
    name = serializers.CharField(allow_blank=True)
    changes = ToldChangeSerializer(many=True)
    request_id = serializers.CharField(source="entry.request_id", allow_blank=True)


def part_of_trail(view: Any, entries: QuerySet[AuditEntry], *, values_of: Iterable[str] | None = None) -> Response:
    """A page of these entries, the newest first, told as far as the caller may see what they name."""
    page = view.paginate_queryset(entries.select_related("actor").order_by("-id"))
    lines = trail.lines_of(page, view.request.user, values_of=values_of)
    return view.get_paginated_response(ToldEntrySerializer(lines, many=True).data)  # type: ignore[no-any-return]
