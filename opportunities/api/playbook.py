"""The playbook: read by everybody, written by managers and administrators."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import KeyedSerializer, MomentField, person
from accounts.api.permissions import TokenScope
from config.web.api import ReferenceField, Resource, SeenSerializer
from customers.models import Product
from opportunities import actions
from opportunities.actions.playbook import RUNGS
from opportunities.forms.playbook import PlaybookFilter
from opportunities.models import PlaybookEntry, PlaybookVersion, Stage

WORDING = ("title_zh", "title_en", "body_zh", "body_en")


class AuthorsWrite(permissions.BasePermission):
    """Everybody reads, managers and administrators change."""

    message = _("Only managers and administrators change the playbook.")

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        return request.method in permissions.SAFE_METHODS or user.is_manager or user.is_admin


class PlaybookSerializer(KeyedSerializer):
    """An entry: bodies are Markdown; rungs are texts such as `power:4`."""

    rungs = serializers.ListField(
        child=serializers.ChoiceField(choices=[(rung, rung) for rung in RUNGS]), required=False
    )
    stages = ReferenceField(many=True, required=False, among=lambda _user: Stage.objects.all())
    products = ReferenceField(many=True, required=False, among=lambda _user: Product.objects.all())
    created_at = MomentField()
    archived_at = MomentField(allow_null=True)

    class Meta:
        model = PlaybookEntry
        fields = (
            "id", "key", "kind", *WORDING, "stages", "rungs", "products", "version", "created_at", "archived_at",
        )  # fmt: skip
        read_only_fields = ("version", "created_at", "archived_at")
        create_only = ("key",)


class PlaybookVersionSerializer(serializers.ModelSerializer[PlaybookVersion]):
    """The wording as it was saved at a moment; without `saved_by` it came with the product."""

    saved_at = MomentField()
    saved_by = person(read_only=True, allow_null=True)

    class Meta:
        model = PlaybookVersion
        fields = ("number", *WORDING, "saved_at", "saved_by")
        read_only_fields = fields


class Playbook(Resource):
    """What helped before: value cases, answers to objections, pain chains, talk scripts, references, checklists."""

    queryset = PlaybookEntry.objects.all()
    serializer_class = PlaybookSerializer
    filterset_class = PlaybookFilter
    permission_classes = (permissions.IsAuthenticated, TokenScope, AuthorsWrite)
    search_fields = ("title_zh", "title_en", "body_zh", "body_en", "=key")
    orderings = {"id": "id", "key": "key", "kind": "kind", "created_at": "created_at"}  # noqa: RUF012

    def visible(self) -> QuerySet[Any]:
        return PlaybookEntry.objects.prefetch_related("stages", "products")

    def create(self, request: Request) -> Response:
        """A new entry; title and body in one language at least."""
        row = actions.create_entry(actor=request.user, **self.parsed())
        return self.reread(row, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set fields; every save keeps a version."""
        row = self.get_object()
        changes, seen = self.parsed(row), self.seen(row)
        return self.reread(actions.edit_entry(entry=row, changes=changes, seen=seen, actor=request.user))

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive."""
        row = self.get_object()
        actions.archive_entry(entry=row, seen=self.seen_if_said(row), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived entry back."""
        row = self.get_object()
        return self.reread(actions.restore_entry(entry=row, seen=self.seen_if_said(row), actor=request.user))

    @extend_schema(responses=PlaybookVersionSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def versions(self, request: Request, pk: str) -> Response:
        """Its wordings, the latest first."""
        rows = PlaybookVersion.objects.filter(entry=self.get_object()).select_related("saved_by").order_by("-number")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(PlaybookVersionSerializer(page, many=True).data)
